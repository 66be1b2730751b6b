import { request } from 'undici';
import type { JsonValue } from '../../nodes/core/json';
import { ENDPOINT, eventually, passing, startBench, type Answer, type Bench } from './client';
import type { Misbehaviour, When } from './index';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const HEALTH = `${ENDPOINT}/health`;

async function healthStatuses(count: number): Promise<number[]> {
	const statuses: number[] = [];
	for (let index = 0; index < count; index += 1) statuses.push((await bench.runpod(HEALTH)).status);
	return statuses;
}

/** 1 where the rule applied, 0 where it did not, for as many health calls. */
async function applied(when: When, count: number): Promise<string> {
	bench.emulator.misbehave({ when: { call: 'health', ...when }, do: { reply: { status: 503 } } });
	return (await healthStatuses(count)).map((status) => (status === 503 ? 1 : 0)).join('');
}

describe('a rule applies', () => {
	test.each<[string, When, string]>([
		['always', {}, '111111'],
		['to the first two', { first: 2 }, '110000'],
		['after two', { skip: 2 }, '001111'],
		['to every third', { everyNth: 3 }, '001001'],
		['to every second after one, once', { skip: 1, everyNth: 2, first: 1 }, '001000'],
		['to its provider only', { provider: 'coreToday' }, '000000'],
		['to one of several calls', { call: ['status', 'health'] }, '111111'],
		['to other calls only', { call: 'status' }, '000000'],
	])('%s', async (_name, when, expected) => {
		expect(await applied(when, 6)).toBe(expected);
	});

	test('by chance, the same for the same seed', async () => {
		const first = await applied({ probability: 0.5, seed: 7 }, 40);
		bench.emulator.reset();
		expect(await applied({ probability: 0.5, seed: 7 }, 40)).toBe(first);
		expect(first).toMatch(/0/);
		expect(first).toMatch(/1/);
		bench.emulator.reset();
		expect(await applied({ probability: 0.5, seed: 8 }, 40)).not.toBe(first);
	});

	test('between two times since the start', async () => {
		bench.emulator.misbehave({ when: { fromMs: 1000, untilMs: 2000 }, do: { reply: { status: 503 } } });
		const statuses = [(await bench.runpod(HEALTH)).status];
		await bench.clock.advance(1000);
		statuses.push((await bench.runpod(HEALTH)).status);
		await bench.clock.advance(1000);
		statuses.push((await bench.runpod(HEALTH)).status);
		expect(statuses).toEqual([200, 503, 200]);
	});

	test('to one submit, and to the calls about one job', async () => {
		bench.emulator.misbehave({ when: { call: 'submit', jobNumber: 2 }, do: { reply: { status: 429 } } });
		const submits: number[] = [];
		for (let count = 0; count < 3; count += 1) submits.push((await bench.createRunpod()).status);
		expect(submits).toEqual([200, 429, 200]);
		bench.emulator.misbehave({ when: { call: 'status', jobNumber: 2 }, do: { reply: { status: 500 } } });
		const looks: number[] = [];
		for (const { id } of bench.emulator.jobs()) looks.push((await bench.runpod(`${ENDPOINT}/status/${id}`)).status);
		expect(looks).toEqual([200, 500]);
	});

	test('and it can be read afterwards which one applied, and to what', async () => {
		const { emulator, createRunpod } = bench;
		const busy = { reply: { status: 429 } };
		const slowJob = { runMs: 600_000 };
		emulator.misbehave({ when: { call: 'submit', jobNumber: 2 }, do: busy });
		emulator.script({ when: { jobNumber: 3 }, job: slowJob });
		for (let count = 0; count < 3; count += 1) await createRunpod();
		expect(emulator.strikes()).toEqual([
			{ what: busy, provider: 'runpod', call: 'submit', jobNumber: 2 },
			{ what: slowJob, provider: 'runpod', call: 'submit', jobNumber: 3 },
		]);
		emulator.reset();
		expect(emulator.strikes()).toEqual([]);
	});

	test('before every later rule, which does not count what it never saw', async () => {
		bench.emulator.misbehave({ when: { first: 2 }, do: { reply: { status: 500 } } });
		bench.emulator.misbehave({ when: { first: 2 }, do: { reply: { status: 503 } } });
		expect(await healthStatuses(5)).toEqual([500, 500, 503, 503, 200]);
	});
});

describe('a reply instead', () => {
	test('is sent as it was given, and no job is created', async () => {
		const reply = { status: 429, headers: { 'retry-after': '7' }, body: { error: 'slow down' } };
		bench.emulator.misbehave({ do: { reply } });
		const { status, headers, json } = await bench.createRunpod();
		expect([status, headers['retry-after'], json]).toEqual([429, '7', { error: 'slow down' }]);
		expect(headers['content-type']).toContain('application/json');
		expect(bench.emulator.jobs()).toEqual([]);
	});

	test('can be HTML, JSON under another type, or nothing', async () => {
		const replies: Array<[JsonValue | undefined, string | undefined, string, string]> = [
			['<h1>Bad gateway</h1>', 'text/html', '<h1>Bad gateway</h1>', 'text/html'],
			[{ id: 7 }, 'text/plain', '{"id":7}', 'text/plain'],
			[undefined, undefined, '', 'text/plain'],
		];
		for (const [body, contentType, text, type] of replies) {
			bench.emulator.reset();
			const reply = { status: 502, ...(body === undefined ? {} : { body }), ...(contentType ? { contentType } : {}) };
			bench.emulator.misbehave({ do: { reply } });
			const answer = await bench.runpod(HEALTH);
			expect([answer.status, answer.text]).toEqual([502, text]);
			expect(answer.headers['content-type']).toContain(type);
		}
	});

	test('can be a redirect elsewhere', async () => {
		bench.emulator.misbehave({ do: { redirect: { to: 'https://example.com/', status: 307 } } });
		const { status, headers } = await bench.runpod(HEALTH);
		expect([status, headers.location]).toEqual([307, 'https://example.com/']);
	});
});

describe('the connection', () => {
	async function outcome(misbehaviour: Misbehaviour): Promise<string> {
		bench.emulator.misbehave({ do: misbehaviour });
		return await bench.createRunpod().then(
			({ status }) => String(status),
			() => 'cut',
		);
	}

	test('cut before: nothing was created', async () => {
		expect(await outcome({ cut: 'before' })).toBe('cut');
		expect(bench.emulator.jobs()).toHaveLength(0);
	});

	test.each<Misbehaviour>([{ cut: 'after' }, { cut: 'during' }, { cut: 'during', cutAtByte: 0 }])(
		'%j: the job was created, and paid for',
		async (misbehaviour) => {
			expect(await outcome(misbehaviour)).toBe('cut');
			expect(bench.emulator.jobs()).toHaveLength(1);
			expect(bench.emulator.requests()[0]).toMatchObject({ call: 'submit', jobId: bench.emulator.jobs()[0]?.id });
			expect(bench.emulator.requests()[0]).not.toHaveProperty('answeredStatus');
		},
	);

	test.each<['before' | 'after', number]>([
		['before', 0],
		['after', 1],
	])('hangs %s: %i jobs were created, and no answer comes', async (hang, jobs) => {
		bench.emulator.misbehave({ do: { hang } });
		const leave = new AbortController();
		const { runpodUrl, imageUrl, keys } = bench.emulator;
		const answered = request(`${runpodUrl}${ENDPOINT}/run`, {
			method: 'POST',
			headers: { authorization: `Bearer ${keys.runpod}`, 'content-type': 'application/json' },
			body: JSON.stringify({ input: { prompt: 'a walk', image: imageUrl } }),
			signal: leave.signal,
		});
		const failed = expect(answered).rejects.toThrow();
		await eventually(() => bench.emulator.requests().length === 1 && bench.emulator.jobs().length === jobs);
		await bench.clock.advance(3_600_000);
		leave.abort();
		await failed;
	});

	test('of a video is cut where it was told to', async () => {
		bench.emulator.script({ job: { videoBytes: 500_000 } });
		await bench.createRunpod();
		await bench.clock.advance(70_000);
		bench.emulator.misbehave({ when: { call: 'video' }, do: { cut: 'during', cutAtByte: 200_001 } });
		const { statusCode, headers, body } = await request(bench.emulator.jobs()[0]?.videoUrl ?? '');
		expect([statusCode, headers['content-length']]).toEqual([200, '500000']);
		let received = 0;
		const reading = async (): Promise<void> => {
			for await (const chunk of body) received += Buffer.byteLength(chunk);
		};
		await expect(reading()).rejects.toThrow();
		expect(received).toBeLessThanOrEqual(200_001);
	});
});

describe('a body', () => {
	async function submitUnder(misbehaviour: Misbehaviour): Promise<Answer> {
		bench.emulator.misbehave({ when: { call: 'submit' }, do: misbehaviour });
		return await bench.createRunpod();
	}

	test('comes truncated: half of its JSON', async () => {
		const { status, text, json } = await submitUnder({ truncated: true });
		expect([status, json]).toEqual([200, undefined]);
		expect(text).toMatch(/^\{"id":"/);
	});

	test('comes oversized, and is still true', async () => {
		const { text, json } = await submitUnder({ oversized: { bytes: 3_000_000 } });
		expect(text.length).toBeGreaterThan(3_000_000);
		expect(json?.status).toBe('IN_QUEUE');
	});

	test('comes slowly, by the clock', async () => {
		bench.emulator.misbehave({ do: { slow: { bytesPerSecond: 8 } } });
		const startMs = bench.clock.now();
		const { text, json } = await passing(bench.clock, bench.createRunpod());
		expect(json?.status).toBe('IN_QUEUE');
		expect(bench.clock.now() - startMs).toBeGreaterThanOrEqual((text.length / 8) * 1000);
	});

	test('never ends', async () => {
		bench.emulator.misbehave({ do: { endless: true } });
		const { body } = await request(bench.emulator.imageUrl);
		let received = 0;
		for await (const chunk of body) {
			received += Buffer.byteLength(chunk);
			if (received > 5_000_000) break;
		}
		expect(received).toBeGreaterThan(5_000_000);
	});

	test('ends all the same if it has no body, as to HEAD', async () => {
		bench.emulator.misbehave({ do: { endless: true } });
		const { statusCode, body } = await request(bench.emulator.imageUrl, { method: 'HEAD' });
		expect([statusCode, await body.text()]).toEqual([200, '']);
	});

	test('comes after a delay, by the clock', async () => {
		bench.emulator.misbehave({ do: { delayMs: 5000 } });
		const answered = bench.createRunpod();
		await eventually(() => bench.emulator.requests().length === 1);
		expect(bench.emulator.jobs()).toHaveLength(0);
		await bench.clock.advance(5000);
		expect((await answered).status).toBe(200);
		const [{ atMs = 0 } = {}] = bench.emulator.requests();
		expect(bench.emulator.jobs()[0]?.acceptedAtMs).toBe(atMs + 5000);
	});
});
