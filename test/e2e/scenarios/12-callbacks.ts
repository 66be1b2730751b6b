import { expect } from 'expect';
import { startBodyLimitProxy } from '../../support/bodyLimitProxy';
import { readFixture } from '../../support/files';
import { hasEnded, isPaused, itemsOf, jsonOf } from '../harness/execution.ts';
import type { Host } from '../harness/host.cts';
import { createJumpingClock } from '../harness/jumpingClock.ts';
import { expectVideoOf, startBench, type Bench } from '../harness/kling.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import { freePort } from '../harness/server.cts';
import { storeCaller } from '../harness/subWorkflow.ts';
import { until } from '../harness/until.cts';
import { manualTrigger, node, row, webhookTrigger, type WorkflowDefinition } from '../harness/workflow.ts';

/** A job runs until the scenario lets this pass. */
const RUN_MS = 600_000;
/** Runpod's pause before it repeats a callback. */
const REPEAT_MS = 10_000;
const RUNPOD_TRIES = 3;

/** Inside a request it takes more than a million characters. */
const picture = Buffer.concat([readFixture('images/start.jpg'), Buffer.alloc(800_000, 'picture')]);

/** An n8n that is reached through a proxy of 1 MiB, and Runpod, which repeats a job's input when it calls back. */
async function startBehindProxy(context: ScenarioContext) {
	const port = await freePort();
	const proxy = await startBodyLimitProxy({ target: `http://127.0.0.1:${port}` });
	context.afterwards(async () => await proxy.stop());
	const host = await context.startHost({ env: { N8N_PORT: String(port), WEBHOOK_URL: `${proxy.url}/` } });
	const clock = createJumpingClock();
	const options = { clock, jobTimes: { queueMs: 0, runMs: RUN_MS }, repeatsInput: true };
	const bench = await startBench({ host, afterwards: context.afterwards }, 'runpod', options);
	return { proxy, host, clock, bench };
}

/** A production webhook receives the picture, and the execution pauses on its video; the execution's ID. */
async function pauseOnPicture(host: Host, bench: Bench, imageDelivery: string): Promise<string> {
	const path = crypto.randomUUID();
	const generate = bench.generate({
		completion: 'callback',
		startImageSource: 'binary',
		startImageField: 'data',
		options: { imageDelivery },
	});
	const nodes = [webhookTrigger(path, 'onReceived'), generate, node('Done', 'noOp')];
	const workflowId = await host.workflow(row('Picture by webhook', nodes), { publish: true });
	const headers = { 'content-type': 'image/jpeg' };
	await fetch(`${host.server.url}/webhook/${path}`, { method: 'POST', headers, body: picture });
	const { id } = await until('the execution', async () => (await host.executionsOf(workflowId)).at(0));
	const execution = await host.waitForExecution(id, (each) => isPaused(each) || hasEnded(each));
	expect(execution.status).toBe('waiting');
	return id;
}

/** A workflow that pauses on one video. */
function pausingFlow(bench: Bench, timeoutSeconds: number, executionTimeout: number): WorkflowDefinition {
	const generate = bench.generate({ completion: 'callback', options: { timeoutSeconds } });
	const flow = row('Pause', [manualTrigger(), generate, node('Done', 'noOp')]);
	return { ...flow, settings: { ...flow.settings, executionTimeout } };
}

export const scenarios: Scenario[] = [
	{
		name: 'callbacks: behind a proxy of 1 MiB a picture from a production webhook goes by link, and its callback comes through',
		async run(context) {
			const { proxy, host, clock, bench } = await startBehindProxy(context);
			const id = await pauseOnPicture(host, bench, 'auto');
			const [job] = bench.emulator.jobs();
			const link = String(job?.input.image);
			expect(link.startsWith(`${proxy.url}/rest/binary-data/signed?token=`)).toBe(true);
			// n8n has renamed the webhook's own file by now.
			const reply = await fetch(link);
			expect(reply.status).toBe(200);
			expect(Buffer.from(await reply.arrayBuffer()).equals(picture)).toBe(true);
			clock.jump(RUN_MS);
			const execution = await host.waitForExecution(id);
			expect(execution.status).toBe('success');
			await expectVideoOf(host, itemsOf(execution, 'Done')[0], bench.emulator.jobs()[0]);
			expect(proxy.requests.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
			expect(bench.emulator.deliveries().map(({ status }) => status)).toEqual([200]);
		},
	},

	{
		name: 'callbacks: behind a proxy of 1 MiB a picture that goes as data URI keeps its callback from n8n',
		async run(context) {
			const { proxy, host, clock, bench } = await startBehindProxy(context);
			const id = await pauseOnPicture(host, bench, 'dataUri');
			clock.jump(RUN_MS);
			for (let tries = 1; tries <= RUNPOD_TRIES; tries += 1) {
				await host.until(`delivery ${tries}`, () => bench.emulator.deliveries().length >= tries);
				clock.jump(REPEAT_MS);
			}
			expect(bench.emulator.deliveries().map(({ status }) => status)).toEqual([413, 413, 413]);
			expect(proxy.requests.filter(({ outcome }) => outcome === 'refused')).toHaveLength(RUNPOD_TRIES);
			expect((await host.execution(id)).status).toBe('waiting');
		},
	},

	{
		name: 'callbacks: a pause inside a sub-workflow hands its video to the parent',
		async run(context) {
			const { host } = context;
			const clock = createJumpingClock();
			const bench = await startBench(context, 'runpod', { clock, jobTimes: { queueMs: 0, runMs: RUN_MS } });
			const { child, parent } = await storeCaller(host, [bench.generate({ completion: 'callback' })]);
			const id = await host.runManually(parent);
			const childIsPaused = async () => (await host.executionsOf(child)).some(isPaused) || undefined;
			await until('the sub-workflow to pause', childIsPaused);
			clock.jump(RUN_MS);
			const execution = await host.waitForExecution(id, hasEnded, 120_000);
			expect(execution.status).toBe('success');
			await expectVideoOf(host, itemsOf(execution, 'Done')[0], bench.emulator.jobs()[0]);
			expect(bench.emulator.jobs()).toHaveLength(1);
		},
	},

	{
		name: 'callbacks: Stop of a parent does not stop its sub-workflow, whose own Stop cancels the job',
		async run(context) {
			const { host } = context;
			const bench = await startBench(context, 'runpod', { jobTimes: { queueMs: 0, runMs: RUN_MS } });
			const { child, parent } = await storeCaller(host, [bench.generate()]);
			const id = await host.runManually(parent);
			await host.until('a job', () => bench.emulator.jobs().length === 1);
			await host.stopExecution(id);
			expect(await host.waitForExecution(id)).toMatchObject({ status: 'canceled' });
			// This is n8n's doing, and pinned here because the README says it.
			const [running] = await host.executionsOf(child);
			expect(running?.status).toBe('running');
			expect(bench.emulator.jobs()[0]?.phase).toBe('running');
			await host.stopExecution(String(running?.id));
			await host.until('the cancel', () => bench.emulator.jobs()[0]?.phase === 'cancelled');
		},
	},

	{
		name: 'callbacks: a missed callback under a shorter workflow timeout ends the execution as canceled, without its items',
		async run(context) {
			const { host } = context;
			const clock = createJumpingClock();
			const bench = await startBench(context, 'runpod', { clock, jobTimes: { queueMs: 0, runMs: RUN_MS } });
			bench.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
			const id = await host.runManually(await host.workflow(pausingFlow(bench, 15, 8)));
			// n8n looks once a minute for paused executions whose time has come.
			const execution = await host.waitForExecution(id, hasEnded, 150_000);
			expect(execution.status).toBe('canceled');
			expect(jsonOf(execution, 'Done')).toEqual([]);
			const [job] = bench.emulator.jobs();
			expect(host.server.log()).toContain(`Kling video job ${job?.id} of ${job?.model} submitted`);
		},
	},

	{
		name: 'callbacks: a callback that comes after the time of the workflow timeout still brings the video',
		async run(context) {
			const { host } = context;
			const clock = createJumpingClock();
			const bench = await startBench(context, 'runpod', { clock, jobTimes: { queueMs: 0, runMs: RUN_MS } });
			const id = await host.runManually(await host.workflow(pausingFlow(bench, 1200, 8)));
			const { startedAt } = await host.waitForExecution(id, isPaused);
			await host.until('the timeout to be over', () => Date.now() > Date.parse(startedAt) + 9_000);
			clock.jump(RUN_MS);
			const execution = await host.waitForExecution(id);
			expect(execution.status).toBe('success');
			await expectVideoOf(host, itemsOf(execution, 'Done')[0], bench.emulator.jobs()[0]);
		},
	},
];
