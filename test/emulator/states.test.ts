import { asText, type JsonObject } from '../../nodes/core/json';
import { ENDPOINT, startBench, type Answer, type Bench } from './client';
import type { JobScript, OutputShape } from './index';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const QUEUE_MS = 10_000;
const RUN_MS = 60_000;

function videoUrl(): string {
	return bench.emulator.jobs()[0]?.videoUrl ?? '';
}

describe('a job at Core.Today', () => {
	async function create(job: JobScript = {}): Promise<string> {
		bench.emulator.script({ job });
		const { json } = await bench.createCoreToday();
		return asText(json?.job_id) ?? asText(json?.id) ?? '';
	}
	const look = async (id: string): Promise<Answer> => await bench.coreToday(`/predictions/${id}`);
	const cancel = async (id: string): Promise<Answer> =>
		await bench.coreToday(`/predictions/${id}`, { method: 'DELETE' });

	test("walks from pending to completed, in the words of the model's page", async () => {
		const createdAt = new Date(bench.clock.now()).toISOString();
		const { status, json } = await bench.createCoreToday();
		const expected = {
			job_id: asText(json?.job_id),
			status: 'pending',
			provider: 'replicate',
			model: 'black-forest-labs/flux-schnell',
			created_at: createdAt,
			result: null,
			error: null,
		};
		expect([status, json]).toEqual([200, expected]);
		const id = expected.job_id ?? '';
		await bench.clock.advance(QUEUE_MS);
		expect((await look(id)).json).toEqual({ ...expected, status: 'processing' });
		await bench.clock.advance(RUN_MS);
		expect((await look(id)).json).toEqual({ ...expected, status: 'completed', result: videoUrl() });
	});

	test("walks in the API reference's words too", async () => {
		const id = await create({ dialect: 'reference' });
		expect((await look(id)).json).toMatchObject({ id, status: 'starting', output: null });
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		const { json } = await look(id);
		expect(json).toMatchObject({ id, status: 'succeeded', output: [videoUrl()], model: 'kwaivgi/kling-v2.1' });
		expect(json).not.toHaveProperty('job_id');
	});

	test('fails with the error it was given, under the HTTP status it was given', async () => {
		const id = await create({ endsAs: 'failed', error: { message: 'content policy' }, errorHttpStatus: 400 });
		expect((await look(id)).status).toBe(200);
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		const { status, json } = await look(id);
		expect([status, json?.status, json?.error, json?.result]).toEqual([
			400,
			'failed',
			{ message: 'content policy' },
			null,
		]);
	});

	test('is cancelled with an empty 204, and once ended cannot be', async () => {
		const id = await create();
		const answer = await cancel(id);
		expect([answer.status, answer.text]).toEqual([204, '']);
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		expect((await look(id)).json).toMatchObject({ status: 'cancelled', result: null });
		expect((await cancel(id)).status).toBe(400);
	});

	test('answers a cancel with the job, or ignores it, where it was told to', async () => {
		const first = await create({ cancelReply: 'json' });
		expect((await cancel(first)).json).toMatchObject({ job_id: first, status: 'cancelled' });
		bench.emulator.reset();
		const second = await create({ ignoresCancel: true });
		expect((await cancel(second)).status).toBe(204);
		expect((await look(second)).json?.status).toBe('pending');
	});

	test('is not found under an id that nobody was given', async () => {
		expect((await look('nobody')).status).toBe(404);
		expect((await cancel('nobody')).status).toBe(404);
	});

	test.each<[OutputShape, (url: string) => JsonObject]>([
		['array', (url) => ({ result: [url] })],
		['url', (url) => ({ result: { url } })],
		['video_url', (url) => ({ result: { video_url: url } })],
		['public_url', (url) => ({ result: null, public_url: url })],
		['none', () => ({ result: null })],
	])('gives its link as %s where it was told to', async (outputShape, expected) => {
		const id = await create({ outputShape });
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		expect((await look(id)).json).toMatchObject(expected(videoUrl()));
	});
});

describe('a job at Runpod', () => {
	async function create(job: JobScript = {}, extras: JsonObject = {}): Promise<string> {
		bench.emulator.script({ job });
		return asText((await bench.createRunpod({}, extras)).json?.id) ?? '';
	}
	const look = async (id: string): Promise<Answer> => await bench.runpod(`${ENDPOINT}/status/${id}`);
	const cancel = async (id: string): Promise<Answer> =>
		await bench.runpod(`${ENDPOINT}/cancel/${id}`, { method: 'POST' });
	const gone = [404, { status: 404, title: 'Not Found', detail: 'job not found' }];

	test('walks from IN_QUEUE to COMPLETED with its times and its cost', async () => {
		const { status, json } = await bench.createRunpod({ duration: 10 });
		const id = asText(json?.id) ?? '';
		expect([status, json]).toEqual([200, { id: expect.stringMatching(/^[0-9a-f-]{36}-u1$/), status: 'IN_QUEUE' }]);
		await bench.clock.advance(QUEUE_MS);
		const running = { id, status: 'IN_PROGRESS', delayTime: QUEUE_MS, workerId: 'oqk7ao1uomckye' };
		expect((await look(id)).json).toEqual(running);
		await bench.clock.advance(RUN_MS);
		const output = { video_url: videoUrl(), cost: 0.9 };
		expect((await look(id)).json).toEqual({ ...running, status: 'COMPLETED', executionTime: RUN_MS, output });
	});

	test('is gone 30 minutes after its end', async () => {
		const id = await create();
		await bench.clock.advance(QUEUE_MS + RUN_MS + 30 * 60_000 - 1);
		expect((await look(id)).status).toBe(200);
		await bench.clock.advance(1);
		const answer = await look(id);
		expect([answer.status, answer.json]).toEqual(gone);
	});

	test('is deleted when its ttl expires, even in the middle of its run', async () => {
		const id = await create({}, { policy: { ttl: 20_000 } });
		await bench.clock.advance(20_000);
		const answer = await look(id);
		expect([answer.status, answer.json]).toEqual(gone);
	});

	test('times out when it runs longer than its policy allows', async () => {
		const id = await create({}, { policy: { executionTimeout: 5000 } });
		await bench.clock.advance(QUEUE_MS + 5000);
		expect((await look(id)).json).toMatchObject({ status: 'TIMED_OUT', executionTime: 5000 });
	});

	test('is not visible, and vanishes, when it was told to', async () => {
		const id = await create({ invisibleMs: 3000, vanishAfterMs: 5000 });
		expect((await look(id)).status).toBe(404);
		await bench.clock.advance(3000);
		expect((await look(id)).status).toBe(200);
		await bench.clock.advance(2000);
		expect((await look(id)).status).toBe(404);
	});

	test('fails with whatever error it was given', async () => {
		const error = '{"error_message":"Invalid image URL"}';
		const id = await create({ endsAs: 'failed', error, errorHttpStatus: 400 });
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		const answer = await look(id);
		expect([answer.status, answer.json?.status, answer.json?.error]).toEqual([400, 'FAILED', error]);
	});

	test('is cancelled; a job that has ended stays as it ended', async () => {
		const id = await create();
		expect((await cancel(id)).json).toEqual({ id, status: 'CANCELLED' });
		expect((await look(id)).json).toEqual({ id, status: 'CANCELLED' });
		const done = await create({});
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		expect((await cancel(done)).json).toEqual({ id: done, status: 'COMPLETED' });
		expect(bench.emulator.jobs()[1]).not.toHaveProperty('cancelledAtMs');
	});

	test('keeps running for ever, says unknown words, or goes backwards, when it was told to', async () => {
		const words = await create({ endsAs: 'never', statusWords: { running: 'WARMING_UP' }, backwards: true });
		await bench.clock.advance(QUEUE_MS);
		expect((await look(words)).json?.status).toBe('WARMING_UP');
		await bench.clock.advance(RUN_MS / 2);
		expect((await look(words)).json?.status).toBe('IN_QUEUE');
		await bench.clock.advance(24 * 3_600_000 - QUEUE_MS - RUN_MS);
		expect((await look(words)).json?.status).toBe('WARMING_UP');
	});

	test('reports an error inside of its output while it says IN_PROGRESS, when it was told to', async () => {
		const id = await create({ outputShape: 'errorInOutput', error: { code: 400 } });
		await bench.clock.advance(QUEUE_MS + RUN_MS);
		const output = { status: 'error', error: { code: 400 } };
		expect((await look(id)).json).toMatchObject({ status: 'IN_PROGRESS', output });
	});

	test('exists and is paid for even if its submit did not name it', async () => {
		bench.emulator.script({ job: { withoutId: true } });
		expect((await bench.createRunpod()).json).toEqual({ status: 'IN_QUEUE' });
		expect(bench.emulator.jobs()).toHaveLength(1);
	});

	test('belongs to its endpoint and its provider', async () => {
		const id = await create();
		expect((await bench.runpod(`/another/status/${id}`)).json).toEqual({ error: 'endpoint not found' });
		expect((await bench.coreToday(`/predictions/${id}`)).status).toBe(404);
	});

	test('is counted by the health call', async () => {
		await create();
		await bench.clock.advance(QUEUE_MS);
		expect((await bench.runpod(`${ENDPOINT}/health`)).json).toMatchObject({
			jobs: { inProgress: 1, inQueue: 0 },
			workers: { running: 1 },
		});
	});
});
