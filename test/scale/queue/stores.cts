// The two services of n8n's queue mode, with a database and a key prefix of this run's own in them.
import { randomUUID } from 'node:crypto';
import type { Installation } from '../../e2e/harness/server.cts';
import { clientsOf } from './clients.cts';
import type { Clients, Connection, Redis } from './clients.cts';

/** What n8n keeps in PostgreSQL and Redis, open to be looked at. */
export interface Stores {
	/** Leads an n8n process to them. */
	readonly env: Record<string, string>;
	/** Executions of these workflows by id, with n8n's status. */
	statusesOf(workflowIds: readonly string[]): Promise<Map<string, string>>;
	/** How long each ended execution of a workflow took, from its creation to its end. */
	durationsMs(workflowId: string): Promise<number[]>;
	/** Executions that hold a worker's slot at this moment. */
	executionsInSlots(): Promise<string[]>;
	/** Drops all of it. */
	end(): Promise<void>;
}

const REDIS_URL = process.env.REDIS_URL ?? 'redis://localhost:6379';
const DATABASE_URL = process.env.DATABASE_URL ?? 'postgres://postgres@localhost:5432/postgres';
const CONNECT_TIMEOUT_MS = 5_000;

async function openRedis({ Redis }: Clients): Promise<Redis> {
	const redis = new Redis(REDIS_URL, {
		lazyConnect: true,
		connectTimeout: CONNECT_TIMEOUT_MS,
		retryStrategy: () => null,
	});
	// The connection's end is told by the call that needs it; without a listener it would be printed, too.
	redis.on('error', () => undefined);
	await redis.connect();
	return redis;
}

async function openAdmin({ Client }: Clients): Promise<Connection> {
	const admin = new Client({ connectionString: DATABASE_URL, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
	await admin.connect();
	return admin;
}

function reasonOf(error: unknown): string {
	if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
	return error instanceof Error ? error.message : String(error);
}

/** Without the password that may stand in it. */
function hostOf(url: string): string {
	return new URL(url).host;
}

/** Opens both by the clients of the installed n8n, or says which one is missing. */
export async function openStores(installation: Installation): Promise<Stores | { missing: string }> {
	const clients = clientsOf(installation);
	const redis = await openRedis(clients).catch(reasonOf);
	if (typeof redis === 'string') return { missing: `there is no Redis at ${hostOf(REDIS_URL)} (REDIS_URL): ${redis}` };
	const admin = await openAdmin(clients).catch(reasonOf);
	if (typeof admin !== 'string') return await createStores(clients, redis, admin);
	redis.disconnect();
	return { missing: `there is no PostgreSQL at ${hostOf(DATABASE_URL)} (DATABASE_URL): ${admin}` };
}

async function createStores({ Pool }: Clients, redis: Redis, admin: Connection): Promise<Stores> {
	const name = `kling_scale_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
	await admin.query(`CREATE DATABASE ${name}`);
	const ownUrl = new URL(DATABASE_URL);
	ownUrl.pathname = `/${name}`;
	const database = new Pool({ connectionString: ownUrl.href, max: 2 });
	// Dropping the database ends its idle connections, which is no news.
	database.on('error', () => undefined);
	return {
		env: environment(name, admin, redis),
		statusesOf: async (workflowIds) => {
			const query = 'SELECT id, status FROM execution_entity WHERE "workflowId" = ANY($1) ORDER BY id';
			const { rows } = await database.query<{ id: number; status: string }>(query, [workflowIds]);
			return new Map(rows.map(({ id, status }) => [String(id), status]));
		},
		durationsMs: async (workflowId) => {
			const lasted = 'EXTRACT(EPOCH FROM "stoppedAt" - "createdAt") * 1000';
			const query = `SELECT ${lasted} AS ms FROM execution_entity WHERE "workflowId" = $1 AND "stoppedAt" IS NOT NULL`;
			const { rows } = await database.query<{ ms: string }>(query, [workflowId]);
			return rows.map(({ ms }) => Number(ms));
		},
		executionsInSlots: async () => await executionsInSlots(redis, name),
		end: async () => {
			await database.end();
			await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
			await admin.end();
			await removeKeys(redis, name);
			redis.disconnect();
		},
	};
}

function environment(
	name: string,
	{ host, port, user, password }: Connection,
	{ options }: Redis,
): Record<string, string> {
	const { host: redisHost = 'localhost', port: redisPort = 6379, username, password: redisPassword, db = 0 } = options;
	return {
		EXECUTIONS_MODE: 'queue',
		QUEUE_BULL_PREFIX: name,
		N8N_REDIS_KEY_PREFIX: name,
		QUEUE_BULL_REDIS_HOST: redisHost,
		QUEUE_BULL_REDIS_PORT: String(redisPort),
		QUEUE_BULL_REDIS_DB: String(db),
		...(username && { QUEUE_BULL_REDIS_USERNAME: username }),
		...(redisPassword && { QUEUE_BULL_REDIS_PASSWORD: redisPassword }),
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: host,
		DB_POSTGRESDB_PORT: String(port),
		DB_POSTGRESDB_DATABASE: name,
		// Two, n8n's default, are too few for a process that takes many webhooks at once.
		DB_POSTGRESDB_POOL_SIZE: '10',
		DB_POSTGRESDB_USER: user ?? 'postgres',
		...(password && { DB_POSTGRESDB_PASSWORD: password }),
	};
}

/** As Bull, n8n's queue, keeps them: a list of the ids of active jobs, and a hash for each job. */
async function executionsInSlots(redis: Redis, prefix: string): Promise<string[]> {
	const jobIds = await redis.lrange(`${prefix}:jobs:active`, 0, -1);
	const jobs = await Promise.all(jobIds.map(async (jobId) => await redis.hget(`${prefix}:jobs:${jobId}`, 'data')));
	return jobs.filter((data) => data !== null).map((data) => String(JSON.parse(data).executionId));
}

async function removeKeys(redis: Redis, prefix: string): Promise<void> {
	for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 })) {
		if (keys.length > 0) await redis.del(...keys);
	}
}
