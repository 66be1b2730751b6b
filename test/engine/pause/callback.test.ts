import { asObject, asText } from '../../../nodes/core/json';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import type { Execution, WebhookCall } from '../harness/index';
import { FROM_ITEM, shots } from '../items';
import { expectVideos, itemOf, outputOf, statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ callbacks: true, emulator: { jobTimes: { queueMs: 0, runMs: 15_000 } } })),
);
beforeEach(() => stage.dropCallbacks());
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const urlOf = (index = 0) => stage.job(index).webhookUrl;

/** Calls the first job's URL; the status of the answer, and whether the execution went on. */
async function call(body: unknown, webhookUrl = urlOf()): Promise<{ status: number; wentOn: boolean }> {
	const { status, execution } = await stage.callBack(webhookUrl, body);
	return { status, wentOn: execution !== undefined };
}

/** The executions that these calls resumed, at their ends, and the statuses of the answers. */
async function outcomesOf(calls: readonly WebhookCall[]): Promise<{ resumed: Execution[]; statuses: number[] }> {
	const executions = await Promise.all(calls.map(async ({ done }) => await done));
	const responses = await Promise.all(calls.map(async ({ response }) => await response));
	return {
		resumed: executions.filter((execution) => execution !== undefined),
		statuses: responses.map(({ status }) => status),
	};
}

const withoutItem = (webhookUrl: string | undefined): string => {
	const url = new URL(String(webhookUrl));
	url.searchParams.delete('klingItem');
	return url.href;
};

const FORGED = { id: 'forged', status: 'COMPLETED', output: { video_url: 'https://evil.example/x.mp4' } };

const BODIES: Array<[string, unknown]> = [
	['an empty body', {}],
	['a forged end', FORGED],
	['another job', { job_id: '00000000-0000-0000-0000-000000000000', status: 'completed' }],
	['text', 'hello'],
	['a list', [1, 2, 3]],
	['nothing', null],
	['a number', 7],
	['1 MB of text', 'x'.repeat(1_000_000)],
	['1 MB of JSON', { id: 'x', output: { video_url: 'y'.repeat(1_000_000) } }],
	['a depth of 5000', JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)],
	['keys of the engine', { __proto__: { id: 'a' }, constructor: 'b', error: 'c', workflowData: [[{ json: {} }]] }],
];

describe.each(providerNames)('%s', (provider) => {
	test('whatever a body says while the job runs, the execution stays paused; then it goes on with what the API says', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		const paused = await stage.pause({ provider });
		for (const [, body] of BODIES) {
			expect(await call(body)).toEqual({ status: 503, wentOn: false });
			expect(await call(body, withoutItem(urlOf()))).toEqual({ status: 200, wentOn: false });
		}
		expect(paused.status).toBe('waiting');
		await stage.askApi('cancel');
		const { execution } = await stage.callBack(urlOf(), FORGED);
		expect(execution && statusesOf(execution)).toEqual(['cancelled']);
	});

	test.each(BODIES)(
		'once the job has ended, %s lets the execution go on, once, with what the API says',
		async (_name, body) => {
			await stage.pause({ provider, ...FROM_ITEM }, shots(1));
			await stage.jobsEnded();
			const { status, execution } = await stage.callBack(withoutItem(urlOf()), body);
			expect(status).toBe(200);
			const item = { json: expect.anything(), binary: expect.anything(), pairedItem: { item: 0 } };
			expect(execution?.items('Kling')).toEqual([item]);
			expect(await call(body)).toEqual({ status: 409, wentOn: false });
		},
	);

	test('ten callbacks at once resume the execution once', async () => {
		await stage.pause({ provider, ...FROM_ITEM }, shots(1));
		await stage.jobsEnded();
		const calls = Array.from({ length: 10 }, () => stage.startCallback(urlOf()));
		const { resumed, statuses } = await outcomesOf(calls);
		expect(resumed).toHaveLength(1);
		expect(statuses).toEqual(statuses.map(() => 200));
		expect(stage.requests('video')).toHaveLength(1);
	});

	test('callbacks of ten jobs at once resume the execution once, with all ten videos in order', async () => {
		await stage.pause({ provider, ...FROM_ITEM }, shots(10));
		await stage.jobsEnded();
		const calls = stage.jobs().map(({ webhookUrl }) => stage.startCallback(webhookUrl));
		const { resumed } = await outcomesOf(calls);
		expect(resumed).toHaveLength(1);
		await expectVideos(stage, at(resumed, 0), 10);
	});

	test('200 forged callbacks cause few status calls, and the true one still gets through', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		await stage.pause({ provider });
		const [before, startMs] = [stage.requests('status').length, stage.clock.now()];
		const forged = Array.from({ length: 200 }, () => stage.startCallback(urlOf(), { id: 'forged' }));
		await Promise.all(forged.slice(0, 13).map(async ({ response }) => await response));
		await stage.askApi('cancel');
		const calls = [...forged, stage.startCallback(urlOf())];
		const { resumed, statuses } = await outcomesOf(calls);
		expect(resumed.map(({ status }) => status)).toEqual(['success']);
		// Thirteen at once, then one in ten seconds.
		expect(stage.requests('status').length - before).toBeLessThanOrEqual(14 + (stage.clock.now() - startMs) / 10_000);
		expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(150);
	});

	test('a callback that came too early is not accepted, so that the provider calls again', async () => {
		await stage.pause({ provider });
		expect(await call({})).toEqual({ status: 503, wentOn: false });
		await stage.jobsEnded();
		expect(await call({})).toEqual({ status: 200, wentOn: true });
	});

	test('the end of one job of two is noted; the end of the other lets both go on', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { runMs: 60_000 } });
		await stage.pause({ provider }, shots(2));
		await stage.until(() => stage.job().phase === 'completed');
		expect(await call({}, urlOf(0))).toEqual({ status: 200, wentOn: false });
		expect(await call({}, urlOf(1))).toEqual({ status: 503, wentOn: false });
		await stage.jobsEnded();
		expect(await call({}, urlOf(1))).toEqual({ status: 200, wentOn: true });
	});

	test('a callback goes on over a short fault of the provider, as no other may come', async () => {
		await stage.pause({ provider });
		await stage.jobsEnded();
		stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: { reply: { status: 503 } } });
		expect(await call({})).toEqual({ status: 200, wentOn: true });
	});

	// A clear refusal is not asked about again; what may pass is asked four times. Runpod may not show a job at once.
	test.each([
		['is down', { reply: { status: 503 } }, 4],
		['answers nonsense', { reply: { status: 200, body: '<html>' } }, 4],
		['knows the key no more', { reply: { status: 401, body: { error: 'bad key' } } }, 1],
		[
			'knows the job no more',
			{ reply: { status: 404, body: { error: 'job not found' } } },
			provider === 'runpod' ? 4 : 1,
		],
		['cuts the connection', { cut: 'before' as const }, 4],
		['is redirected', { redirect: { to: 'https://evil.example/' } }, 4],
	])(
		'while the provider %s the execution stays paused, and a later callback gets the video',
		async (_name, trouble, times) => {
			await stage.pause({ provider, ...FROM_ITEM }, shots(1));
			await stage.jobsEnded();
			stage.emulator.misbehave({ when: { call: 'status', first: times }, do: trouble });
			expect(await call({})).toEqual({ status: 503, wentOn: false });
			const { execution } = await stage.callBack(urlOf());
			expect(outputOf(execution ?? (await stage.resumed()))).toMatchObject([{ status: 'completed' }]);
		},
	);

	test('a video that cannot be fetched lets the execution go on with its link', async () => {
		stage.emulator.misbehave({ when: { call: 'video' }, do: { reply: { status: 403 } } });
		await stage.pause({ provider });
		await stage.jobsEnded();
		const { execution } = await stage.callBack(urlOf());
		expect(execution && itemOf(execution).json).toMatchObject({
			status: 'completed',
			videoUrl: stage.job().videoUrl,
			downloadFailure: { message: expect.any(String) },
		});
	});
});

test("two executions whose jobs have one ID, at two accounts, do not take each other's end", async () => {
	const says = (status: string) => ({
		reply: { status: 200, body: { id: 'same-1', status, output: { video_url: stage.emulator.imageUrl } } },
	});
	stage.emulator.misbehave({ when: { call: 'submit' }, do: says('IN_QUEUE') });
	stage.emulator.misbehave({ when: { call: 'status', first: 2 }, do: says('IN_PROGRESS') });
	stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: says('COMPLETED') });
	stage.emulator.misbehave({ when: { call: 'status' }, do: says('IN_PROGRESS') });
	await stage.pause({ provider: 'runpod', downloadVideo: false });
	await stage.pause({ provider: 'runpod', downloadVideo: false });
	const [one, two] = stage.requests('submit').map(({ body }) => asText(asObject(body)?.webhook));
	expect(await call({}, one)).toEqual({ status: 200, wentOn: true });
	expect(await call({}, two)).toEqual({ status: 503, wentOn: false });
});
