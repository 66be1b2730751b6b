import fastify from 'fastify';
import { readFixture } from '../../support/files';
import { gzipSync } from '../../support/node.cts';
import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { errorOf, itemOf } from '../results';
import { createStage, type Stage } from '../stage';

/** What a server sends, to the letter: no header is added but those of the transfer. */
interface Sent {
	readonly status?: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

const VIDEO = readFixture('media/video.mp4');
const WEBM = Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), Buffer.alloc(5_000, 9)]);
const MP4 = { 'content-type': 'video/mp4' };

let stage: Stage;
let sent: Sent = { headers: {}, body: VIDEO };
let url = '';
const server = fastify({ forceCloseConnections: true });
beforeAll(async () => {
	stage = await createStage({ factor: 100 });
	server.get('/a.mp4', (_request, reply) => {
		reply.hijack();
		reply.raw.writeHead(sent.status ?? 200, { ...sent.headers }).end(sent.body);
	});
	url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
	await stage.close();
	await server.close();
});

async function download(answer: Sent) {
	sent = answer;
	const items = itemsOf({ videoUrl: `${url}/a.mp4` });
	return itemOf(await stage.run({ operation: 'download' }, items, CONTINUE));
}

const zip = (body: Buffer): Sent => {
	const zipped = gzipSync(body);
	const headers = { ...MP4, 'content-encoding': 'gzip', 'content-length': String(zipped.length) };
	return { headers, body: zipped };
};
const lengthOf = (body: Buffer) => ({ 'content-length': String(body.length) });
const rangeOf = (bytes: number) => ({ 'content-range': `bytes 0-${bytes - 1}/${bytes}` });
const WORDS = Buffer.from('Access to this file has been denied by its owner.');
const LIST = Buffer.from('["this file is not here any more", "sorry"]');
const tagged = Buffer.concat([VIDEO, Buffer.from('TAG'), Buffer.alloc(125, 32)]);

test.each<[string, Sent, Buffer]>([
	['of no kind', { headers: lengthOf(VIDEO), body: VIDEO }, VIDEO],
	['that is called application/mp4', { headers: { 'content-type': 'application/mp4' }, body: VIDEO }, VIDEO],
	['that was zipped, with its zipped length', zip(VIDEO), VIDEO],
	['with a tag behind it', { headers: { ...MP4, ...lengthOf(tagged) }, body: tagged }, tagged],
	['that is no MP4, of the length that was announced', { headers: { ...MP4, ...lengthOf(WEBM) }, body: WEBM }, WEBM],
	['that is no MP4, of no announced length', { headers: MP4, body: WEBM }, WEBM],
	...['application/force-download', 'text/plain', 'text/html', 'application/json', 'application/zip'].map(
		(type): [string, Sent, Buffer] => [
			`that is called ${type}`,
			{ headers: { 'content-type': type, ...lengthOf(VIDEO) }, body: VIDEO },
			VIDEO,
		],
	),
	['that is no MP4 and called text', { headers: { 'content-type': 'text/plain' }, body: WEBM }, WEBM],
	['under 203', { status: 203, headers: MP4, body: VIDEO }, VIDEO],
	['under 206, as all of it', { status: 206, headers: { ...MP4, ...rangeOf(VIDEO.length) }, body: VIDEO }, VIDEO],
	['under 206, without a word', { status: 206, headers: MP4, body: VIDEO }, VIDEO],
])('a video %s is stored as it came', async (_name, answer, bytes) => {
	const item = await download(answer);
	expect(item.json).not.toHaveProperty('error');
	expect((await stage.engine.binary(item)).bytes.equals(bytes)).toBe(true);
});

test.each<[string, Sent, string]>([
	['cut after 5 bytes', { headers: MP4, body: VIDEO.subarray(0, 5) }, 'the file ended in the middle, after 5 bytes'],
	[
		'cut before its media',
		{ headers: MP4, body: VIDEO.subarray(0, VIDEO.length - 100) },
		`the file ended in the middle, after ${VIDEO.length - 100} bytes`,
	],
	[
		'text that is called so',
		{ headers: { 'content-type': 'text/plain' }, body: WORDS },
		'sent text instead of a video',
	],
	['JSON in a list', { headers: { 'content-type': 'application/json' }, body: LIST }, 'sent text instead of a video'],
	[
		'the first half under 206',
		{ status: 206, headers: { ...MP4, ...rangeOf(VIDEO.length) }, body: VIDEO.subarray(0, 3_000) },
		`only 3000 of ${VIDEO.length} bytes came`,
	],
	[
		'the second half under 206',
		{ status: 206, headers: { ...MP4, 'content-range': 'bytes 9-99/100' }, body: VIDEO.subarray(9) },
		'the server sent a part of it only',
	],
	['a page of no kind', { headers: {}, body: Buffer.from('\n<html>Sorry</html>') }, 'sent text instead of a video'],
	['no MP4, and of another length', zip(WEBM), `${WEBM.length} bytes came instead of ${gzipSync(WEBM).length}`],
])('a file that is %s is not stored', async (_name, answer, message) => {
	expect(errorOf(await download(answer)).message).toContain(message);
});
