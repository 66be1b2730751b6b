import type { JsonObject } from '../json';

/** An HTTP request as data: what to send, never how. No secret is in it. */
export interface Call {
	readonly method: 'GET' | 'POST' | 'DELETE';
	/** Appended to the credential's base URL; starts with `/`; ids in it are already checked. */
	readonly path: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly body?: JsonObject;
	/** The whole exchange, from the first byte sent to the last received. */
	readonly timeoutMs: number;
}

/** An HTTP answer, whatever its status. */
export interface Reply {
	readonly kind: 'reply';
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	/** Parsed JSON; the text itself where it is not JSON; '' where empty. */
	readonly body: unknown;
	/** It has megabytes, as where an API repeats the pictures it was sent. */
	readonly isLarge?: true;
}

/**
 * No usable answer came. `notConnected`: the request certainly never reached the API (connection refused, name not
 * resolved). `lost`: it may have (timeout, reset, cut or oversized body).
 */
export interface Fault {
	readonly kind: 'fault';
	readonly reach: 'notConnected' | 'lost';
	/** For people: "the connection was refused", with no key and no URL in it. */
	readonly message: string;
}

/** Sends a call with the provider's credential. Never throws, never repeats, never follows a redirect. */
export type Send = (call: Call) => Promise<Reply | Fault>;
