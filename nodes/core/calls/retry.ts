import type { Random } from '../clock';
import type { Fault, Reply } from './http';

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
const BACKOFF_JITTER = 0.25;

/**
 * Whether a call that may be repeated (a GET) is worth repeating: the trouble is the weather's, not the call's.
 * Network faults of both kinds, 408, 425, 429 and 5xx. Not for submits: a lost one may have been accepted.
 */
export function isPassing(answer: Reply | Fault): boolean {
	if (answer.kind === 'fault') return true;
	return [408, 425, 429].includes(answer.status) || answer.status >= 500;
}

/**
 * How long the provider asks us to stay away, in milliseconds from `nowMs`; undefined if it does not say.
 * Reads `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), else the IETF draft's `RateLimit` (`"q";r=0;t=7`,
 * older `limit=5, remaining=0, reset=7`) or `RateLimit-Reset`, whose seconds count only once nothing remains.
 */
export function retryAfterMs(reply: Reply, nowMs: number): number | undefined {
	const retryAfter = reply.headers['retry-after']?.trim();
	if (retryAfter) return readRetryAfter(retryAfter, nowMs) ?? rateLimitResetMs(reply);
	return rateLimitResetMs(reply);
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
