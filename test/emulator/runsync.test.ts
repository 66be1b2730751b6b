import { asText } from '../../nodes/core/json';
import { ENDPOINT, eventually, passing, startBench, type Answer, type Bench } from './client';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const QUEUE_MS = 10_000;
const RUN_MS = 60_000;

describe('/runsync', () => {
	async function hold(wait: string, ms: number): Promise<Answer> {
		const body = { input: { prompt: 'a walk', image: bench.emulator.imageUrl } };
		const answered = bench.runpod(`${ENDPOINT}/runsync${wait}`, { body });
		await eventually(() => bench.emulator.jobs().length === 1);
		await bench.clock.advance(ms);
		return await answered;
	}

	test('holds until the job ends, and keeps its record one minute', async () => {
		const { status, json } = await hold('', QUEUE_MS + RUN_MS);
		expect([status, json?.status, json?.id]).toEqual([
			200,
			'COMPLETED',
			expect.stringMatching(/^sync-[0-9a-f-]{36}-u1$/),
		]);
		const path = `${ENDPOINT}/status/${asText(json?.id)}`;
		await bench.clock.advance(59_999);
		expect((await bench.runpod(path)).status).toBe(200);
		await bench.clock.advance(1);
		expect((await bench.runpod(path)).status).toBe(404);
	});

	test('answers 200 with a job that still runs once its wait is over', async () => {
		const { status, json } = await hold('?wait=20000', 20_000);
		expect([status, json?.status]).toEqual([200, 'IN_PROGRESS']);
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		expect((await bench.runpod(`${ENDPOINT}/status/${asText(json?.id)}`)).json?.status).toBe('COMPLETED');
	});
});

describe("Runpod's rate limits", () => {
	test('the 101st cancel within 10 s is answered 429 with Retry-After', async () => {
		const id = asText((await bench.createRunpod()).json?.id) ?? '';
		const path = `${ENDPOINT}/cancel/${id}`;
		const statuses: number[] = [];
		for (let count = 0; count < 100; count += 1) {
			statuses.push((await bench.runpod(path, { method: 'POST' })).status);
		}
		expect(new Set(statuses)).toEqual(new Set([200]));
		const refused = await bench.runpod(path, { method: 'POST' });
		expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
		await bench.clock.advance(10_000);
		expect((await bench.runpod(path, { method: 'POST' })).status).toBe(200);
	});

	test('no more than 20 cancels are worked on at once', async () => {
		const id = asText((await bench.createRunpod()).json?.id) ?? '';
		bench.emulator.misbehave({ when: { call: 'cancel', first: 20 }, do: { slow: { bytesPerSecond: 1 } } });
		const path = `${ENDPOINT}/cancel/${id}`;
		const slow = Array.from({ length: 20 }, async () => await bench.runpod(path, { method: 'POST' }));
		await eventually(() => bench.emulator.requests().filter(({ call }) => call === 'cancel').length === 20);
		expect((await bench.runpod(path, { method: 'POST' })).status).toBe(429);
		await passing(bench.clock, Promise.all(slow));
		expect((await bench.runpod(path, { method: 'POST' })).status).toBe(200);
	});
});
