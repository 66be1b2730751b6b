import type { INodeExecutionData } from 'n8n-workflow';
import { providerNames } from '../../support/apis';
import { checksOf, expectVideos, setCalledStage, type CalledStage } from './parking';
import { FROM_ITEM, kling, shots } from '../scenes';

let stage: CalledStage;
beforeAll(async () => (stage = await setCalledStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const CASES = providerNames.flatMap((provider) => [1, 10].map((count) => ({ provider, count })));
const withPicture = (items: INodeExecutionData[]) =>
	items.map((item) => ({ ...item, binary: { data: { data: 'eA==', mimeType: 'image/png' } } }));

describe.each(CASES)('$provider, $count item(s)', ({ provider, count }) => {
	test('a run parks once and goes on once, with every video in its place', async () => {
		const parked = await stage.park({ provider, ...FROM_ITEM }, shots(count));
		expect([parked.status, parked.runs('Collect')]).toEqual(['waiting', []]);
		const execution = await stage.resumed();
		expect([execution.id, execution.status]).toEqual([parked.id, 'success']);
		await expectVideos(stage, execution, count);
		await stage.delivered();
		expect(stage.allResumed()).toHaveLength(1);
		expect(stage.emulator.jobs()).toHaveLength(count);
	});

	test('while it is parked, what is stored is the jobs and no picture', async () => {
		const parked = await stage.park({ provider, ...FROM_ITEM }, withPicture(shots(count)));
		const stored = parked.readStored().executionData?.nodeExecutionStack[0]?.data.main[0] ?? [];
		const ids = stage.emulator.jobs().map(({ id }) => id);
		expect(stored.map(({ json }) => json.jobId).sort()).toEqual(ids.sort());
		expect(stored.map(({ json }) => [json.provider, json.timedOut])).toEqual(ids.map(() => [provider, true]));
		expect(stored.filter(({ binary }) => binary !== undefined)).toEqual([]);
		expect(kling(parked).map(({ jobId }) => jobId)).toEqual(stored.map(({ json }) => json.jobId));
	});

	test('a job that ends before the execution is parked is not missed', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 5_000 } });
		// By the time the look is answered the job has ended, and its callback found the execution running.
		stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: 15_000 } });
		const execution = await stage.park({ provider, ...FROM_ITEM }, shots(count));
		expect([execution.status, checksOf(stage)]).toEqual(['success', count]);
		await expectVideos(stage, execution, count);
	});

	test('what failed at once is data, and nothing is waited for', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 0, endsAs: 'failed', error: 'Invalid image URL' } });
		const execution = await stage.park({ provider, ...FROM_ITEM }, shots(count));
		expect(execution.status).toBe('success');
		expect(kling(execution).map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 'failed'));
	});
});

describe.each(providerNames)('%s', (provider) => {
	test('the provider has its answer before the video is fetched', async () => {
		stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
		stage.emulator.misbehave({ when: { call: 'video' }, do: { delayMs: 20_000 } });
		await stage.park({ provider, ...FROM_ITEM }, shots(1));
		await stage.until(() => stage.emulator.jobs()[0]?.phase === 'completed');
		const { response, done } = stage.call(stage.emulator.jobs()[0]?.webhookUrl);
		expect(await response).toMatchObject({ status: 200 });
		const fetches = stage.emulator.requests().filter(({ call }) => call === 'video');
		expect(fetches.filter(({ answeredStatus }) => answeredStatus !== undefined)).toEqual([]);
		const execution = await done;
		await expectVideos(stage, execution ?? (await stage.resumed()), 1);
	});

	test('the look before parking is repeated through bad weather', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 100 } });
		stage.emulator.misbehave({ when: { call: 'status', first: 2 }, do: { reply: { status: 503 } } });
		expect((await stage.park({ provider })).status).toBe('success');
	});

	test('a failed job among others comes out as data in its place', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'NSFW content' } });
		await stage.park({ provider, ...FROM_ITEM }, shots(3));
		const items = kling(await stage.resumed());
		const failed = stage.emulator.jobs()[1];
		expect(items.map(({ jobId, status }) => [jobId === failed?.id, status])).toEqual(
			items.map(({ jobId }) => [jobId === failed?.id, jobId === failed?.id ? 'failed' : 'completed']),
		);
		expect(items.filter(({ status }) => status === 'failed')).toHaveLength(1);
	});

	test('without a download the item has the link only, and raw what the provider said last', async () => {
		await stage.park({ provider, downloadVideo: false, options: { output: 'raw' } });
		const [item] = (await stage.resumed()).items('Kling');
		expect(item?.binary).toBeUndefined();
		expect(item?.json.videoUrl).toBe(stage.emulator.jobs()[0]?.videoUrl);
		expect(JSON.stringify(item?.json.raw)).toContain(String(item?.json.jobId));
		expect(stage.emulator.requests().filter(({ call }) => call === 'video')).toEqual([]);
	});

	test('the record of a park is small and holds no key', async () => {
		const parked = await stage.park({ provider, ...FROM_ITEM }, shots(10));
		const record = JSON.stringify(parked.contextData['node:Kling']?.pause);
		expect(record.length / 10).toBeLessThan(600);
		for (const key of Object.values(stage.emulator.keys)) expect(record).not.toContain(key);
	});

	test("the callback URL keeps n8n's signature and names its item", async () => {
		await stage.park({ provider, ...FROM_ITEM }, shots(2));
		const urls = stage.emulator.jobs().map(({ webhookUrl }) => new URL(String(webhookUrl)));
		expect(urls.map(({ searchParams }) => searchParams.get('klingItem')).sort()).toEqual(['0', '1']);
		for (const { searchParams } of urls) expect(searchParams.get('signature')).toMatch(/^\w{64}$/);
	});
});
