// n8n in queue mode on this machine: one main, two workers and one webhook process, each with the package installed.
import { randomUUID } from 'node:crypto';
import { Host } from '../../e2e/harness/host.cts';
import { freePort, Server } from '../../e2e/harness/server.cts';
import type { Installation } from '../../e2e/harness/server.cts';
import type { Stores } from './stores.cts';

/** Executions that one worker runs at a time. */
export const SLOTS_PER_WORKER = 2;
export const WORKERS = 2;

const CALL_TIMEOUT_MS = 60_000;
const LAST_LINES = 40;

export interface Cluster {
	readonly main: Host;
	readonly workers: readonly Server[];
	readonly stores: Stores;
	/** Calls a published workflow's webhook at the webhook process; resolves when that has answered. */
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

/** Starts all four; resolves when all are up. */
export async function startCluster(installation: Installation, tarball: string, stores: Stores): Promise<Cluster> {
	const webhookPort = String(await freePort());
	const publicUrl = `http://127.0.0.1:${webhookPort}`;
	const env = { ...stores.env, N8N_ENCRYPTION_KEY: randomUUID(), WEBHOOK_URL: `${publicUrl}/` };
	// First, as it makes the tables.
	const main = await Host.start(installation, { tarball, env });
	const [webhooks, ...workers] = await Promise.all([
		Server.start(installation, {
			tarball,
			command: ['webhook'],
			readyPath: '/healthz/readiness',
			env: { ...env, N8N_PORT: webhookPort },
		}),
		...Array.from({ length: WORKERS }, async () => await startWorker(installation, tarball, env)),
	]);
	return {
		main,
		workers,
		stores,
		call: async (path, body) => {
			const headers = { 'content-type': 'application/json' };
			const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
			const reply = await fetch(`${publicUrl}/webhook/${path}`, {
				method: 'POST',
				headers,
				body: JSON.stringify(body),
				signal,
			});
			await reply.arrayBuffer();
			if (!reply.ok) throw new Error(`the webhook process answered ${reply.status} to ${path}`);
		},
		lastWords: () => {
			const named: Array<[string, Server]> = [
				['main', main.server],
				['webhook process', webhooks],
			];
			const all = [...named, ...workers.map((server): [string, Server] => ['worker', server])];
			return all.map(([name, server]) => `-- ${name}:\n${wordsOf(server)}`).join('\n');
		},
		end: async () => {
			await Promise.all([...workers, webhooks].map(async (server) => await server.end()));
			await main.server.end();
		},
	};
}
