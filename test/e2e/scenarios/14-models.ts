import { expect } from 'expect';
import type { ProviderName } from '../../../nodes/core/job';
import { MODEL_PARAMETER } from '../../../nodes/kling/fields';
import type { EmulatedJob } from '../../emulator/index';
import { defined } from '../../support/defined';
import { documentedVideos, type DocumentedVideo } from '../../support/documentedVideos';
import { hasEnded, isPaused, itemsOf, jsonOf } from '../harness/execution.ts';
import type { Host } from '../harness/host.cts';
import { createJumpingClock } from '../harness/jumpingClock.ts';
import { expectVideoOf, providerLabels, providerNames, startBench, type Bench } from '../harness/kling.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import { until } from '../harness/until.cts';
import { manualTrigger, node, row } from '../harness/workflow.ts';

/** A job runs until the scenario lets this pass. */
const RUN_MS = 600_000;
const O1 = 'kling-video-o1-r2v';

interface Published {
	readonly workflowId: string;
	readonly url: string;
}

/** A workflow that starts with our trigger. */
async function publishTrigger({ host, version }: ScenarioContext, bench: Bench): Promise<Published> {
	const { provider, credentials } = bench;
	const webhookId = crypto.randomUUID();
	// n8n 2.8.4 loses the files of webhooks that come together.
	const parameters = { provider, downloadVideo: version !== '2.8.4' };
	const type = 'n8n-nodes-kling-video.klingVideoTrigger';
	const trigger = node('Ended', type, parameters, { credentials, webhookId });
	const workflowId = await host.workflow(row('Triggered', [trigger, node('Done', 'noOp')]), { publish: true });
	return { workflowId, url: `${host.server.url}/webhook/${webhookId}/kling?row=7` };
}

/** Starts one model's documented request in every way; the executions' IDs. */
async function startAllWays(host: Host, bench: Bench, { id, parameters, submitted }: DocumentedVideo, url: string) {
	const run = async (name: string, ...nodes: Parameters<typeof row>[1]) =>
		await host.runManually(await host.workflow(row(`${name} ${id}`, [manualTrigger(), ...nodes])));
	const generate = (values: object) => bench.generate({ ...submitted, ...values });
	return {
		waiting: await run('Wait', bench.generate(parameters)),
		paused: await run('Pause', generate({ completion: 'callback' })),
		byId: await run('By ID', generate({ completion: 'jobId' }), bench.kling('Wait', { operation: 'wait' })),
		called: await run('Call', generate({ completion: 'jobId', callbackUrl: url })),
	};
}

/** The job that this execution's node put out. Fails if its input is not the documented one. */
function jobOf(bench: Bench, { id, input }: DocumentedVideo, json: Record<string, unknown> | undefined): EmulatedJob {
	const job = defined(
		bench.emulator.jobs().find((each) => each.id === json?.jobId),
		`job of ${id}`,
	);
	expect([job.model, job.input]).toEqual([id, input]);
	return job;
}

async function expectAllWays(
	host: Host,
	bench: Bench,
	video: DocumentedVideo,
	{ waiting, paused, byId, called }: Awaited<ReturnType<typeof startAllWays>>,
): Promise<EmulatedJob> {
	for (const [id, name] of [
		[waiting, 'Generate'],
		[paused, 'Generate'],
		[byId, 'Wait'],
	] as const) {
		const execution = await host.waitForExecution(id, hasEnded, 120_000);
		expect([video.id, execution.status]).toEqual([video.id, 'success']);
		const [item] = itemsOf(execution, name);
		await expectVideoOf(host, item, jobOf(bench, video, item?.json));
	}
	const execution = await host.waitForExecution(called);
	return jobOf(bench, video, jsonOf(execution, 'Generate')[0]);
}

/** The trigger's workflow ran once for each of these jobs, with nothing in `query` but what the user put there. */
async function expectTriggered({ host, version }: ScenarioContext, { workflowId }: Published, jobs: EmulatedJob[]) {
	const executions = await until('all executions to end', async () => {
		const all = await host.executionsOf(workflowId);
		return all.length >= jobs.length && all.every(hasEnded) ? all : undefined;
	});
	expect(executions).toHaveLength(jobs.length);
	const items = executions.map((execution) => itemsOf(execution, 'Done')[0]);
	for (const job of jobs) {
		const item = items.find((each) => each?.json.jobId === job.id);
		expect(item?.json).toMatchObject({ status: 'completed', videoUrl: job.videoUrl, query: { row: '7' } });
		expect(item?.json.query).not.toHaveProperty(MODEL_PARAMETER);
		if (version !== '2.8.4') await expectVideoOf(host, item, job);
	}
}

async function makeAllModels(provider: ProviderName, context: ScenarioContext): Promise<void> {
	const { host } = context;
	const clock = createJumpingClock();
	const bench = await startBench(context, provider, { clock, jobTimes: { queueMs: 0, runMs: RUN_MS } });
	const videos = documentedVideos(bench.emulator).filter(({ model }) => model.provider === provider);
	const trigger = await publishTrigger(context, bench);
	const started = [];
	for (const video of videos) started.push(await startAllWays(host, bench, video, trigger.url));
	await host.until('all jobs', () => bench.emulator.jobs().length === videos.length * 4);
	for (const { paused } of started) {
		const execution = await host.waitForExecution(paused, (each) => isPaused(each) || hasEnded(each));
		expect(execution.status).toBe('waiting');
	}
	clock.jump(RUN_MS);
	const called: EmulatedJob[] = [];
	for (const [index, video] of videos.entries()) {
		called.push(await expectAllWays(host, bench, video, defined(started[index], 'executions')));
	}
	await expectTriggered(context, trigger, called);
	expect(bench.emulator.jobs()).toHaveLength(videos.length * 4);
}

async function cancelO1(context: ScenarioContext): Promise<void> {
	const { host } = context;
	const bench = await startBench(context, 'runpod', { jobTimes: { queueMs: 0, runMs: RUN_MS } });
	const options = { response: { response: { responseFormat: 'file' } } };
	const picture = node('Picture', 'httpRequest', { url: bench.emulator.imageUrl, options }, { typeVersion: 4.2 });
	const jsCode = 'const { data } = $input.first().binary; return [{ json: {}, binary: { robot: data, bear: data } }];';
	const references = { referenceImagesSource: 'binary', referenceImageFields: 'robot, bear' };
	const definition = row('O1', [
		manualTrigger(),
		picture,
		node('Fields', 'code', { jsCode }, { typeVersion: 2 }),
		bench.generate({ model: O1, ...references, completion: 'jobId' }),
		bench.kling('Look', { operation: 'getStatus' }),
		bench.kling('Cancel', { operation: 'cancel' }),
	]);
	const execution = await host.run(definition);
	expect(execution.status).toBe('success');
	const [job, ...others] = bench.emulator.jobs();
	expect(others).toEqual([]);
	const image = expect.stringMatching(/^data:image\/(png|jpeg);base64,/);
	expect(job).toMatchObject({ model: O1, phase: 'cancelled', input: { images: [image, image] } });
	const facts = { provider: 'runpod', model: O1, jobId: job?.id };
	expect(jsonOf(execution, 'Look')).toMatchObject([{ ...facts, status: 'processing' }]);
	expect(jsonOf(execution, 'Cancel')).toMatchObject([{ ...facts, status: 'cancelled' }]);
}

export const scenarios: Scenario[] = [
	...providerNames.map(
		(provider): Scenario => ({
			name: `models: ${providerLabels[provider]} makes every model's documented video: waited for, called back, by job ID and for a trigger`,
			run: async (context) => await makeAllModels(provider, context),
		}),
	),
	{ name: 'models: O1 takes pictures from binary fields, and its job is cancelled From Input', run: cancelO1 },
];
