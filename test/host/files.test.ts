import fastify from 'fastify';
import { postFile } from '../../nodes/host/files';
import { Readable } from '../support/node.cts';
import { setProbeStage, type ProbeStage } from './probeStage';

let stage: ProbeStage;
beforeAll(async () => (stage = await setProbeStage({ factor: 20 })));
afterAll(async () => await stage.close());

const MIB = 1024 ** 2;
const file = { fileName: 'a.png', mimeType: 'image/png', bytes: new Uint8Array(10) };

/** Posts a file to a storage that answers with this status and so much; what came of it, and how much was sent. */
async function post(status: number, answerMib: number) {
	const store = fastify({ forceCloseConnections: true });
	store.removeAllContentTypeParsers();
	store.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
	let sentMib = 0;
	function* answer(): Generator<Buffer> {
		for (; sentMib < answerMib; sentMib += 1) yield Buffer.alloc(MIB);
	}
	store.post('/files', async (_request, reply) => await reply.code(status).send(Readable.from(answer())));
	const url = await store.listen({ host: '127.0.0.1', port: 0 });
	const problem = await stage.inNode(async (context) => ({
		message: await postFile(context, { url: `${url}/files`, fields: {} }, file, stage.clock),
	}));
	await store.close();
	return { message: problem.message, sentMib };
}

test.each([200, 204, 201])('a file that the storage answers with %i is stored', async (status) => {
	expect((await post(status, 0)).message).toBeUndefined();
});

test.each([302, 403, 500])('a file that the storage answers with %i is not stored, and why is told', async (status) => {
	expect((await post(status, 0)).message).toBe(`the file storage answered with HTTP status ${status}`);
});

test.each([200, 403])('an answer of %i without end is not read: the status is all that is asked', async (status) => {
	const { message, sentMib } = await post(status, 300);
	expect(message).toBe(status === 200 ? undefined : 'the file storage answered with HTTP status 403');
	expect(sentMib).toBeLessThan(50);
});
