import { providerNames } from '../../support/apis';
import { FROM_ITEM, shots, withFile } from '../items';
import { expectVideos, itemOf, outputOf, statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ callbacks: true })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** Whether n8n has accepted a callback of this job. */
const isDelivered = (id: string) =>
	stage.emulator.deliveries().some(({ jobId, status }) => jobId === id && status === 200);

const CASES = providerNames.flatMap((provider) => [1, 10].map((count) => ({ provider, count })));

describe.each(CASES)('$provider, $count item(s)', ({ provider, count }) => {
	test('a run pauses once and goes on once, with every video in its place', async () => {
		const paused = await stage.pause({ provider, ...FROM_ITEM }, shots(count));
		expect([paused.status, paused.runs('Collect')]).toEqual(['waiting', []]);
		const execution = await stage.resumed();
		expect([execution.id, execution.status]).toEqual([paused.id, 'success']);
		await expectVideos(stage, execution, count);
		await stage.until(() => stage.jobs().every(({ id }) => isDelivered(id)));
		expect(await stage.allResumed()).toHaveLength(1);
		expect(stage.jobs()).toHaveLength(count);
	});

	test('while it is paused, n8n stores the jobs and no file', async () => {
		const paused = await stage.pause({ provider, ...FROM_ITEM }, withFile(shots(count)));
		const stored = paused.readStored().executionData?.nodeExecutionStack[0]?.data.main?.[0] ?? [];
		const ids = stage.jobs().map(({ id }) => id);
		expect(stored.map(({ json }) => json.jobId).sort()).toEqual(ids.sort());
		expect(stored.map(({ json }) => [json.provider, json.timedOut])).toEqual(ids.map(() => [provider, true]));
		expect(stored.filter(({ binary }) => binary !== undefined)).toEqual([]);
		expect(outputOf(paused).map(({ jobId }) => jobId)).toEqual(stored.map(({ json }) => json.jobId));
	});

	test('a job that ends before the execution has paused is not missed', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 5_000 } });
		// By the time the status call is answered the job has ended, and its callback found the execution running.
		stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: 15_000 } });
		const execution = await stage.pause({ provider, ...FROM_ITEM }, shots(count));
		expect([execution.status, stage.requests('status').length]).toEqual(['success', count]);
		await expectVideos(stage, execution, count);
	});

	test('what failed at once is data, and nothing is waited for', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 0, endsAs: 'failed', error: 'Invalid image URL' } });
		const execution = await stage.pause({ provider, ...FROM_ITEM }, shots(count));
		expect(execution.status).toBe('success');
		expect(statusesOf(execution)).toEqual(Array.from({ length: count }, () => 'failed'));
	});
});

describe.each(providerNames)('%s', (provider) => {
	test('the provider has its answer before the video is fetched', async () => {
		stage.dropCallbacks();
		stage.emulator.misbehave({ when: { call: 'video' }, do: { delayMs: 20_000 } });
		await stage.pause({ provider, ...FROM_ITEM }, shots(1));
		await stage.until(() => stage.job().phase === 'completed');
		const { response, done } = stage.startCallback(stage.job().webhookUrl);
		expect(await response).toMatchObject({ status: 200 });
		expect(stage.requests('video').filter(({ answeredStatus }) => answeredStatus !== undefined)).toEqual([]);
		const execution = await done;
		await expectVideos(stage, execution ?? (await stage.resumed()), 1);
	});

	test('a refusal of the last status call changes nothing', async () => {
		stage.emulator.misbehave({
			when: { call: 'status', first: 1 },
			do: { reply: { status: 401, body: { error: 'no' } } },
		});
		expect((await stage.pause({ provider })).status).toBe('waiting');
		expect(statusesOf(await stage.resumed())).toEqual(['completed']);
	});

	test('a video that is not wanted is not downloaded where nothing has to be waited for either', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 0 } });
		const execution = await stage.pause({ provider, downloadVideo: false });
		expect([statusesOf(execution), stage.requests('video')]).toEqual([['completed'], []]);
	});

	test('a dry run beside a real one keeps its place and its sample over the pause', async () => {
		const items = shots(2);
		const options = { dryRun: '={{ $json.prompt === "Shot 0" }}' };
		const paused = await stage.pause({ provider, ...FROM_ITEM, options }, items);
		expect([paused.status, stage.jobs().length]).toEqual(['waiting', 1]);
		expect(outputOf(await stage.resumed())).toMatchObject([
			{ jobId: 'dry-run-1', dryRun: true },
			{ jobId: stage.job().id, status: 'completed' },
		]);
	});

	test('the last status call before the pause is repeated after transient faults', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 100 } });
		stage.emulator.misbehave({ when: { call: 'status', first: 2 }, do: { reply: { status: 503 } } });
		expect((await stage.pause({ provider })).status).toBe('success');
	});

	test('a job that failed beside others comes out as data, in its place', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'NSFW content' } });
		await stage.pause({ provider, ...FROM_ITEM }, shots(3));
		const items = outputOf(await stage.resumed());
		const failed = stage.job(1);
		expect(items.map(({ jobId, status }) => [jobId === failed.id, status])).toEqual(
			items.map(({ jobId }) => [jobId === failed.id, jobId === failed.id ? 'failed' : 'completed']),
		);
		expect(items.filter(({ status }) => status === 'failed')).toHaveLength(1);
	});

	test('without a download the item has the link only, and raw what the provider said last', async () => {
		await stage.pause({ provider, downloadVideo: false, options: { output: 'raw' } });
		const item = itemOf(await stage.resumed());
		expect(item.binary).toBeUndefined();
		expect(item.json.videoUrl).toBe(stage.job().videoUrl);
		expect(JSON.stringify(item.json.raw)).toContain(String(item.json.jobId));
		expect(stage.requests('video')).toEqual([]);
	});

	test('what a paused node stores is small and holds no key', async () => {
		const paused = await stage.pause({ provider, ...FROM_ITEM }, shots(10));
		const record = JSON.stringify(paused.contextData['node:Kling']?.pause);
		expect(record.length / 10).toBeLessThan(600);
		for (const key of Object.values(stage.emulator.keys)) expect(record).not.toContain(key);
	});

	test("the callback URL keeps n8n's signature and names its item", async () => {
		await stage.pause({ provider, ...FROM_ITEM }, shots(2));
		const urls = stage.jobs().map(({ webhookUrl }) => new URL(String(webhookUrl)));
		expect(urls.map(({ searchParams }) => searchParams.get('klingItem')).sort()).toEqual(['0', '1']);
		for (const { searchParams } of urls) expect(searchParams.get('signature')).toMatch(/^\w{64}$/);
	});
});
