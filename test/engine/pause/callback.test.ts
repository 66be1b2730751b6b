import { providerNames } from '../../support/apis';
import { checksOf, expectVideos, setCalledStage, type CalledStage } from './parking';
import { FROM_ITEM, kling, shots } from '../scenes';

let stage: CalledStage;
beforeAll(async () => (stage = await setCalledStage({ emulator: { jobTimes: { queueMs: 0, runMs: 15_000 } } })));
beforeEach(() => stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } }));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const urlOf = (index = 0) => stage.emulator.jobs()[index]?.webhookUrl;
const ended = async () => await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'completed'));

/** Calls the first job's URL; the status of the answer, and whether the execution went on. */
async function call(body: unknown, webhookUrl = urlOf()): Promise<{ status: number; wentOn: boolean }> {
	const { response, done } = stage.call(webhookUrl, body);
	const { status } = await response;
	return { status, wentOn: (await done) !== undefined };
}

const withoutItem = (webhookUrl: string | undefined): string => {
	const url = new URL(String(webhookUrl));
	url.searchParams.delete('klingItem');
	return url.href;
};

const BODIES: Array<[string, unknown]> = [
	['an empty body', {}],
	['a forged end', { id: 'forged', status: 'COMPLETED', output: { video_url: 'https://evil.example/x.mp4' } }],
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
	test('whatever a body says while the job runs, the execution stays parked; afterwards it goes on with the truth', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		const parked = await stage.park({ provider });
		for (const [, body] of BODIES) {
			expect(await call(body)).toEqual({ status: 503, wentOn: false });
			expect(await call(body, withoutItem(urlOf()))).toEqual({ status: 200, wentOn: false });
		}
		expect(parked.status).toBe('waiting');
		await stage.endJob();
		const execution = await stage.call(urlOf(), BODIES[1]?.[1]).done;
		expect(execution?.items('Kling').map(({ json }) => json.status)).toEqual(['cancelled']);
	});

	test.each(BODIES)('after the end, %s lets the execution go on with the truth, once', async (_name, body) => {
		await stage.park({ provider, ...FROM_ITEM }, shots(1));
		await ended();
		expect(await call(body, withoutItem(urlOf()))).toEqual({ status: 200, wentOn: true });
		expect(await call(body)).toEqual({ status: 409, wentOn: false });
	});

	test('ten callbacks at once resume once', async () => {
		await stage.park({ provider, ...FROM_ITEM }, shots(1));
		await ended();
		const calls = Array.from({ length: 10 }, () => stage.call(urlOf()));
		const executions = (await Promise.all(calls.map(async ({ done }) => await done))).filter(
			(execution) => execution !== undefined,
		);
		expect(executions).toHaveLength(1);
		const statuses = await Promise.all(calls.map(async ({ response }) => (await response).status));
		expect(statuses).toEqual(statuses.map(() => 200));
		expect(stage.emulator.requests().filter(({ call: name }) => name === 'video')).toHaveLength(1);
	});

	test('ten callbacks of ten jobs at once resume once, with all ten in order', async () => {
		await stage.park({ provider, ...FROM_ITEM }, shots(10));
		await ended();
		const calls = stage.emulator.jobs().map(({ webhookUrl }) => stage.call(webhookUrl));
		const executions = (await Promise.all(calls.map(async ({ done }) => await done))).filter(
			(execution) => execution !== undefined,
		);
		expect(executions).toHaveLength(1);
		const [execution] = executions;
		if (execution !== undefined) await expectVideos(stage, execution, 10);
	});

	test('200 forged callbacks cause few status checks, and the true one still gets through', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		await stage.park({ provider });
		const [before, startMs] = [checksOf(stage), stage.clock.now()];
		const forged = Array.from({ length: 200 }, () => stage.call(urlOf(), { id: 'forged' }));
		await Promise.all(forged.slice(0, 13).map(async ({ response }) => await response));
		await stage.endJob();
		const calls = [...forged, stage.call(urlOf())];
		const executions = (await Promise.all(calls.map(async ({ done }) => await done))).filter(
			(execution) => execution !== undefined,
		);
		expect(executions.map(({ status }) => status)).toEqual(['success']);
		// Thirteen at once, then one in ten seconds.
		expect(checksOf(stage) - before).toBeLessThanOrEqual(14 + (stage.clock.now() - startMs) / 10_000);
		const statuses = await Promise.all(calls.map(async ({ response }) => (await response).status));
		expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(150);
	});

	test('a callback that came too early is not accepted, so that the provider calls again', async () => {
		await stage.park({ provider });
		expect(await call({})).toEqual({ status: 503, wentOn: false });
		await ended();
		expect(await call({})).toEqual({ status: 200, wentOn: true });
	});

	test('the end of one job of two is noted; the end of the other lets both go on', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { runMs: 60_000 } });
		await stage.park({ provider }, shots(2));
		await stage.until(() => stage.emulator.jobs()[0]?.phase === 'completed');
		expect(await call({}, urlOf(0))).toEqual({ status: 200, wentOn: false });
		expect(await call({}, urlOf(1))).toEqual({ status: 503, wentOn: false });
		await ended();
		expect(await call({}, urlOf(1))).toEqual({ status: 200, wentOn: true });
	});

	test.each([
		['is down', { reply: { status: 503 } }],
		['answers nonsense', { reply: { status: 200, body: '<html>' } }],
		['knows the key no more', { reply: { status: 401, body: { error: 'bad key' } } }],
		['knows the job no more', { reply: { status: 404, body: { error: 'job not found' } } }],
		['cuts the connection', { cut: 'before' as const }],
		['is redirected', { redirect: { to: 'https://evil.example/' } }],
	])(
		'while the provider %s the execution stays parked, and a later callback gets the video',
		async (_name, trouble) => {
			await stage.park({ provider, ...FROM_ITEM }, shots(1));
			await ended();
			stage.emulator.misbehave({ when: { call: 'status', first: 2 }, do: trouble });
			expect(await call({})).toEqual({ status: 503, wentOn: false });
			expect(await call({})).toEqual({ status: 503, wentOn: false });
			const { done } = stage.call(urlOf());
			const execution = await done;
			expect(kling(execution ?? (await stage.resumed()))).toMatchObject([{ status: 'completed' }]);
		},
	);

	test('a video that cannot be fetched lets the execution go on with its link', async () => {
		stage.emulator.misbehave({ when: { call: 'video' }, do: { reply: { status: 403 } } });
		await stage.park({ provider });
		await ended();
		const execution = await stage.call(urlOf()).done;
		expect(execution?.items('Kling')[0]?.json).toMatchObject({
			status: 'completed',
			videoUrl: stage.emulator.jobs()[0]?.videoUrl,
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
	await stage.park({ provider: 'runpod', downloadVideo: false });
	await stage.park({ provider: 'runpod', downloadVideo: false });
	const [one, two] = stage.emulator
		.requests()
		.flatMap(({ call: name, body }) => (name === 'submit' ? [webhookIn(body)] : []));
	expect(await call({}, one)).toEqual({ status: 200, wentOn: true });
	expect(await call({}, two)).toEqual({ status: 503, wentOn: false });
});

function webhookIn(body: unknown): string {
	return typeof body === 'object' && body !== null && 'webhook' in body ? String(body.webhook) : '';
}
