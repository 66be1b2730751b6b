import Fastify from 'fastify';
import { Container } from '@n8n/di';
import { BinaryDataService } from 'n8n-core';
import type { Stage } from '../stage';

/** What whoever opens a signed link gets from it. */
export type Signed = 'picture' | 'login page' | 'other picture' | 'not found' | 'redirect' | 'nothing';

/** What stands before n8n: its webhooks as they are, and its signed links to files as a proxy lets them through. */
export interface Front {
	/** With a slash at its end. */
	readonly url: string;
	/** The links that were opened. */
	readonly opened: readonly string[];
	/** What signed links give from now on. */
	serve(signed: Signed): void;
	close(): Promise<void>;
}

const OTHER_REPLIES: Readonly<Record<Exclude<Signed, 'picture' | 'nothing'>, readonly [number, string, object]>> = {
	'login page': [200, '<html>Please sign in</html>', { 'content-type': 'text/html' }],
	'other picture': [200, 'x'.repeat(600_000), { 'content-type': 'image/png' }],
	'not found': [404, '', {}],
	redirect: [302, '', { location: '/login' }],
};

/** Starts it before the stage's engine, which is reached by it until the stage is reset. */
export async function startFront({ engine }: Stage): Promise<Front> {
	const app = Fastify({ forceCloseConnections: true });
	const opened: string[] = [];
	let serves: Signed = 'picture';
	app.get<{ Querystring: { token: string } }>('/rest/binary-data/signed', async (request, reply) => {
		opened.push(request.url);
		if (serves === 'nothing') return reply.hijack();
		if (serves !== 'picture') {
			const [status, body, headers] = OTHER_REPLIES[serves];
			return await reply
				.code(status)
				.headers({ ...headers })
				.send(body);
		}
		const binary = Container.get(BinaryDataService);
		const id = binary.validateSignedToken(request.query.token);
		return await reply.type('image/png').send(await binary.getAsStream(id));
	});
	app.post('/*', async (request, reply) => {
		const { response } = engine.receive(request.url, { method: 'POST', body: request.body });
		const { status, body } = await response;
		return await reply.code(status).send(body);
	});
	const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/`;
	return { url, opened, serve: (signed) => void (serves = signed), close: async () => await app.close() };
}
