import fastify from 'fastify';
import pLimit from 'p-limit';
import type { Call } from '../../nodes/core/calls/http';
import { createSend } from '../../nodes/host/send';
import type { Misbehaviour } from '../emulator/index';
import { gzipSync } from '../support/node.cts';
import { meetStranger, type Stranger } from '../support/stranger';
import { textsIn } from '../support/texts';
import { setProbeStage, type ProbeStage } from './probeStage';

let stage: ProbeStage;
let stranger: Stranger;
beforeAll(async () => {
	stage = await setProbeStage({ factor: 20 });
	stranger = await meetStranger();
});
afterEach(() => {
	stage.emulator.reset();
	expect(stranger.requests).toEqual([]);
});
afterAll(async () => {
	await stage.close();
	await stranger.stop();
});

const CALL: Call = { method: 'GET', path: '/templates', timeoutMs: 200_000 };

/** One call, with what goes wrong in it. */
async function send(misbehaviour?: Misbehaviour, call = CALL, baseUrl = stage.emulator.coreTodayUrl) {
	if (misbehaviour !== undefined) stage.emulator.misbehave({ do: misbehaviour });
	return await stage.inNode(
		async (context) => await createSend(context, 'coreTodayApi', baseUrl, stage.clock, pLimit(1))(call),
	);
}

test('a call carries its credential, and its reply is read as JSON', async () => {
	expect(await send()).toMatchObject({ kind: 'reply', status: 200, body: { success: true } });
	expect(stage.emulator.requests()).toHaveLength(1);
});

test.each([400, 401, 402, 404, 408, 425, 429, 500, 502, 503])(
	'a reply with HTTP status %i is a reply, read and not repeated',
	async (status) => {
		const answer = await send({ reply: { status, body: { error: 'so be it' } } });
		expect(answer).toMatchObject({ kind: 'reply', status, body: { error: 'so be it' } });
		expect(stage.emulator.requests()).toHaveLength(1);
	},
);

test.each(['<html></html>', 'well', '{"half":', ''])('a body that is not JSON, %j, is given as text', async (body) => {
	expect(await send({ reply: { status: 200, body } })).toMatchObject({ kind: 'reply', body });
});

test.each([301, 302, 303, 307, 308] as const)(
	'a redirect with %i is a reply; nobody else hears of the key',
	async (status) => {
		const answer = await send({ redirect: { to: `${stranger.url}/templates`, status } });
		expect(answer).toMatchObject({ kind: 'reply', status });
	},
);

test.each([
	['an endless body', { endless: true }, 'the answer was too large'],
	['a body of 34 MB', { oversized: { bytes: 34_000_000 } }, 'the answer was too large'],
	['a connection cut before the reply', { cut: 'before' }, 'the connection was cut'],
	['a connection cut within the reply', { cut: 'during' }, 'the connection was cut'],
] as const)('%s is a fault that may have reached the API', async (_name, misbehaviour, message) => {
	expect(await send(misbehaviour)).toEqual({ kind: 'fault', reach: 'lost', message });
	expect(stage.emulator.requests()).toHaveLength(1);
});

test('a body of 3 MB is read like any other', async () => {
	const reply = await send({ oversized: { bytes: 3_000_000 } });
	expect(reply).toMatchObject({ kind: 'reply', body: { success: true } });
	expect(reply).not.toHaveProperty('isLarge');
});

test('a body of 9 MB is read, and said to be large', async () => {
	const reply = await send({ oversized: { bytes: 9_000_000 } });
	expect(reply).toMatchObject({ kind: 'reply', body: { success: true }, isLarge: true });
});

test('large replies are read one at a time, and small ones beside them', async () => {
	stage.emulator.misbehave({ when: { first: 3 }, do: { oversized: { bytes: 9_000_000 } } });
	const order: string[] = [];
	const held = pLimit(1);
	const gate = createGate();
	void held(async () => await gate.opened);
	await stage.inNode(async (context) => {
		const call = createSend(context, 'coreTodayApi', stage.emulator.coreTodayUrl, stage.clock, held);
		const large = Array.from({ length: 3 }, async () => order.push((await call(CALL)).kind));
		await stage.until(() => stage.requests().length === 3);
		order.push(`small ${(await call(CALL)).kind}`);
		gate.open();
		await Promise.all(large);
		return order;
	});
	expect(order).toEqual(['small reply', 'reply', 'reply', 'reply']);
});

function createGate(): { readonly opened: Promise<void>; open(): void } {
	let open = (): void => undefined;
	const opened = new Promise<void>((resolve) => (open = resolve));
	return { opened, open: () => open() };
}

test.each([
	['in JSON', { input: { image: `data:image/png;base64,${'iVBORw0K'.repeat(1_000)}`, prompt: 'a' } }],
	['in a message', { error: `no: data:image/png;base64,${'iVBORw0K'.repeat(1_000)}` }],
	['in text', `no: data:image/png;base64,${'iVBORw0K'.repeat(1_000)}`],
])('a picture %s becomes a short note', async (_name, body) => {
	const answer = JSON.stringify(await send({ reply: { status: 400, body } }));
	expect(answer).toContain('data:image/png (8022 characters, left out)');
	expect(answer).not.toContain('iVBOR');
});

test.each(['data:text/plain,hello', 'see data: a,b', 'https://example.com/data:image/a.png'])(
	'%s stays as it is',
	async (error) => {
		expect(await send({ reply: { status: 400, body: { error } } })).toMatchObject({ body: { error } });
	},
);

test.each([
	['never comes', { hang: 'before' }],
	['trickles', { slow: { bytesPerSecond: 1 } }],
	['is late', { delayMs: 60_000 }],
] as const)('a reply that %s ends with the time of its call, body included', async (_name, misbehaviour) => {
	const startMs = stage.clock.now();
	const answer = await send(misbehaviour, { ...CALL, timeoutMs: 10_000 });
	expect(answer).toEqual({ kind: 'fault', reach: 'lost', message: 'no answer came in time' });
	expect(stage.clock.now() - startMs).toBeLessThan(40_000);
});

test.each([
	['http://127.0.0.1:9', 'the connection was refused'],
	['https://nowhere.invalid', '^the host name (was not found|could not be looked up)$'],
])('%s was surely never reached', async (baseUrl, message) => {
	expect(await send(undefined, CALL, baseUrl)).toEqual({
		kind: 'fault',
		reach: 'notConnected',
		message: expect.stringMatching(message),
	});
});

test('a reply that is zipped, against our asking, is read and not taken for cut', async () => {
	const server = fastify();
	const asked: unknown[] = [];
	server.get('/templates', async (request, reply) => {
		asked.push(request.headers['accept-encoding']);
		const zipped = gzipSync(JSON.stringify({ job_id: 'a' }));
		return await reply.header('content-encoding', 'gzip').type('application/json').send(zipped);
	});
	const url = await server.listen({ host: '127.0.0.1', port: 0 });
	const answer = await send(undefined, CALL, url);
	await server.close();
	expect(answer).toMatchObject({ kind: 'reply', status: 200, body: { job_id: 'a' } });
	expect(asked).toEqual(['identity']);
});

describe('a key of characters that JSON may write in other ways', () => {
	const KEY = 'ab/cd+<ef>&"gh';
	const plain = JSON.stringify(KEY).slice(1, -1);
	let other: ProbeStage;
	beforeAll(async () => (other = await setProbeStage({ factor: 20, credentials: { coreToday: { apiKey: KEY } } })));
	afterAll(async () => await other.close());

	test.each([
		['as PHP writes it', `{"error":"key ${plain.replaceAll('/', '\\/')} unknown"}`],
		['as Go writes it', `{"error":"key ${plain.replaceAll('&', '\\u0026').replaceAll('<', '\\u003c')} unknown"}`],
		['in capital digits', `{"error":"key ${plain.replaceAll('+', '\\u002B')} unknown"}`],
		['as a name', JSON.stringify({ errors: [{ [KEY]: 'unknown' }] })],
		['in a text of JSON', JSON.stringify({ error: JSON.stringify({ error: [KEY] }).replaceAll('/', '\\/') })],
		['as the whole reply', JSON.stringify(KEY)],
		['with one backslash in plain text', `key ${plain.replaceAll('/', '\\/')} unknown`],
		['deep inside', `${'['.repeat(100_000)}${JSON.stringify(KEY)}${']'.repeat(100_000)}`],
	])('goes no further if an API repeats it %s', async (_name, body) => {
		const texts = await other.inNode(async (context) => {
			other.emulator.misbehave({ when: { call: 'templates', first: 1 }, do: { reply: { status: 401, body } } });
			const send = createSend(context, 'coreTodayApi', other.emulator.coreTodayUrl, other.clock, pLimit(1));
			return textsIn(await send(CALL)).filter((text) => text.includes('…') || text.includes('cd+'));
		});
		expect(texts).toEqual([expect.stringContaining('…')]);
		expect(texts[0]).not.toContain('cd+');
	});

	test('is no danger to replies of backslashes only', async () => {
		const body = JSON.stringify({ error: '\\'.repeat(1_000_000) });
		other.emulator.misbehave({ when: { call: 'templates', first: 1 }, do: { reply: { status: 200, body } } });
		const send = async () =>
			await other.inNode(
				async (context) =>
					await createSend(context, 'coreTodayApi', other.emulator.coreTodayUrl, other.clock, pLimit(1))(CALL),
			);
		expect(await send()).toMatchObject({ kind: 'reply', body: { error: '\\'.repeat(1_000_000) } });
	});
});

test('a key that an API repeats goes no further', async () => {
	const { coreToday } = stage.emulator.keys;
	const answer = await send({ reply: { status: 401, body: { error: `the key ${coreToday} is not known` } } });
	expect(answer).toMatchObject({ kind: 'reply', status: 401, body: { error: 'the key … is not known' } });
});
