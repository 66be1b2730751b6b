import type { JsonObject } from '../../nodes/core/json';
import { ENDPOINT, startBench, type Answer, type Bench } from './client';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const healthStatus = async (): Promise<number> => (await bench.runpod(`${ENDPOINT}/health`)).status;

describe('from another process', () => {
	const control = async (path: string, body?: JsonObject): Promise<Answer> =>
		await bench.ask(`${bench.emulator.url}/_control/${path}`, body === undefined ? { method: 'POST' } : { body });

	test('rules and scripts are given, jobs and requests are read, and all is reset', async () => {
		const reply = { status: 503 };
		expect((await control('misbehave', { when: { call: 'health', first: 1 }, do: { reply } })).status).toBe(204);
		expect((await control('script', { job: { endsAs: 'failed' } })).status).toBe(204);
		expect([await healthStatus(), await healthStatus()]).toEqual([503, 200]);
		await bench.createRunpod();
		const read = async (path: string): Promise<unknown> =>
			JSON.parse((await bench.ask(`${bench.emulator.url}/_control/${path}`)).text);
		expect(await read('jobs')).toEqual([expect.objectContaining({ number: 1, endsAs: 'failed' })]);
		expect(await read('requests')).toHaveLength(3);
		expect(await read('deliveries')).toEqual([]);
		expect((await control('reset')).status).toBe(204);
		expect(await read('jobs')).toEqual([]);
	});

	test('an endpoint is retired, and clips get another length, until all is reset', async () => {
		const priceOfMotion = async (): Promise<number | undefined> => {
			const { imageUrl: image, clipUrl: video } = bench.emulator;
			const input = { image, video, character_orientation: 'image' };
			await bench.runpod('/kling-v2-6-std-motion-control/run', { body: { input } });
			return bench.emulator.jobs().at(-1)?.price?.amount;
		};
		expect((await control('retire', { endpointId: ENDPOINT.slice(1) })).status).toBe(204);
		expect((await control('clipLength', { seconds: 8 })).status).toBe(204);
		expect([await healthStatus(), await priceOfMotion()]).toEqual([404, 0.63]);
		expect((await control('reset')).status).toBe(204);
		expect([await healthStatus(), await priceOfMotion()]).toEqual([200, 0.42]);
	});

	test('what says nothing of what it wants is refused', async () => {
		expect((await control('misbehave', { when: {} })).status).toBe(400);
		expect((await control('script', { do: {} })).status).toBe(400);
		expect((await control('retire', { endpoint: 'x' })).status).toBe(400);
		expect((await control('clipLength', { seconds: '8' })).status).toBe(400);
	});
});

test('a thousand jobs are created and looked at', async () => {
	for (let batch = 0; batch < 20; batch += 1) {
		await Promise.all(Array.from({ length: 50 }, async () => await bench.createCoreToday()));
	}
	const ids = bench.emulator.jobs().map(({ id }) => id);
	for (let from = 0; from < 1000; from += 50) {
		const looks = ids.slice(from, from + 50).map(async (id) => await bench.coreToday(`/predictions/${id}`));
		expect((await Promise.all(looks)).every(({ status }) => status === 200)).toBe(true);
	}
	expect(ids).toHaveLength(1000);
});
