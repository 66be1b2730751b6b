import { providerNames } from '../../support/apis';
import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { errorOf, itemOf, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ factor: 100 })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const submitted = async (provider: string, rows = itemsOf({})) => await stage.submit({ provider }, rows);

describe.each(providerNames)('a job at %s', (provider) => {
	test('Wait on a job that has ended returns at once, after one status call', async () => {
		const items = await submitted(provider);
		await stage.clock.sleep(60_000);
		const startMs = stage.clock.now();
		const execution = await stage.run({ operation: 'wait', provider }, items);
		expect(outputOf(execution)).toEqual([expect.objectContaining({ status: 'completed' })]);
		expect(execution.items('Kling')[0]?.binary?.data).toMatchObject({ mimeType: 'video/mp4' });
		expect(stage.requests('status')).toHaveLength(1);
		expect(stage.clock.now() - startMs).toBeLessThan(20_000);
	});

	test('From Input reads the provider, the model and the submit time from the item', async () => {
		const [item] = await submitted(provider);
		const execution = await stage.run({ operation: 'getStatus' }, item === undefined ? [] : [item]);
		const { model, timing, jobId } = item?.json ?? {};
		expect(outputOf(execution)).toEqual([expect.objectContaining({ jobId, provider, model, timing })]);
	});

	test("Output Raw adds the provider's last reply, and nothing else differs", async () => {
		const items = await submitted(provider);
		const plain = await stage.run({ operation: 'wait', provider, downloadVideo: false }, items);
		const raw = await stage.run(
			{ operation: 'wait', provider, downloadVideo: false, options: { output: 'raw' } },
			items,
		);
		const [json] = outputOf(raw);
		expect(json?.raw).toEqual(await (await stage.askApi('status')).json());
		expect(Object.keys(json ?? {}).filter((key) => key !== 'raw')).toEqual(Object.keys(outputOf(plain)[0] ?? {}));
	});

	test('a job that Get Status sees fail is data with its reason, not an error', async () => {
		stage.emulator.script({ job: { endsAs: 'failed', error: 'Invalid image URL' } });
		const items = await submitted(provider);
		await stage.clock.sleep(60_000);
		const execution = await stage.run({ operation: 'getStatus', provider }, items);
		expect(execution.status).toBe('success');
		expect(outputOf(execution)).toEqual([
			expect.objectContaining({
				status: 'failed',
				failure: expect.objectContaining({ message: 'Invalid image URL', code: 'invalid_input', retryable: false }),
			}),
		]);
		expect(outputOf(execution)[0]).not.toHaveProperty('error');
	});

	test('Route by Status sends each job out by the output that fits, under every On Error', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed' } });
		stage.emulator.script({ when: { jobNumber: 4 }, job: { runMs: 10_000_000 } });
		const items = await submitted(provider, itemsOf({}, {}, {}, {}));
		await stage.run({ operation: 'cancel', provider }, items.slice(2, 3));
		await stage.clock.sleep(60_000);
		for (const onError of ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput']) {
			const execution = await stage.run({ operation: 'getStatus', provider, routeByStatus: true }, items, { onError });
			const routed = [0, 1, 2].map((output) => execution.items('Kling', output).map(({ pairedItem }) => pairedItem));
			expect(routed).toEqual([[{ item: 0 }], [{ item: 3 }], [{ item: 1 }, { item: 2 }]]);
		}
	});

	test('Cancel says what the API says: a job that has already ended stays completed', async () => {
		const items = await submitted(provider);
		await stage.clock.sleep(60_000);
		const execution = await stage.run({ operation: 'cancel', provider }, items);
		expect(outputOf(execution)).toEqual([
			expect.objectContaining({ status: 'completed', videoUrl: stage.job().videoUrl }),
		]);
	});

	test('a cancel whose answer is lost is followed by a status call, whose answer counts', async () => {
		const items = await submitted(provider);
		stage.emulator.misbehave({ when: { call: 'cancel' }, do: { cut: 'after' } });
		const execution = await stage.run({ operation: 'cancel', provider }, items);
		expect(outputOf(execution)).toEqual([expect.objectContaining({ status: 'cancelled' })]);
		expect(stage.requests('status').length).toBeGreaterThan(0);
	});

	test.each(['getStatus', 'wait', 'cancel'])(
		'%s answers the job ID of a dry run, and sends nothing',
		async (operation) => {
			const dry = await stage.run({ provider, options: { dryRun: true } });
			stage.reset();
			const execution = await stage.run({ operation, provider }, dry.items('Kling'));
			expect(outputOf(execution)).toMatchObject([{ jobId: 'dry-run-1', provider, dryRun: true }]);
			expect(stage.requests()).toEqual([]);
		},
	);
});

test('Download answers the link of a dry run, sends nothing, and keeps the rest of the row', async () => {
	const videoUrl = 'https://dry-run.invalid/dry-run-1.mp4';
	const execution = await stage.run({ operation: 'download' }, itemsOf({ row: 7, videoUrl }), { credentials: [] });
	expect(outputOf(execution)).toEqual([{ row: 7, videoUrl, dryRun: true }]);
	expect(execution.items('Kling')[0]?.binary?.data).toMatchObject({ fileName: 'kling-dry-run-1-sample.mp4' });
	expect(stage.requests()).toEqual([]);
});

test('a cancel at Core.Today that answers 204 and nothing is followed by a status call before "cancelled" is said', async () => {
	const items = await submitted('coreToday');
	const execution = await stage.run({ operation: 'cancel', provider: 'coreToday' }, items);
	expect(outputOf(execution)).toEqual([expect.objectContaining({ status: 'cancelled' })]);
	expect(
		stage.requests('submit', 'cancel', 'status').map(({ call, answeredStatus }) => [call, answeredStatus]),
	).toEqual([
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
	expect(outputOf(execution)).toEqual([expect.objectContaining({ jobId, provider: 'coreToday' })]);
	expect(outputOf(execution)[0]).not.toHaveProperty('model');
});

test('a submit time without a date or a time zone is ignored', async () => {
	const timesOf = async (submittedAt: string) => {
		const [item] = await submitted('runpod');
		const given = { ...item?.json, timing: { submittedAt } };
		return outputOf(await stage.run({ operation: 'getStatus' }, itemsOf(given))).map(({ timing }) => timing);
	};
	expect(await timesOf('2026-11-21T20:00:00Z')).toEqual([{ submittedAt: '2026-11-21T20:00:00.000Z' }]);
	for (const noTime of ['7 days', '12', '2026-11-21T20:00:00']) expect(await timesOf(noTime)).toEqual([undefined]);
});

test('a job that goes on after a cancel is not said to be cancelled', async () => {
	stage.emulator.script({ job: { ignoresCancel: true } });
	const items = await submitted('coreToday');
	const execution = await stage.run({ operation: 'cancel', provider: 'coreToday' }, items);
	expect(['pending', 'processing']).toContain(outputOf(execution)[0]?.status);
});

test('Download by a link alone needs no credential and sends none', async () => {
	await stage.run({ provider: 'runpod', downloadVideo: false });
	const link = stage.job().videoUrl ?? '';
	const execution = await stage.run(
		{ operation: 'download', videoUrl: link, outputField: 'film' },
		itemsOf({ row: 7 }),
		{ credentials: [] },
	);
	expect(outputOf(execution)).toEqual([{ row: 7, videoUrl: link }]);
	expect(execution.items('Kling')[0]?.binary?.film).toMatchObject({
		mimeType: 'video/mp4',
		fileName: 'kling-video.mp4',
	});
});

test.each([
	['as Telegram gives it', (link: string) => link],
	["inside a converter's link", (link: string) => `https://images.weserv.nl/?url=${encodeURIComponent(link)}`],
])('Download does not open a link with the token of a Telegram bot, %s, and does not repeat it', async (_name, of) => {
	const madeUp = 'AAF-abcdefghijklmnopqrstuvwxyz_12345';
	const videoUrl = of(`${stage.emulator.url}/file/bot7123456789:${madeUp}/videos/a.mp4`);
	const asked = { operation: 'download', videoUrl };
	const stopped = thrown(await stage.run(asked));
	const { message, description } = errorOf(itemOf(await stage.run(asked, undefined, CONTINUE)));
	for (const text of [stopped.text, message]) expect(text).toContain('has the token of your Telegram bot in it');
	expect(JSON.stringify([stopped, message, description])).not.toContain(madeUp);
	expect(stage.requests()).toEqual([]);
});

test('Download is told which part of a list is the link, as a table gives its attachments', async () => {
	const Video = [{ id: 'att1', url: 'https://example.com/a.mp4' }];
	const execution = await stage.run({ operation: 'download', videoUrl: '={{ $json.Video }}' }, itemsOf({ Video }));
	expect(thrown(execution).text).toContain('Video URL is a list, not a link: use …[0].url in the expression');
});

test('an operation that does not exist is refused by its name', async () => {
	expect(thrown(await stage.run({ operation: 'upscale' })).text).toContain('The operation "upscale" is not known');
});

test('From Input takes nothing from an item that is about another job', async () => {
	await stage.submit({ provider: 'runpod' });
	const job = stage.job();
	const timing = { submittedAt: '2026-01-01T00:00:00.000Z' };
	const items = itemsOf({ jobId: 'another', newJobId: job.id, provider: 'runpod', timing });
	const execution = await stage.run({ operation: 'wait', jobId: '={{ $json.newJobId }}' }, items);
	const [item] = outputOf(execution);
	expect(item).toMatchObject({ jobId: job.id, status: 'completed' });
	expect(JSON.stringify(item)).not.toContain('2026-01-01');
});

test('Download keeps the other fields of a row of which one is no JSON', async () => {
	await stage.run({ provider: 'runpod', downloadVideo: false });
	const job = stage.job();
	// As the Code node leaves it: n8n's own type of an item knows no such value.
	const row = { row: 7, customer: 'x', note: undefined, videoUrl: job.videoUrl } as never;
	const execution = await stage.run({ operation: 'download' }, itemsOf(row));
	expect(outputOf(execution)).toMatchObject([{ row: 7, customer: 'x', videoUrl: job.videoUrl }]);
});
