import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from '../support/node.cts';
import type { Emulation } from './emulation';
import { habits } from './habits';
import { endMs, phaseAt, type Job } from './jobs';
import { CLIP_PATH, SAMPLE, videoChunks, videoSize } from './video';

interface Range {
	readonly start: number;
	/** Exclusive. */
	readonly end: number;
}

/** One `bytes=` range of RFC 9110; 'all' where there is none to honour, undefined where it cannot be satisfied. */
export function parseRange(header: string | undefined, size: number): Range | 'all' | undefined {
	const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
	if (match === null || match[0] === 'bytes=-') return 'all';
	const [, first = '', last = ''] = match;
	if (first === '') return last === '0' ? undefined : { start: Math.max(0, size - Number(last)), end: size };
	const start = Number(first);
	const end = last === '' ? size : Math.min(size, Number(last) + 1);
	return start < size && start < end ? { start, end } : undefined;
}

function refusal(request: FastifyRequest, job: Job | undefined, nowMs: number): [number, string] | undefined {
	const { authorization, 'x-api-key': apiKey } = request.headers;
	if (authorization !== undefined || apiKey !== undefined) return [400, 'An API key was sent to a file host'];
	if (job === undefined || phaseAt(job, nowMs) !== 'completed') return [404, 'Not Found'];
	const linkMs = job.script.videoExpiresMs ?? habits[job.provider].linkMs;
	return nowMs >= endMs(job) + linkMs ? [403, 'Request has expired'] : undefined;
}

function sendVideo(request: FastifyRequest, reply: FastifyReply, job: Job): FastifyReply {
	const size = videoSize(job);
	// Not the hash, which would have to read a large video before its first byte is sent.
	const etag = `"${job.id}-${size}"`;
	const ifRange = request.headers['if-range'];
	const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
	const range = parseRange(wanted, size);
	const { videoType = 'video/mp4', videoStatus = 200 } = job.script;
	void reply.headers({ 'accept-ranges': 'bytes', etag, 'content-type': videoType }).code(videoStatus);
	if (range === undefined) return reply.code(416).header('content-range', `bytes */${size}`).send();
	const { start, end } = range === 'all' ? { start: 0, end: size } : range;
	if (range !== 'all' || videoStatus === 206)
		void reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
	void reply.header('content-length', end - start);
	return reply.send(Readable.from(videoChunks(job, start, end), { objectMode: false }));
}

/** Serves the clip that models with a `video` take. */
export function clipRoute(server: FastifyInstance): void {
	server.get(CLIP_PATH, { config: { call: 'clip' } }, (_request, reply) => reply.type('video/mp4').send(SAMPLE));
}

/** Serves each completed job's video to whoever has the link, and to nobody who sends a key. */
export function videoRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.get<{ Params: { provider: string; file: string } }>(
		'/files/:provider/:file',
		{ config: { call: 'video' } },
		(request, reply) => {
			const { provider } = request.params;
			const found = emulation.jobs.find(request.exchange.record.jobId);
			const job = found?.provider === provider ? found : undefined;
			const refused = refusal(request, job, emulation.clock.now());
			if (refused !== undefined || job === undefined) {
				const [status, text] = refused ?? [404, 'Not Found'];
				return reply.code(status).type('text/plain').send(text);
			}
			return sendVideo(request, reply, job);
		},
	);
}
