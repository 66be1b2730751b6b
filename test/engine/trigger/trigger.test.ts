import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import { createHash } from '../../support/node.cts';
import { credentialNames, jobBody, providerNames } from '../../support/apis';
import { node, workflow, type WorkflowJson } from '../harness/index';
import { setCalledStage, type CalledStage } from '../pause/parking';
import { shots } from '../scenes';

let stage: CalledStage;
const trigger = new KlingVideoTrigger();
beforeAll(async () => {
	const engine = { nodeTypes: { klingVideoTrigger: trigger } };
	stage = await setCalledStage({ engine, emulator: { jobTimes: { queueMs: 0, runMs: 10_000 } } });
	// The node takes its clock when it is made, and the stage's is made with the stage.
	Object.assign(trigger, new KlingVideoTrigger(stage.clock));
});
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

let flows = 0;
/** A published workflow of its own, and its production URL. */
function publish(parameters: Record<string, unknown>): { flow: WorkflowJson; url: string } {
	const started = node('Ended', 'klingVideoTrigger', JSON.parse(JSON.stringify(parameters)), {
		credentials: credentialNames,
	});
	flows += 1;
	const flow = {
		...workflow([started, node('Collect', 'collect')], [{ from: 'Ended', to: 'Collect' }]),
		id: `flow-${flows}`,
	};
	return { flow, url: stage.engine.activate(flow) };
}

const submit = async (provider: string, callbackUrl: string, count = 1) =>
	await stage.run({ provider, completion: 'jobId', callbackUrl, prompt: '={{ $json.prompt }}' }, shots(count));
const drop = () => stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
const ended = async () =>
	await stage.until(() => stage.emulator.jobs().every(({ finishedAtMs }) => finishedAtMs !== undefined));

describe.each(providerNames)('%s', (provider) => {
	const body = (index = 0) => jobBody(provider, String(stage.emulator.jobs()[index]?.id), 'completed');

	test('a finished job starts the workflow with its item, its video and the query of the URL', async () => {
		const { url } = publish({ provider });
		await submit(provider, `${url}?row=7&name=a%20b`);
		const execution = await stage.resumed();
		const [job] = stage.emulator.jobs();
		const [item] = execution.items('Collect');
		expect(item?.json).toMatchObject({
			jobId: job?.id,
			provider,
			status: 'completed',
			videoUrl: job?.videoUrl,
			query: { row: '7', name: 'a b' },
		});
		const { bytes, fileName } = await stage.engine.binary(item);
		expect([createHash('sha256').update(bytes).digest('hex'), fileName]).toEqual([
			job?.videoSha256,
			`kling-${job?.id}.mp4`,
		]);
	});

	test('five jobs at once, each called back three times in parallel, start five executions', async () => {
		stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { times: 3 } } });
		const { url } = publish({ provider, downloadVideo: false });
		await submit(provider, url, 5);
		await stage.until(() => stage.emulator.deliveries().length >= 15);
		await stage.resumed(5);
		await Promise.all(stage.server.executions);
		const jobIds = stage.allResumed().map((execution) => execution.items('Collect')[0]?.json.jobId);
		expect(jobIds.sort()).toEqual(
			stage.emulator
				.jobs()
				.map(({ id }) => id)
				.sort(),
		);
		expect(stage.emulator.deliveries().map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 200));
	});

	test.each([
		[['failed'], 'failed', true],
		[['completed'], 'failed', false],
		[['completed', 'failed'], 'cancelled', false],
		[['cancelled'], 'cancelled', true],
	] as const)('events %j: a %s job starts it: %s', async (events, endsAs, starts) => {
		drop();
		stage.emulator.script({ job: { endsAs, ...(endsAs === 'failed' ? { error: 'NSFW content' } : {}) } });
		const { url } = publish({ provider, events });
		await submit(provider, url);
		await ended();
		const { response, done } = stage.call(url, body());
		expect((await response).status).toBe(200);
		expect((await done)?.items('Collect')[0]?.json.status).toBe(starts ? endsAs : undefined);
	});

	test.each([
		['={{ "completed" }}', true],
		['={{ "failed, completed" }}', true],
		['={{ [" completed "] }}', true],
		['={{ "failed,cancelled" }}', false],
	])('events given by the expression %s: a completed job starts it: %s', async (events, starts) => {
		drop();
		const { url } = publish({ provider, downloadVideo: false, events });
		await submit(provider, url);
		await ended();
		const { response, done } = stage.call(url, body());
		expect((await response).status).toBe(200);
		expect((await done)?.items('Collect')[0]?.json.status).toBe(starts ? 'completed' : undefined);
	});

	test('a job that the provider does not know starts nothing', async () => {
		const { url } = publish({ provider });
		const { response, done } = stage.call(url, { id: 'unknown-job', job_id: 'unknown-job', status: 'COMPLETED' });
		expect([(await response).status >= 400, await done]).toEqual([true, undefined]);
	});

	test('a body that names no job is answered 400, and nobody is asked', async () => {
		const { url } = publish({ provider });
		for (const unreadable of [{}, null, 'text', [], { id: '../../health' }, { id: { a: 1 } }, 'x'.repeat(1_000_000)]) {
			const { response, done } = stage.call(url, unreadable);
			expect([(await response).status, await done]).toEqual([400, undefined]);
		}
		expect(stage.emulator.requests()).toEqual([]);
	});

	test('a callback that comes too early or in bad weather is not accepted; its repeat starts the workflow', async () => {
		drop();
		const { url } = publish({ provider });
		await submit(provider, url);
		expect((await stage.call(url, body()).response).status).toBe(503);
		await ended();
		stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: { reply: { status: 500 } } });
		expect((await stage.call(url, body()).response).status).toBe(503);
		const { response, done } = stage.call(url, body());
		expect([(await response).status, (await done)?.status]).toEqual([200, 'success']);
		const again = stage.call(url, body());
		expect([(await again.response).status, await again.done]).toEqual([200, undefined]);
	});

	test('a video that cannot be fetched starts the workflow with the reason', async () => {
		stage.emulator.misbehave({ when: { call: 'video' }, do: { reply: { status: 403 } } });
		await submit(provider, publish({ provider }).url);
		const [item] = (await stage.resumed()).items('Collect');
		expect(item?.json).toMatchObject({ status: 'completed', downloadFailure: { message: expect.any(String) } });
		expect(item?.binary).toBeUndefined();
	});

	test('a callback whose job the provider does not confirm leaves the reason and the job ID in the log', async () => {
		const { url } = publish({ provider });
		const jobId = `unknown-to-${provider}`;
		expect((await stage.call(url, jobBody(provider, jobId, 'completed')).response).status).toBe(404);
		expect(stage.engine.webhookLogs).toContainEqual(
			expect.objectContaining({
				level: 'warn',
				message: expect.stringContaining(`has no job ${jobId}`),
				meta: { jobId },
			}),
		);
	});

	test('two workflows that wait for the same job start once each', async () => {
		drop();
		const [one, two] = [publish({ provider }), publish({ provider })];
		await submit(provider, one.url);
		await ended();
		const both = [one, two, one, two].map(({ url }) => stage.call(url, body()).done);
		expect((await Promise.all(both)).filter((execution) => execution !== undefined)).toHaveLength(2);
	});

	test('the Output option adds what the provider said last', async () => {
		await submit(provider, publish({ provider, downloadVideo: false, options: { output: 'raw' } }).url);
		const [item] = (await stage.resumed()).items('Collect');
		expect(JSON.stringify(item?.json.raw)).toContain(stage.emulator.jobs()[0]?.id);
	});
});

describe('Core.Today, whose callback is not documented', () => {
	test.each([
		["the model's page", (id: string) => ({ job_id: id, status: 'completed' })],
		['the API reference', (id: string) => ({ id, status: 'succeeded' })],
		['an envelope', (id: string) => ({ id: 'event-1', event: 'prediction.completed', data: { job_id: id } })],
		['an envelope of the other dialect', (id: string) => ({ id: 'event-1', prediction: { id } })],
		['JSON sent as text', (id: string) => JSON.stringify({ job_id: id })],
	])('a body like %s names its job', async (_name, bodyOf) => {
		drop();
		const { url } = publish({ provider: 'coreToday', downloadVideo: false });
		await submit('coreToday', url);
		await ended();
		const [job] = stage.emulator.jobs();
		const execution = await stage.call(url, bodyOf(String(job?.id))).done;
		expect(execution?.items('Collect')[0]?.json.jobId).toBe(job?.id);
	});
});
