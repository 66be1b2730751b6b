import { providerNames } from '../../support/apis';
import { FROM_ITEM, itemsWithPictures, shots } from '../items';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ callbacks: true })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** Stops a run of three items that is about to pause, once that many calls of a kind have arrived. */
async function stopAfter(call: 'submit' | 'status', count: number, parameters: Record<string, unknown>) {
	const running = stage.start({ ...FROM_ITEM, ...parameters, completion: 'callback' }, shots(3));
	await stage.until(() => stage.requests(call).length >= count);
	running.stop();
	return await running.done;
}

describe.each(providerNames)('Stop at %s leaves no job behind', (provider) => {
	test('while the jobs are submitted', async () => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs: 6_000 } });
		expect((await stopAfter('submit', 3, { provider })).status).toBe('canceled');
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});

	test('while others still wait for their turn to be submitted, which then are not', async () => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs: 6_000 } });
		const execution = await stopAfter('submit', 2, { provider, options: { maxConcurrency: 1 } });
		expect(execution.status).toBe('canceled');
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled']);
	});

	test('during the last status calls before the execution pauses', async () => {
		stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: 6_000 } });
		expect((await stopAfter('status', 1, { provider })).status).toBe('canceled');
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});

	test('during the last status calls, of which some have been answered', async () => {
		stage.emulator.misbehave({ when: { call: 'status', skip: 2 }, do: { delayMs: 6_000 } });
		const running = stage.start({ ...FROM_ITEM, provider, completion: 'callback' }, shots(3));
		const answered = () => stage.requests('status').filter(({ answeredStatus }) => answeredStatus !== undefined);
		await stage.until(() => answered().length === 2 && stage.requests('status').length === 3);
		running.stop();
		expect((await running.done).status).toBe('canceled');
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});

	test('and fetches no video of a job that had ended', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { queueMs: 0, runMs: 0 } });
		for (const jobNumber of [2, 3]) {
			stage.emulator.misbehave({ when: { call: 'status', jobNumber }, do: { delayMs: 6_000 } });
		}
		const running = stage.start({ ...FROM_ITEM, provider, completion: 'callback' }, shots(3));
		const asked = () => stage.requests('status').filter(({ jobId }) => jobId !== stage.job().id);
		await stage.until(() => stage.jobs().length === 3 && asked().length === 2);
		running.stop();
		await running.done;
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['completed', 'cancelled', 'cancelled']);
		expect(stage.requests('video')).toEqual([]);
	});

	test('nor is a video cancelled that an earlier run in the editor had finished', async () => {
		const flow = {
			...stage.workflow({ ...FROM_ITEM, provider, completion: 'wait', downloadVideo: false }),
			id: 'left',
		};
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'NSFW content' } });
		await stage.engine.run(flow, { items: shots(2), mode: 'manual' });
		stage.emulator.misbehave({ when: { call: 'submit', jobNumber: 3 }, do: { hang: 'before' } });
		const pausing = stage.workflow({ ...FROM_ITEM, provider, completion: 'callback', downloadVideo: false });
		const running = stage.engine.start({ ...pausing, id: 'left' }, { items: shots(2), mode: 'manual' });
		await stage.until(() => stage.requests('submit').length === 3);
		running.stop();
		await running.done;
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['completed', 'failed']);
		expect(stage.requests('cancel')).toEqual([]);
	});

	test('soon, though one of the submits hangs', async () => {
		stage.emulator.misbehave({ when: { call: 'submit', jobNumber: 3 }, do: { hang: 'before' } });
		const running = stage.start({ ...FROM_ITEM, provider, completion: 'callback' }, shots(3));
		await stage.until(() => stage.jobs().length === 2 && stage.requests('submit').length === 3);
		running.stop();
		await running.done;
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled']);
	});

	test('soon, though the provider answers the last status calls with Retry-After', async () => {
		const quiet = { reply: { status: 429, headers: { 'retry-after': '55' } } };
		stage.emulator.misbehave({ when: { call: 'status', first: 3 }, do: quiet });
		await stopAfter('status', 3, { provider });
		expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});
});

describe.each(['wait', 'callback'])('Stop with completion %s', (completion) => {
	test('cancels a job that Runpod does not show yet as soon as it does', async () => {
		stage.emulator.script({ job: { invisibleMs: 12_000, runMs: 100_000 } });
		stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: 3_000 } });
		const running = stage.start({ provider: 'runpod', completion });
		await stage.until(() => stage.jobs().length === 1);
		running.stop();
		await running.done;
		await stage.until(() => stage.jobs().every(({ phase }) => phase === 'cancelled'));
		expect(stage.requests('cancel').map(({ answeredStatus }) => answeredStatus)).toContain(404);
	});
});

test('Stop uploads nothing more, and leaves no job behind, though an upload hangs', async () => {
	stage.emulator.misbehave({ when: { call: 'uploadForm', skip: 1 }, do: { hang: 'before' } });
	const form = { provider: 'coreToday', startImageSource: 'binary', completion: 'callback' };
	const running = stage.start(form, itemsWithPictures(2));
	await stage.until(() => stage.jobs().length === 1 && stage.requests('uploadForm').length === 2);
	running.stop();
	await running.done;
	expect(stage.jobs()).toMatchObject([{ phase: 'cancelled' }]);
	expect(stage.requests('uploadForm')).toHaveLength(2);
});
