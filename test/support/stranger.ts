import fastify from 'fastify';
import type { Readable } from './node.cts';

/** What a stranger was sent. */
export interface StrangersRequest {
	readonly method: string;
	readonly url: string;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What a stranger answers. */
export interface StrangersReply {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** Of a stream the length is what the headers announce, true or not. */
	readonly body?: string | Buffer | Readable;
}

/** A host that is none of the two APIs: no key may ever reach it. */
export interface Stranger {
	/** `http://127.0.0.1:<port>` */
	readonly url: string;
	readonly requests: readonly StrangersRequest[];
	/** From now on; until then it answers 200 and nothing. */
	answer(reply: StrangersReply): void;
	stop(): Promise<void>;
}

export async function meetStranger(): Promise<Stranger> {
	const server = fastify({ forceCloseConnections: true });
	server.removeAllContentTypeParsers();
	server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
	const requests: StrangersRequest[] = [];
	let answered: StrangersReply = {};
	server.all('/*', async ({ method, url, headers }, reply) => {
		requests.push({ method, url, headers });
		return await reply
			.code(answered.status ?? 200)
			.headers({ ...answered.headers })
			.send(answered.body ?? '');
	});
	const url = await server.listen({ host: '127.0.0.1', port: 0 });
	return {
		url,
		requests,
		answer: (reply) => {
			answered = reply;
		},
		stop: async () => await server.close(),
	};
}
