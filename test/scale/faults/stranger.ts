import Fastify from 'fastify';
import type { AddressInfo } from '../../support/node.cts';

/** A host that no key may ever reach. */
export interface Stranger {
	readonly url: string;
	/** Everything that was received: path, headers and body, as text. */
	readonly received: readonly string[];
	close(): Promise<void>;
}

/** Starts it on 127.0.0.1. It says yes to everything, as the provider would. */
export async function startStranger(): Promise<Stranger> {
	const received: string[] = [];
	const server = Fastify({ forceCloseConnections: true });
	server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
	server.all('/*', async ({ url, headers, body }) => {
		received.push(JSON.stringify({ url, headers, body }));
		return {
			id: 'stranger-1',
			job_id: 'stranger-1',
			status: 'COMPLETED',
			output: { video_url: 'http://127.0.0.1:1/none.mp4' },
		};
	});
	await server.listen({ host: '127.0.0.1', port: 0 });
	// A server that listens on a port has an address of this form.
	const { port } = server.server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}`, received, close: async () => await server.close() };
}
