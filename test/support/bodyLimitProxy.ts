import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { request as httpRequest } from 'undici';
import { Readable } from './node.cts';

/** nginx's `client_max_body_size` where nobody sets it: 1 MiB. */
const NGINX_LIMIT_BYTES = 2 ** 20;
const NGINX_PAGE =
	'<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large' +
	'</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';
/** These belong to one connection, not to the message; undici and Node set their own. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
	'connection',
	'keep-alive',
	'transfer-encoding',
	'content-length',
	'host',
]);

export interface BodyLimitOptions {
	/** The server behind it, e.g. `http://127.0.0.1:4010`; a function where that starts later. */
	readonly target: string | (() => string);
	/** Default 1 MiB, as at nginx. */
	readonly limitBytes?: number;
	/** Default `refuse`. */
	readonly above?: BodyLimit;
}

/**
 * What happens to a larger body. `refuse`: a request is answered 413 by the proxy itself, as nginx does. `cut`: a request's
 * connection is dropped within its body. `truncate`: the server gets the first bytes of a request's body, as if they were
 * all. `cutReply`: requests pass, and a reply is dropped within its body.
 */
export type BodyLimit = 'refuse' | 'cut' | 'truncate' | 'cutReply';

/** What came to the proxy. */
export interface ProxiedRequest {
	readonly method: string;
	readonly url: string;
	/** Of the request's body, as far as it was read. */
	readonly bytes: number;
	outcome: Outcome;
}

type Outcome = 'passed' | 'refused' | 'cut' | 'truncated' | 'replyCut';

/** A proxy that stands before a server and takes no large bodies. */
export interface BodyLimitProxy {
	/** `http://127.0.0.1:<port>` */
	readonly url: string;
	readonly requests: readonly ProxiedRequest[];
	stop(): Promise<void>;
}

const OUTCOMES: Readonly<Record<BodyLimit, Outcome>> = {
	refuse: 'refused',
	cut: 'cut',
	truncate: 'truncated',
	cutReply: 'replyCut',
};

interface Limits {
	readonly above: BodyLimit;
	readonly limitBytes: number;
}

/** How long a request's body may be. */
function limitOf({ above, limitBytes }: Limits): number {
	return above === 'cutReply' ? Infinity : limitBytes;
}

/** What was read of a request's body, and whether that is all of it. */
interface ReadBody {
	readonly bytes: Buffer;
	readonly isWithin: boolean;
}

/** The request's body up to the limit; where requests are refused, a stated length over it is never read at all. */
async function readBody(request: FastifyRequest, { above, limitBytes }: Limits): Promise<ReadBody> {
	const most = limitOf({ above, limitBytes });
	const statedBytes = Number(request.headers['content-length'] ?? 0);
	if (above === 'refuse' && statedBytes > most) return { bytes: Buffer.alloc(0), isWithin: false };
	const chunks: Buffer[] = [];
	let length = 0;
	// Without an encoding a request's chunks are buffers.
	for await (const chunk of request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
		chunks.push(chunk);
		length += chunk.length;
		if (length > most) break;
	}
	return { bytes: Buffer.concat(chunks), isWithin: length <= most };
}

function stop(request: FastifyRequest, reply: FastifyReply, { above }: Limits): FastifyReply {
	if (above === 'cut') {
		reply.hijack();
		request.raw.destroy();
		return reply;
	}
	// As nginx does, what still comes is thrown away, so that the client gets to read the answer.
	request.raw.resume();
	return reply.code(413).type('text/html').header('connection', 'close').send(NGINX_PAGE);
}

function passable(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | string[]> {
	return Object.fromEntries(
		Object.entries(headers).flatMap(([name, value]) =>
			value === undefined || OF_THE_CONNECTION.has(name) ? [] : [[name, value]],
		),
	);
}

/** The first bytes of a reply that is too long, after which the connection is dropped. */
async function sendCut(reply: FastifyReply, start: Buffer, statedBytes: number): Promise<void> {
	reply.hijack();
	// Fastify's header values are what Node's writeHead takes; only its type is wider.
	const headers = reply.getHeaders() as Record<string, string>;
	reply.raw.writeHead(reply.statusCode, { ...headers, 'content-length': statedBytes });
	await new Promise<void>((resolve) => reply.raw.write(start, () => resolve()));
	reply.raw.destroy();
}

/** The beginning of a reply, and whether that is all of it: one byte over the limit is enough to know. */
async function beginningOf(body: AsyncIterable<Buffer>, limitBytes: number): Promise<ReadBody> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of body) {
		chunks.push(chunk);
		length += chunk.length;
		if (length > limitBytes) return { bytes: Buffer.concat(chunks), isWithin: false };
	}
	return { bytes: Buffer.concat(chunks), isWithin: true };
}

/** Sends a request on, and its reply back; whether the reply went back whole. */
async function pass(
	target: string,
	request: FastifyRequest,
	body: Buffer,
	reply: FastifyReply,
	{ above, limitBytes }: Limits,
): Promise<boolean> {
	const answer = await httpRequest(target + request.url, {
		// Fastify gives the method as a string, undici knows the ones that there are.
		method: request.method as 'GET' | 'POST' | 'DELETE' | 'HEAD',
		headers: passable(request.headers),
		body: body.length === 0 ? null : body,
	});
	void reply.code(answer.statusCode).headers(passable(answer.headers));
	if (above !== 'cutReply') {
		await reply.send(Readable.from(answer.body, { objectMode: false }));
		return true;
	}
	const statedBytes = Number(answer.headers['content-length'] ?? limitBytes + 1);
	const { bytes, isWithin } = await beginningOf(answer.body, limitBytes);
	await (isWithin ? reply.send(bytes) : sendCut(reply, bytes.subarray(0, limitBytes), statedBytes));
	return isWithin;
}

function createServer(): FastifyInstance {
	const server = fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
	server.removeAllContentTypeParsers();
	// Nothing is read yet: the limit decides on what is.
	server.addContentTypeParser('*', (_request, _body, done) => done(null));
	return server;
}

/** Starts such a proxy before any server; of requests it notes what became of them. */
export async function startBodyLimitProxy(options: BodyLimitOptions): Promise<BodyLimitProxy> {
	const { target, limitBytes = NGINX_LIMIT_BYTES, above = 'refuse' } = options;
	const limits: Limits = { above, limitBytes };
	const server = createServer();
	const requests: ProxiedRequest[] = [];
	server.all('/*', async (request, reply) => {
		const { method, url } = request;
		const { bytes, isWithin } = await readBody(request, limits);
		const noted: ProxiedRequest = {
			method,
			url,
			bytes: bytes.length,
			outcome: isWithin ? 'passed' : OUTCOMES[above],
		};
		requests.push(noted);
		if (!isWithin && above !== 'truncate') return stop(request, reply, limits);
		request.raw.resume();
		const targetUrl = typeof target === 'string' ? target : target();
		const isWhole = await pass(targetUrl, request, bytes.subarray(0, limitOf(limits)), reply, limits);
		if (!isWhole) noted.outcome = OUTCOMES.cutReply;
		return reply;
	});
	const url = await server.listen({ host: '127.0.0.1', port: 0 });
	return { url, requests, stop: async () => await server.close() };
}
