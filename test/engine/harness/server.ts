import Fastify from 'fastify';
import type { IHttpRequestMethods } from 'n8n-workflow';
import type { Engine } from './engine';
import type { Execution } from './execution';

/** The engine's webhooks over real HTTP. */
export interface WebhookServer {
	/** With a slash at its end; the engine's resume and trigger URLs start with it. */
	readonly url: string;
	/** Executions that HTTP calls started or resumed, at their end, oldest call first. */
	readonly executions: ReadonlyArray<Promise<Execution | undefined>>;
	/** Those that have ended, in that order. */
	readonly ended: readonly Execution[];
	close(): Promise<void>;
}

/** Serves the engine's webhooks on 127.0.0.1 and tells the engine that it is reached there. */
export async function serveWebhooks(engine: Engine, port = 0): Promise<WebhookServer> {
	const app = Fastify({ forceCloseConnections: true });
	app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
	const executions: Array<Promise<Execution | undefined>> = [];
	const ended: Execution[] = [];
	app.all('/*', async (request, reply) => {
		const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
		// Fastify routes only the methods that n8n knows too.
		const method = request.method as IHttpRequestMethods;
		const { response, done } = engine.receive(request.url, { method, headers, body: request.body });
		executions.push(done);
		void done.then((execution) => execution && ended.push(execution));
		const { status, body, headers: answered } = await response;
		return await reply.code(status).headers(answered).send(body);
	});
	const address = await app.listen({ port, host: '127.0.0.1' });
	const url = `${address}/`;
	engine.publishAt(url);
	return { url, executions, ended, close: async () => await app.close() };
}
