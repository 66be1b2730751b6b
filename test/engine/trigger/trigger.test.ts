import { jobBody, providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import { FROM_ITEM, shots } from '../items';
import { expectVideo } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ callbacks: true, emulator: { jobTimes: { queueMs: 0, runMs: 10_000 } } })),
);
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const submit = async (provider: string, callbackUrl: string, count = 1) =>
	await stage.submit({ provider, callbackUrl, ...FROM_ITEM }, shots(count));

describe.each(providerNames)('%s', (provider) => {
	const body = () => jobBody(provider, stage.job().id, 'completed');

	test('a finished job starts the workflow with its item, its video and the query of the URL', async () => {
		const { url } = stage.publish({ provider });
		await submit(provider, `${url}?row=7&name=a%20b`);
		const execution = await stage.resumed();
		const job = stage.job();
		const item = at(execution.items('Collect'), 0);
		expect(item.json).toMatchObject({
			jobId: job.id,
			provider,
			status: 'completed',
			videoUrl: job.videoUrl,
			query: { row: '7', name: 'a b' },
		});
		await expectVideo(stage, item);
	});

	test('five jobs at once, each called back three times in parallel, start five executions', async () => {
		stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { times: 3 } } });
		const { url } = stage.publish({ provider, downloadVideo: false });
		await submit(provider, url, 5);
		await stage.until(() => stage.emulator.deliveries().length >= 15);
		await stage.resumed(5);
		const jobIds = (await stage.allResumed()).map((execution) => execution.items('Collect')[0]?.json.jobId);
		expect(jobIds.sort()).toEqual(
			stage
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
		stage.dropCallbacks();
		stage.emulator.script({ job: { endsAs, ...(endsAs === 'failed' ? { error: 'NSFW content' } : {}) } });
		const { url } = stage.publish({ provider, events });
		await submit(provider, url);
		await stage.jobsEnded();
		const { status, execution } = await stage.callBack(url, body());
		expect(status).toBe(200);
		expect(execution?.items('Collect')[0]?.json.status).toBe(starts ? endsAs : undefined);
	});

	test.each([
		['={{ "completed" }}', true],
		['={{ "failed, completed" }}', true],
		['={{ [" completed "] }}', true],
		['={{ "failed,cancelled" }}', false],
	])('events given by the expression %s: a completed job starts it: %s', async (events, starts) => {
		stage.dropCallbacks();
		const { url } = stage.publish({ provider, downloadVideo: false, events });
		await submit(provider, url);
		await stage.jobsEnded();
		const { status, execution } = await stage.callBack(url, body());
		expect(status).toBe(200);
		expect(execution?.items('Collect')[0]?.json.status).toBe(starts ? 'completed' : undefined);
	});

	test('a job that the provider does not know starts nothing, and is asked for once', async () => {
		const { url } = stage.publish({ provider });
		const { status, execution } = await stage.callBack(url, {
			id: 'unknown-job',
			job_id: 'unknown-job',
			status: 'COMPLETED',
		});
		expect([status >= 400, execution]).toEqual([true, undefined]);
		expect(stage.requests('status')).toHaveLength(1);
	});

	test('a body that names no job is answered 400, and nothing is sent', async () => {
		const { url } = stage.publish({ provider });
		for (const unreadable of [{}, null, 'text', [], { id: '../../health' }, { id: { a: 1 } }, 'x'.repeat(1_000_000)]) {
			expect(await stage.callBack(url, unreadable)).toEqual({ status: 400, execution: undefined });
		}
		expect(stage.requests()).toEqual([]);
	});

	test.each([
		['a status call that fails', { reply: { status: 500 } }],
		['a busy provider', { reply: { status: 429, headers: { 'retry-after': '2' } } }],
		['a connection that is cut', { cut: 'before' }],
	] as const)('a callback that comes once starts the workflow in spite of %s', async (_name, misbehaviour) => {
		stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: misbehaviour });
		await submit(provider, stage.publish({ provider }).url);
		await stage.until(() => stage.emulator.deliveries().length > 0);
		expect(stage.emulator.deliveries()).toMatchObject([{ attempt: 1, status: 200 }]);
		expect((await stage.resumed()).items('Collect')[0]?.json).toMatchObject({ status: 'completed' });
	});

	test('a provider that wants to be left alone for longer than a caller waits is asked once', async () => {
		stage.dropCallbacks();
		const { url } = stage.publish({ provider });
		await submit(provider, url);
		await stage.jobsEnded();
		const before = stage.requests('status').length;
		const reply = { status: 429, headers: { 'retry-after': '30' } };
		stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: { reply } });
		expect(await stage.callBack(url, body())).toEqual({ status: 503, execution: undefined });
		expect(stage.requests('status')).toHaveLength(before + 1);
	});

	test('a callback that comes once, before the status says that the job has ended, starts the workflow', async () => {
		stage.dropCallbacks();
		const { url } = stage.publish({ provider });
		await submit(provider, url);
		await stage.jobsEnded();
		const running = { status: 200, body: jobBody(provider, stage.job().id, 'running') };
		stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: { reply: running } });
		const { status, execution } = await stage.callBack(url, body());
		expect([status, execution?.items('Collect')[0]?.json.status]).toEqual([200, 'completed']);
	});

	test('a callback that comes too early, or while the API fails, is not accepted; its repeat starts the workflow', async () => {
		stage.dropCallbacks();
		stage.emulator.script({ job: { runMs: 120_000 } });
		const { url } = stage.publish({ provider });
		await submit(provider, url);
		expect((await stage.callBack(url, body())).status).toBe(503);
		await stage.jobsEnded();
		const askedMs = stage.clock.now();
		stage.emulator.misbehave({ when: { call: 'status', first: 4 }, do: { reply: { status: 500 } } });
		expect((await stage.callBack(url, body())).status).toBe(503);
		expect(stage.clock.now() - askedMs).toBeLessThan(10_000);
		for (const reason of ['the job has not ended yet', 'answered with HTTP status 500']) {
			const message = expect.stringMatching(`${stage.job().id} started nothing: .*${reason}`);
			const line = { level: 'warn', message, meta: { jobId: stage.job().id } };
			expect(stage.engine.webhookLogs).toContainEqual(expect.objectContaining(line));
		}
		const { status, execution } = await stage.callBack(url, body());
		expect([status, execution?.status]).toEqual([200, 'success']);
		expect(await stage.callBack(url, body())).toEqual({ status: 200, execution: undefined });
	});

	test('without a provider that exists, no job is looked for', async () => {
		const { url } = stage.publish({ provider: 'nobody' });
		expect(await stage.callBack(url, jobBody(provider, 'any-job', 'completed'))).toMatchObject({ status: 400 });
	});

	test('whoever calls is told what became of the call', async () => {
		stage.dropCallbacks();
		const told = async (url: string, sent: unknown = body()) => {
			const { status, body: said } = await stage.startCallback(url, sent).response;
			return [status, said];
		};
		const [both, cancelled] = [['completed', 'failed'], ['cancelled']].map(
			(events) => stage.publish({ provider, downloadVideo: false, events }).url,
		);
		const url = String(both);
		stage.emulator.script({ job: { runMs: 120_000 } });
		await submit(provider, url);
		expect(await told(url, {})).toEqual([400, { message: 'The body names no job' }]);
		expect(await told(url)).toEqual([503, { message: 'the job has not ended yet' }]);
		await stage.jobsEnded();
		stage.emulator.misbehave({ when: { call: 'status', first: 4 }, do: { reply: { status: 500 } } });
		expect(await told(url)).toEqual([503, { message: 'the provider could not be asked' }]);
		expect(await told(url, jobBody(provider, 'unknown-job', 'completed'))).toEqual([
			404,
			{ message: 'the provider does not confirm this job' },
		]);
		const [first, second] = await Promise.all([told(url), told(url)]);
		expect([first, second]).toEqual([
			[200, { message: 'noted' }],
			[200, { message: 'already known' }],
		]);
		expect(await told(url)).toEqual([200, { message: 'already known' }]);
		expect(await told(String(cancelled))).toEqual([200, { message: 'not an event that is listened for: completed' }]);
	});

	test.each([
		['clip', 'clip'],
		[' clip ', 'clip'],
		['  ', 'data'],
		['={{ 7 }}', '7'],
		['={{ null }}', 'data'],
	])('the video goes into the field %j that was typed', async (outputField, field) => {
		await submit(provider, stage.publish({ provider, outputField }).url);
		expect(Object.keys((await stage.resumed()).items('Collect')[0]?.binary ?? {})).toEqual([field]);
	});

	test('a video that cannot be fetched starts the workflow with the reason', async () => {
		stage.emulator.misbehave({ when: { call: 'video' }, do: { reply: { status: 403 } } });
		await submit(provider, stage.publish({ provider }).url);
		const [item] = (await stage.resumed()).items('Collect');
		expect(item?.json).toMatchObject({ status: 'completed', downloadFailure: { message: expect.any(String) } });
		expect(item?.binary).toBeUndefined();
	});

	test('a callback whose job the provider does not confirm leaves the reason and the job ID in the log', async () => {
		const { url } = stage.publish({ provider });
		const jobId = `unknown-to-${provider}`;
		expect((await stage.callBack(url, jobBody(provider, jobId, 'completed'))).status).toBe(404);
		expect(stage.engine.webhookLogs).toContainEqual(
			expect.objectContaining({
				level: 'warn',
				message: expect.stringContaining(`has no job ${jobId}`),
				meta: { jobId },
			}),
		);
	});

	test('two workflows that wait for the same job start once each', async () => {
		stage.dropCallbacks();
		const [one, two] = [stage.publish({ provider }), stage.publish({ provider })];
		await submit(provider, one.url);
		await stage.jobsEnded();
		const calls = [one, two, one, two].map(async ({ url }) => await stage.callBack(url, body()));
		expect((await Promise.all(calls)).filter(({ execution }) => execution !== undefined)).toHaveLength(2);
	});

	test('what was not asked for does not come: no video, and nothing of the reply of the API', async () => {
		await submit(provider, stage.publish({ provider, downloadVideo: false, options: { output: 'simplified' } }).url);
		const [item] = (await stage.resumed()).items('Collect');
		expect([item?.binary, item?.json.raw, stage.requests('video')]).toEqual([undefined, undefined, []]);
		expect(item).not.toHaveProperty('kind');
	});

	test('with Output set to Raw the item has the last reply of the API', async () => {
		await submit(provider, stage.publish({ provider, downloadVideo: false, options: { output: 'raw' } }).url);
		const [item] = (await stage.resumed()).items('Collect');
		expect(JSON.stringify(item?.json.raw)).toContain(stage.job().id);
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
		stage.dropCallbacks();
		const { url } = stage.publish({ provider: 'coreToday', downloadVideo: false });
		await submit('coreToday', url);
		await stage.jobsEnded();
		const job = stage.job();
		const { execution } = await stage.callBack(url, bodyOf(job.id));
		expect(execution?.items('Collect')[0]?.json.jobId).toBe(job.id);
	});
});
