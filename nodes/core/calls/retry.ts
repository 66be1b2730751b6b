import { NEVER_STOPPED, sleepUnlessStopped, type Clock, type Random, type Stop } from '../clock';
import { present } from '../json';
import type { Fault, Reply } from './http';

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
const BACKOFF_JITTER = 0.25;
/** On top of what a provider asked for, so that a batch that was told the same second does not come back as one. */
const RETRY_AFTER_JITTER_MS = 1_000;
/** A single question is not worth a longer wait. */
const LONGEST_PAUSE_MS = 60_000;

/** What one try came to: its value, or that another try is worth making. */
export type Attempt<T> =
	| { readonly kind: 'done'; readonly value: T }
	| {
			readonly kind: 'again';
			/** How long the provider asked to be left alone; absent where it did not say. */
			readonly afterMs?: number;
			/** The value if there is no further try. */
			readonly otherwise: T;
	  };

export interface RetryPolicy {
	/** In all, the first one included; may be Infinity. */
	readonly tries: number;
	/** No try starts later than this after the call of `retry`. Absent: only `tries` counts. */
	readonly patienceMs?: number;
	/** If the provider asks to be left alone for longer, there is no further try. Absent: one minute. */
	readonly longestPauseMs?: number;
}

/** What it takes to wait between two tries. */
export interface RetryPorts {
	readonly clock: Clock;
	readonly random: Random;
	/** Ends the tries. Absent for a call that is made because of the stop itself. */
	readonly stop?: Stop;
}

/**
 * Makes up to `policy.tries` tries until one is done. Between two tries there is the pause that the provider asked for, or
 * else one that grows from a second to half a minute. A requested stop ends the pause, and there is no further try. This
 * is the only place where a call is repeated.
 */
export async function retry<T>(
	attempt: () => Promise<Attempt<T>>,
	policy: RetryPolicy,
	{ clock, random, stop = NEVER_STOPPED }: RetryPorts,
): Promise<T> {
	const { tries, patienceMs = Infinity, longestPauseMs = LONGEST_PAUSE_MS } = policy;
	const lastStartMs = clock.now() + patienceMs;
	for (let number = 1; ; number++) {
		const tried = await attempt();
		if (tried.kind === 'done') return tried.value;
		const { afterMs, otherwise } = tried;
		if (number >= tries || (afterMs ?? 0) > longestPauseMs) return otherwise;
		const pauseMs = afterMs === undefined ? backoffMs(number, random) : afterMs + RETRY_AFTER_JITTER_MS * random();
		if (clock.now() + pauseMs > lastStartMs) return otherwise;
		await sleepUnlessStopped(pauseMs, { clock, stop });
		if (stop.requested) return otherwise;
	}
}

/**
 * The answer to a call as a try, with the pause that the provider asks for.
 * @param mayRepeat `surelyMadeNoJob` for a submit, `isTransient` for every other call
 */
export function attemptOf(
	answer: Reply | Fault,
	mayRepeat: (answer: Reply | Fault) => boolean,
	nowMs: number,
): Attempt<Reply | Fault> {
	if (!mayRepeat(answer)) return { kind: 'done', value: answer };
	const afterMs = answer.kind === 'reply' ? retryAfterMs(answer, nowMs) : undefined;
	return { kind: 'again', otherwise: answer, ...present({ afterMs }) };
}

/**
 * Whether a submit certainly made no job, so that repeating it cannot cost twice: no connection came about, or the
 * provider answered with 429, by which it says that it did not take the request.
 */
export function surelyMadeNoJob(answer: Reply | Fault): boolean {
	return answer.kind === 'fault' ? answer.reach === 'notConnected' : answer.status === 429;
}

/** Whether a call that costs nothing is worth repeating: after a broken connection, 408, 425, 429 and 5xx. */
export function isTransient(answer: Reply | Fault): boolean {
	return answer.kind === 'fault' || [408, 425, 429].includes(answer.status) || answer.status >= 500;
}

/**
 * How long the provider asks to be left alone, in milliseconds from `nowMs`; undefined if it does not say.
 * Reads `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), else the IETF draft's `RateLimit` (`"q";r=0;t=7`,
 * older `limit=5, remaining=0, reset=7`) or `RateLimit-Reset`, whose seconds count only once nothing remains.
 */
export function retryAfterMs(reply: Reply, nowMs: number): number | undefined {
	return readRetryAfter(reply.headers['retry-after']?.trim() ?? '', nowMs) ?? rateLimitResetMs(reply);
}

function readRetryAfter(text: string, nowMs: number): number | undefined {
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
	// Date.parse also takes "-5" or "7 s" for years; a date of HTTP begins with the day's name.
	const dateMs = /^[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

function rateLimitResetMs({ status, headers }: Reply): number | undefined {
	const rateLimit = headers['ratelimit'] ?? '';
	const remaining = /\b(?:r|remaining)\s*=\s*(\d+)/i.exec(rateLimit)?.[1] ?? headers['ratelimit-remaining'];
	const reset = /\b(?:t|reset)\s*=\s*(\d+)/i.exec(rateLimit)?.[1] ?? headers['ratelimit-reset'];
	const isSpent = status === 429 || (remaining !== undefined && Number(remaining) === 0);
	return isSpent && reset !== undefined && /^\d+$/.test(reset.trim()) ? Number(reset) * 1_000 : undefined;
}

/**
 * The pause before another try, in milliseconds: 1 s after the first failure (`attempt` 1), doubled each time up to
 * 30 s, ±25 % so that many jobs do not come back in step.
 */
export function backoffMs(attempt: number, random: Random): number {
	const plainMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.max(0, attempt - 1));
	return plainMs * (1 + BACKOFF_JITTER * (2 * random() - 1));
}
