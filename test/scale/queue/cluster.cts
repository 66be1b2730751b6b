// n8n in queue mode on this machine: one main, two workers, and two webhook processes behind a load balancer. Each of
// them has the package installed.
import { randomUUID } from 'node:crypto';
import { Host } from '../../e2e/harness/host.cts';
import { freePort, Server } from '../../e2e/harness/server.cts';
import type { Installation } from '../../e2e/harness/server.cts';
import { startBalancer } from './balancer.cts';
import type { Balancer } from './balancer.cts';
import type { Stores } from './stores.cts';

/** Executions that one worker runs at a time. */
export const SLOTS_PER_WORKER = 2;
export const WORKERS = 2;
export const WEBHOOK_PROCESSES = 2;

const CALL_TIMEOUT_MS = 60_000;
const LAST_LINES = 40;

export interface Cluster {
	readonly main: Host;
	readonly workers: readonly Server[];
	readonly webhooks: readonly Server[];
	/** All webhooks and callbacks go through it. */
	readonly balancer: Balancer;
	readonly stores: Stores;
	/** Calls a published workflow's webhook; resolves when it has answered. */
	call(path: string, body: object): Promise<void>;
	/** The end of each process' log: what to print when a scene breaks down. */
	lastWords(): string;
	end(): Promise<void>;
}

/** Without the places of errors, and without what n8n says of each execution that goes well. */
function wordsOf(server: Server): string {
	const isTelling = (line: string): boolean =>
		!/^\s+at |^Enqueued |^Execution \d+ .*finished$|^Worker (started|finished) /.test(line);
	return server.log().trimEnd().split('\n').filter(isTelling).slice(-LAST_LINES).join('\n');
}

async function startWorker(installation: Installation, tarball: string, env: Record<string, string>): Promise<Server> {
	const port = String(await freePort());
	const health = {
		QUEUE_HEALTH_CHECK_ACTIVE: 'true',
		QUEUE_HEALTH_CHECK_PORT: port,
		N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
	};
	return await Server.start(installation, {
		tarball,
		command: ['worker', `--concurrency=${SLOTS_PER_WORKER}`],
		readyPath: '/healthz/readiness',
		env: { ...env, ...health, N8N_PORT: port },
	});
}

async function times<T>(count: number, make: () => Promise<T>): Promise<T[]> {
	return await Promise.all(Array.from({ length: count }, make));
}

/** Starts all of it; resolves when all is up. */
export async function startCluster(installation: Installation, tarball: string, stores: Stores): Promise<Cluster> {
	const ports = (await times(WEBHOOK_PROCESSES, freePort)).map(String);
	const balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
	const env = { ...stores.env, N8N_ENCRYPTION_KEY: randomUUID(), WEBHOOK_URL: `${balancer.url}/` };
	// First, as it makes the tables.
	const main = await Host.start(installation, { tarball, env });
	const startWebhooks = async (port: string): Promise<Server> =>
		await Server.start(installation, {
			tarball,
			command: ['webhook'],
			readyPath: '/healthz/readiness',
			env: { ...env, N8N_PORT: port },
		});
	const [webhooks, workers] = await Promise.all([
		Promise.all(ports.map(startWebhooks)),
		times(WORKERS, async () => await startWorker(installation, tarball, env)),
	]);
	return {
		main,
		workers,
		webhooks,
		balancer,
		stores,
		call: async (path, body) => await call(`${balancer.url}/webhook/${path}`, body),
		lastWords: () => {
			const named = (name: string, servers: readonly Server[]) =>
				servers.map((server) => `-- ${name}:\n${wordsOf(server)}`);
			return [...named('main', [main.server]), ...named('webhook process', webhooks), ...named('worker', workers)].join(
				'\n',
			);
		},
		end: async () => {
			await Promise.all([...workers, ...webhooks].map(async (server) => await server.end()));
			await main.server.end();
			await balancer.stop();
		},
	};
}

async function call(url: string, body: object): Promise<void> {
	const reply = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
		signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
	});
	await reply.arrayBuffer();
	if (!reply.ok) throw new Error(`a webhook process answered ${reply.status} to ${url}`);
}
