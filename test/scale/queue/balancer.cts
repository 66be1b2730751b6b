// The load balancer that stands before n8n's webhook processes, as in any installation with more than one of them.
import { createServer, request } from 'node:http';
import { at } from '../../support/defined';

export interface Balancer {
	/** `http://127.0.0.1:<port>` */
	readonly url: string;
	/** How many callbacks to paused executions each target was given. */
	callbacks(): number[];
	stop(): Promise<void>;
}

/** Hands each request to the next of these servers in turn; what it is answered is the server's own. */
export async function startBalancer(targets: readonly string[]): Promise<Balancer> {
	const callbacks = targets.map(() => 0);
	let count = 0;
	const server = createServer((incoming, reply) => {
		const { url = '/', method, headers } = incoming;
		const turn = count++ % targets.length;
		if (url.startsWith('/webhook-waiting/')) callbacks[turn] = at(callbacks, turn) + 1;
		const onward = request(at(targets, turn) + url, { method, headers, agent: false }, (answer) => {
			reply.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(reply);
		});
		// Who hangs up on one side does so on the other.
		onward.on('error', () => reply.destroy());
		reply.on('close', () => onward.destroy());
		incoming.pipe(onward);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	if (address === null || typeof address === 'string') throw new Error('no port was given');
	return {
		url: `http://127.0.0.1:${address.port}`,
		callbacks: () => [...callbacks],
		stop: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
