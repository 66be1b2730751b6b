import fastify from 'fastify';
import { isServed } from '../../nodes/host/files';
import { sha256 } from '../support/files';
import { createStop } from '../support/stop';
import { setProbeStage, type ProbeStage } from './probeStage';

let stage: ProbeStage;
beforeAll(async () => (stage = await setProbeStage({ factor: 20 })));
afterAll(async () => await stage.close());

const bytes = Buffer.from('a picture');
const file = { bytes: bytes.length, sha256: sha256(bytes) };

/** Asks a server that answers with `body`, or not at all without one; and the headers that it saw. */
async function ask(body: Buffer | undefined, stop = createStop()) {
	const server = fastify({ forceCloseConnections: true });
	const seen: Array<Record<string, unknown>> = [];
	server.get('/file', async (request, reply) => {
		seen.push(request.headers);
		return body === undefined ? reply.hijack() : await reply.type('image/png').send(body);
	});
	const url = await server.listen({ host: '127.0.0.1', port: 0 });
	const startMs = stage.clock.now();
	const { served } = await stage.inNode(async (context) => ({
		served: await isServed(context, `${url}/file`, file, { clock: stage.clock, stop }),
	}));
	await server.close();
	return { served, seen, seconds: (stage.clock.now() - startMs) / 1000 };
}

test('a link that gives the file is served, and no key goes with the question', async () => {
	const { served, seen } = await ask(bytes);
	expect(served).toBe(true);
	expect(seen).toHaveLength(1);
	expect(seen[0]).not.toHaveProperty('authorization');
});

test.each([
	['another file', Buffer.from('a pictura')],
	['half of the file', bytes.subarray(0, 4)],
	['more than the file', Buffer.concat([bytes, bytes])],
])('a link that gives %s is not served', async (_name, body) => {
	expect((await ask(body)).served).toBe(false);
});

test('a link that gives nothing is given up after some seconds', async () => {
	const { served, seconds } = await ask(undefined);
	expect(served).toBe(false);
	expect(seconds).toBeLessThan(20);
});

test('Stop ends the question', async () => {
	const stop = createStop();
	void stage.clock.sleep(2_000).then(() => stop.request());
	const { served, seconds } = await ask(undefined, stop);
	expect(served).toBe(false);
	expect(seconds).toBeLessThan(9);
});
