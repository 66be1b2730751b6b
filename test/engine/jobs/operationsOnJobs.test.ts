import type { INodeExecutionData } from 'n8n-workflow';
import type { ProviderName } from '../../../nodes/core/job';
import { providerOf } from '../../../nodes/core/providers';
import { dialects, providerNames } from '../../support/apis';
import type { Execution } from '../harness/index';
import { itemsOf } from '../harness/index';
import { setWatchedStage, thrown, type WatchedStage } from '../watched';

let stage: WatchedStage;
beforeAll(async () => (stage = await setWatchedStage({ factor: 100 })));
afterEach(() => stage.emulator.reset());
afterAll(async () => await stage.close());

const jsonOf = (execution: Execution, output = 0) => execution.items('Kling', output).map(({ json }) => json);
const asItems = (execution: Execution) => jsonOf(execution).map((json) => ({ json }));
const statusCalls = () => stage.emulator.requests().filter(({ call }) => call === 'status');

async function submitted(provider: string, rows = itemsOf({})): Promise<INodeExecutionData[]> {
	return asItems(await stage.run({ provider, completion: 'jobId' }, rows));
}

/** What the API itself says of the only job. */
async function answerOf(provider: ProviderName): Promise<unknown> {
	const { emulator } = stage;
	const [{ id: jobId, model } = { id: '', model: '' }] = emulator.jobs();
	const { path } = providerOf(provider).statusCall({ provider, model, jobId });
	const headers = dialects[provider].keyHeaders(emulator.keys[provider]);
	return await (await fetch(`${emulator[`${provider}Url`]}${path}`, { headers })).json();
}

describe.each(providerNames)('a job at %s', (provider) => {
	test('Wait on a job that has ended returns at once, after one look', async () => {
		const items = await submitted(provider);
		await stage.clock.sleep(60_000);
		const startMs = stage.clock.now();
		const execution = await stage.run({ operation: 'wait', provider }, items);
		expect(jsonOf(execution)).toEqual([expect.objectContaining({ status: 'completed' })]);
		expect(execution.items('Kling')[0]?.binary?.data).toMatchObject({ mimeType: 'video/mp4' });
		expect(statusCalls()).toHaveLength(1);
		expect(stage.clock.now() - startMs).toBeLessThan(20_000);
	});

	test('From Input reads the provider, the model and the submit time from the item', async () => {
		const [item] = await submitted(provider);
		const execution = await stage.run({ operation: 'getStatus' }, item === undefined ? [] : [item]);
		const { model, timing, jobId } = item?.json ?? {};
		expect(jsonOf(execution)).toEqual([expect.objectContaining({ jobId, provider, model, timing })]);
	});

	test("Output Raw adds the provider's last reply, and nothing else differs", async () => {
		const items = await submitted(provider);
		const plain = await stage.run({ operation: 'wait', provider, downloadVideo: false }, items);
		const raw = await stage.run(
			{ operation: 'wait', provider, downloadVideo: false, options: { output: 'raw' } },
			items,
		);
		const [json] = jsonOf(raw);
		expect(json?.raw).toEqual(await answerOf(provider));
		expect(Object.keys(json ?? {}).filter((key) => key !== 'raw')).toEqual(Object.keys(jsonOf(plain)[0] ?? {}));
	});

	test('a job that Get Status sees fail is data with its reason, not an error', async () => {
		stage.emulator.script({ job: { endsAs: 'failed', error: 'Invalid image URL' } });
		const items = await submitted(provider);
		await stage.clock.sleep(60_000);
		const execution = await stage.run({ operation: 'getStatus', provider }, items);
		expect(execution.status).toBe('success');
		expect(jsonOf(execution)).toEqual([
			expect.objectContaining({
				status: 'failed',
				failure: expect.objectContaining({ message: 'Invalid image URL', code: 'invalid_input', retryable: false }),
			}),
		]);
		expect(jsonOf(execution)[0]).not.toHaveProperty('error');
	});

	test('Route by Status sends each job out by the output that fits, under every On Error', async () => {
		const rows = await submitted(provider, itemsOf({}, {}, {}, {}));
		const [done, failed, cancelled, running] = rows;
		stage.emulator.reset();
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed' } });
		stage.emulator.script({ when: { jobNumber: 4 }, job: { runMs: 10_000_000 } });
		const items = await submitted(
			provider,
			[done, failed, cancelled, running].map(() => ({ json: {} })),
		);
		await stage.run({ operation: 'cancel', provider }, items.slice(2, 3));
		await stage.clock.sleep(60_000);
		for (const onError of ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput']) {
			const execution = await stage.run({ operation: 'getStatus', provider, routeByStatus: true }, items, { onError });
			const routed = [0, 1, 2].map((output) => execution.items('Kling', output).map(({ pairedItem }) => pairedItem));
			expect(routed).toEqual([[{ item: 0 }], [{ item: 3 }], [{ item: 1 }, { item: 2 }]]);
		}
	});

	test('Cancel believes the API, not itself: a job that has already ended stays completed', async () => {
		const items = await submitted(provider);
		await stage.clock.sleep(60_000);
		const execution = await stage.run({ operation: 'cancel', provider }, items);
		expect(jsonOf(execution)).toEqual([
			expect.objectContaining({ status: 'completed', videoUrl: stage.emulator.jobs()[0]?.videoUrl }),
		]);
	});

	test('a cancel whose answer is lost is followed by a look, and what it says is true', async () => {
		const items = await submitted(provider);
		stage.emulator.misbehave({ when: { call: 'cancel' }, do: { cut: 'after' } });
		const execution = await stage.run({ operation: 'cancel', provider }, items);
		expect(jsonOf(execution)).toEqual([expect.objectContaining({ status: 'cancelled' })]);
		expect(statusCalls().length).toBeGreaterThan(0);
	});

	test.each(['getStatus', 'wait', 'cancel'])("%s answers a dry run's id, and asks nobody", async (operation) => {
		const dry = await stage.run({ provider, options: { dryRun: true } });
		stage.emulator.reset();
		const execution = await stage.run({ operation, provider }, asItems(dry));
		expect(jsonOf(execution)).toMatchObject([{ jobId: 'dry-run-1', provider, dryRun: true }]);
		expect(stage.emulator.requests()).toEqual([]);
	});
});

test('Download answers the link of a dry run, asks nobody, and keeps the rest of the row', async () => {
	const videoUrl = 'https://dry-run.invalid/dry-run-1.mp4';
	const execution = await stage.run({ operation: 'download' }, itemsOf({ row: 7, videoUrl }), { credentials: [] });
	expect(jsonOf(execution)).toEqual([{ row: 7, videoUrl, dryRun: true }]);
	expect(execution.items('Kling')[0]?.binary?.data).toMatchObject({ fileName: 'kling-dry-run-1-sample.mp4' });
	expect(stage.emulator.requests()).toEqual([]);
});

test('a cancel at Core.Today that answers 204 and nothing is followed by a look before "cancelled" is said', async () => {
	const items = await submitted('coreToday');
	const execution = await stage.run({ operation: 'cancel', provider: 'coreToday' }, items);
	expect(jsonOf(execution)).toEqual([expect.objectContaining({ status: 'cancelled' })]);
	expect(stage.emulator.requests().map(({ call, answeredStatus }) => [call, answeredStatus])).toEqual([
		['submit', 200],
		['cancel', 204],
		['status', 200],
	]);
});

test("an item of Core.Today without a model is not given Runpod's Endpoint ID as one", async () => {
	const [item] = await submitted('coreToday');
	const { jobId = '' } = item?.json ?? {};
	const options = { endpointId: 'kling-v2-1-i2v-pro' };
	const execution = await stage.run({ operation: 'getStatus', options }, itemsOf({ jobId, provider: 'coreToday' }));
	expect(jsonOf(execution)).toEqual([expect.objectContaining({ jobId, provider: 'coreToday' })]);
	expect(jsonOf(execution)[0]).not.toHaveProperty('model');
});

test('a submit time that is no time with a zone is not believed', async () => {
	const timesOf = async (submittedAt: string) => {
		const [item] = await submitted('runpod');
		const given = { ...item?.json, timing: { submittedAt } };
		return jsonOf(await stage.run({ operation: 'getStatus' }, itemsOf(given))).map(({ timing }) => timing);
	};
	expect(await timesOf('2026-11-21T20:00:00Z')).toEqual([{ submittedAt: '2026-11-21T20:00:00.000Z' }]);
	for (const noTime of ['7 days', '12', '2026-11-21T20:00:00']) expect(await timesOf(noTime)).toEqual([undefined]);
});

test('a cancel that changes nothing is never called a cancel', async () => {
	stage.emulator.script({ job: { ignoresCancel: true } });
	const items = await submitted('coreToday');
	const execution = await stage.run({ operation: 'cancel', provider: 'coreToday' }, items);
	expect(['pending', 'processing']).toContain(jsonOf(execution)[0]?.status);
});

test('Download by a link alone needs no credential and sends none', async () => {
	await stage.run({ provider: 'runpod', downloadVideo: false });
	const link = stage.emulator.jobs()[0]?.videoUrl ?? '';
	const execution = await stage.run(
		{ operation: 'download', videoUrl: link, outputField: 'film' },
		itemsOf({ row: 7 }),
		{ credentials: [] },
	);
	expect(jsonOf(execution)).toEqual([{ row: 7, videoUrl: link }]);
	expect(execution.items('Kling')[0]?.binary?.film).toMatchObject({
		mimeType: 'video/mp4',
		fileName: 'kling-video.mp4',
	});
});

test('an operation that does not exist is refused in words', async () => {
	expect(thrown(await stage.run({ operation: 'upscale' }))).toContain('The operation "upscale" is not known');
});
