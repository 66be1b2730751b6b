import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { present } from '../../nodes/core/json';
import { Readable } from '../support/node.cts';
import { elapsedMs, type Emulation } from './emulation';
import type { CallName, Misbehaviour, RecordedRequest } from './types';

const SUBMITS: ReadonlySet<CallName | undefined> = new Set(['submit', 'runsync', 'uploadAndCreate']);
const BLANKS = Buffer.alloc(16_384, ' ');
/** How often a second `slow` sends its share. */
const SLOW_STEPS_PER_SECOND = 4;

/** Never settles: the client gets no (more) answer, and the connection ends by its own or the emulator's end. */
async function never(): Promise<never> {
	return await new Promise<never>(() => undefined);
}

/** Jobs are named in the path by `jobId`; a video's file name is the id and `.mp4`. */
function jobIdIn(request: FastifyRequest): string | undefined {
	// Fastify types a route's params by the route, which a hook for all routes does not know.
	const { jobId, file } = request.params as { jobId?: string; file?: string };
	return jobId ?? file?.replace(/\.mp4$/, '');
}

function note(emulation: Emulation, request: FastifyRequest): void {
	const { call, provider } = request.routeOptions.config;
	const jobId = jobIdIn(request);
	if (SUBMITS.has(call)) emulation.submitCount += 1;
	const record: RecordedRequest = present({
		atMs: emulation.clock.now(),
		provider: provider ?? emulation.jobs.find(jobId)?.provider,
		call,
		method: request.method,
		path: request.url.replace(/\?.*$/s, ''),
		// The query parser gives an object of strings and arrays, always.
		query: request.query as Readonly<Record<string, unknown>>,
		headers: request.headers,
		jobId,
	});
	const jobNumber = SUBMITS.has(call) ? emulation.submitCount : emulation.jobs.find(jobId)?.number;
	const occasion = present({ provider: record.provider, call, jobNumber, atMs: elapsedMs(emulation) });
	// Who drives the emulator is no client of the two APIs.
	const isControl = record.path.startsWith('/_control/');
	if (!isControl) emulation.requests.push(record);
	const misbehaviour = (isControl ? undefined : emulation.rules.take(occasion)) ?? {};
	request.exchange = present({ record, jobNumber, misbehaviour });
}

async function instead(request: FastifyRequest, reply: FastifyReply, emulation: Emulation): Promise<unknown> {
	const { delayMs, reply: other, redirect, cut, hang } = request.exchange.misbehaviour;
	if (delayMs !== undefined) await emulation.clock.sleep(delayMs);
	if (cut === 'before' || hang === 'before') {
		reply.hijack();
		if (cut === 'before') reply.raw.destroy();
		return reply;
	}
	if (redirect !== undefined) return reply.redirect(redirect.to, redirect.status ?? 302);
	if (other === undefined) return undefined;
	const body = other.body ?? '';
	const type = other.contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/json');
	return reply
		.code(other.status)
		.headers({ ...other.headers })
		.type(type)
		.send(typeof body === 'string' ? body : JSON.stringify(body));
}

type Payload = string | Buffer | Readable | null | undefined;

async function* chunksOf(payload: Payload): AsyncGenerator<Buffer> {
	if (payload === null || payload === undefined) return;
	if (typeof payload === 'string' || Buffer.isBuffer(payload)) yield Buffer.from(payload);
	// What the emulator streams are buffers.
	else for await (const chunk of payload) yield chunk as Buffer;
}

async function* cutAt(chunks: AsyncIterable<Buffer>, end: number): AsyncGenerator<Buffer> {
	let left = end;
	for await (const chunk of chunks) {
		yield chunk.subarray(0, left);
		left -= chunk.length;
		if (left <= 0) return;
	}
}

async function* slowed(chunks: AsyncIterable<Buffer>, bytesPerSecond: number, clock: Emulation['clock']) {
	const step = Math.max(1, Math.floor(bytesPerSecond / SLOW_STEPS_PER_SECOND));
	for await (const chunk of chunks) {
		for (let from = 0; from < chunk.length; from += step) {
			yield chunk.subarray(from, from + step);
			await clock.sleep((step / bytesPerSecond) * 1000);
		}
	}
}

async function* afterBlanks(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
	for (let left = bytes; left > 0; left -= BLANKS.length) yield BLANKS.subarray(0, left);
	yield* chunks;
}

async function* withoutEnd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	yield* chunks;
	for (;;) yield BLANKS;
}

/** Sends head and chunks by hand, with the length that the whole body would have; then drops the connection. */
async function sendThenCut(reply: FastifyReply, chunks: AsyncIterable<Buffer>, lengthBytes?: number): Promise<never> {
	const length = lengthBytes === undefined ? {} : { 'content-length': lengthBytes };
	// Fastify's header values are what Node's writeHead takes; only its type is wider.
	reply.raw.writeHead(reply.statusCode, { ...(reply.getHeaders() as Record<string, string>), ...length });
	for await (const chunk of chunks) {
		if (reply.raw.destroyed) return await never();
		await new Promise<void>((resolve) => reply.raw.write(chunk, () => resolve()));
	}
	reply.raw.destroy();
	return await never();
}

function lengthOf(reply: FastifyReply, payload: Payload): number {
	if (typeof payload === 'string' || Buffer.isBuffer(payload)) return Buffer.byteLength(payload);
	return Number(reply.getHeader('content-length') ?? 0);
}

/** Node takes writes to a reply without a body and drops them at once: an endless one would never let anything else run. */
function hasBody({ raw, statusCode }: FastifyReply): boolean {
	return raw.req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
}

async function bend(payload: Payload, misbehaviour: Misbehaviour, reply: FastifyReply, emulation: Emulation) {
	const { cut, hang, cutAtByte, truncated, oversized, endless, slow } = misbehaviour;
	if (cut === 'after') reply.raw.destroy();
	if (cut === 'after' || hang === 'after') return await never();
	if (!hasBody(reply)) return payload;
	const lengthBytes = lengthOf(reply, payload);
	const half = Math.floor(lengthBytes / 2);
	if (cut === 'during') return await sendThenCut(reply, cutAt(chunksOf(payload), cutAtByte ?? half), lengthBytes);
	if (truncated !== true && oversized === undefined && endless !== true && slow === undefined) return payload;
	reply.removeHeader('content-length');
	let chunks: AsyncIterable<Buffer> = chunksOf(payload);
	if (truncated === true) chunks = cutAt(chunks, half);
	if (oversized !== undefined) chunks = afterBlanks(chunks, oversized.bytes);
	if (endless === true) chunks = withoutEnd(chunks);
	if (slow !== undefined) chunks = slowed(chunks, slow.bytesPerSecond, emulation.clock);
	return Readable.from(chunks, { objectMode: false });
}

/** Notes every request, and lets the rules act before and after it is handled. */
export function recordAndMisbehave(server: FastifyInstance, emulation: Emulation): void {
	server.addHook('onRequest', async (request, reply) => {
		note(emulation, request);
		reply.raw.on('finish', () => {
			request.exchange.record.answeredStatus = reply.raw.statusCode;
		});
	});
	server.addHook('preValidation', async (request, reply) => {
		if (request.body !== undefined) request.exchange.record.body = request.body;
		return await instead(request, reply, emulation);
	});
	server.addHook<Payload>(
		'onSend',
		async (request, reply, payload) => await bend(payload, request.exchange.misbehaviour, reply, emulation),
	);
}
