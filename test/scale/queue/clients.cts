// The clients of Redis and PostgreSQL that n8n itself uses, from the n8n that is measured: what reads its queue and its
// database here is then of the same version as what writes them there.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Installation } from '../../e2e/harness/server.cts';

/** What is used here of a connection to Redis. */
export interface Redis {
	readonly options: {
		readonly host?: string;
		readonly port?: number;
		readonly username?: string | null;
		readonly password?: string | null;
		readonly db?: number;
	};
	connect(): Promise<void>;
	disconnect(): void;
	on(event: 'error', listener: (error: Error) => void): unknown;
	lrange(key: string, start: number, stop: number): Promise<string[]>;
	hget(key: string, field: string): Promise<string | null>;
	scanStream(options: { match: string; count: number }): AsyncIterable<string[]>;
	del(...keys: string[]): Promise<number>;
}

/** What is used here of one connection to PostgreSQL, or of a pool of them. */
export interface Database {
	on(event: 'error', listener: (error: Error) => void): unknown;
	query<Row>(sql: string, values?: unknown[]): Promise<{ rows: Row[] }>;
	end(): Promise<void>;
}

/** One connection to PostgreSQL, with where it leads. */
export interface Connection extends Database {
	readonly host: string;
	readonly port: number;
	readonly user?: string;
	readonly password?: string | null;
	connect(): Promise<void>;
}

/** The classes of ioredis and pg. */
export interface Clients {
	readonly Redis: new (url: string, options: object) => Redis;
	readonly Client: new (options: object) => Connection;
	readonly Pool: new (options: object) => Database;
}

/** The clients of an installed n8n, which names both among its dependencies. */
export function clientsOf({ folder }: Installation): Clients {
	const require = createRequire(join(folder, 'node_modules/n8n/package.json'));
	// The types of neither are installed with n8n; the interfaces above have what both document.
	const { Client, Pool } = require('pg') as Pick<Clients, 'Client' | 'Pool'>;
	const Redis = require('ioredis') as Clients['Redis'];
	return { Redis, Client, Pool };
}
