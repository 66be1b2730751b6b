import runpodSdk from 'runpod-sdk';
import { defined } from '../support/defined';
import { passing, startBench, type Bench } from './client';

/** Kling v2.1; the client puts the slash before it by itself. */
const ENDPOINT_ID = 'kling-v2-1-i2v-pro';
const QUEUE_MS = 10_000;
const RUN_MS = 60_000;

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const payload = () => ({ input: { prompt: 'a walk', image: bench.emulator.imageUrl } });

function endpointOf(apiKey: string, endpointId = ENDPOINT_ID) {
	return defined(
		runpodSdk(apiKey, { baseUrl: bench.emulator.runpodUrl }).endpoint(endpointId) ?? undefined,
		'endpoint',
	);
}

describe("Runpod's own client takes the emulator for Runpod:", () => {
	const endpoint = () => endpointOf(bench.emulator.keys.runpod);

	test('it reads the health of an endpoint', async () => {
		await endpoint().run(payload());
		const { jobs, workers } = await endpoint().health();
		expect(jobs).toEqual({ completed: 0, failed: 0, inProgress: 0, inQueue: 1, retried: 0 });
		expect(workers).toMatchObject({ idle: 1, initializing: 0, ready: 1, running: 0, throttled: 0 });
	});

	test('it submits a job and follows it to its video', async () => {
		const { id, status } = await endpoint().run(payload());
		expect(status).toBe('IN_QUEUE');
		expect(await endpoint().status(id)).toMatchObject({ id, status: 'IN_QUEUE', completed: false });
		await bench.clock.advance(QUEUE_MS);
		expect(await endpoint().status(id)).toMatchObject({ id, status: 'IN_PROGRESS', completed: false });
		await bench.clock.advance(RUN_MS);
		const [job] = bench.emulator.jobs();
		expect(await endpoint().status(id)).toMatchObject({
			id,
			completed: true,
			succeeded: true,
			output: { video_url: job?.videoUrl, cost: 0.45 },
			delayTime: QUEUE_MS,
			executionTime: RUN_MS,
		});
	});

	test('its runSync is answered with the video of the one job that it made', async () => {
		const ended = await passing(bench.clock, endpoint().runSync(payload()));
		const [job, ...others] = bench.emulator.jobs();
		expect(others).toEqual([]);
		expect(ended).toMatchObject({ id: job?.id, status: 'COMPLETED', output: { video_url: job?.videoUrl } });
	});

	test('it cancels a job', async () => {
		const { id } = await endpoint().run(payload());
		expect(await endpoint().cancel(id)).toEqual({ id, status: 'CANCELLED' });
		expect(await endpoint().status(id)).toMatchObject({ id, status: 'CANCELLED', completed: true, succeeded: false });
	});

	test('it is told no to a wrong key, a gone endpoint and a wrong input, and no job is made', async () => {
		const statusOf = async (answer: Promise<unknown>) =>
			await answer.catch((error: { response?: { status?: number } }) => error.response?.status);
		expect(await statusOf(endpointOf('rpa_wrong').run(payload()))).toBe(401);
		expect(await statusOf(endpointOf(bench.emulator.keys.runpod, 'gone').run(payload()))).toBe(404);
		expect(await statusOf(endpoint().run({ input: { ...payload().input, duration: 4 } }))).toBe(400);
		expect(bench.emulator.jobs()).toEqual([]);
	});
});
