import { classifyFailure, errorText, refusal } from '../failure';
import type { Reply } from '../calls/http';
import type { Failure, JobStatus } from '../job';
import { asObject, asText, isJson, type JsonValue } from '../json';

/**
 * An API answered something that no document describes: no job id, no status, no JSON, a redirect, a server fault.
 * `message` says what came, for people, with no secret in it.
 */
export class UnexpectedReplyError extends Error {
	readonly name = 'UnexpectedReplyError';
}

/** The reply's body for the `raw` output: JSON as it came. */
export function rawOf(reply: Reply): JsonValue {
	return isJson(reply.body) ? reply.body : null;
}

/** The words of an API for each status, in any case. */
export type StatusWords = ReadonlyArray<readonly [JobStatus, RegExp]>;

/** What an API's word says of a job. Any word that it does not document means that the job is still being worked on. */
export function statusIn(words: StatusWords, word: string): JobStatus {
	return words.find(([, pattern]) => pattern.test(word))?.[0] ?? 'processing';
}

/** Whether a page came instead of an API's answer, as gateways and firewalls on the way send them. */
export function isWebPage({ body }: Reply): boolean {
	return typeof body === 'string' && /^\s*</.test(body);
}

/** What a reply's error says, for people, with a fallback that names the HTTP status. */
export function refusalText(reply: Reply, label: string): string {
	const text = isWebPage(reply) ? undefined : errorText(reply.body);
	return text === undefined ? `${label} answered with HTTP status ${reply.status}` : `${label}: ${text}`;
}

function described(reply: Reply): string {
	if (reply.status >= 300 && reply.status < 400) {
		return 'a redirect, which is not followed so that the API key stays here';
	}
	if (typeof reply.body === 'string') {
		if (asText(reply.body) === undefined) return 'an empty body';
		return isWebPage(reply) ? 'a web page instead of JSON' : 'text instead of JSON';
	}
	return asObject(reply.body) === undefined ? 'JSON that is not an object' : 'JSON in an unknown form';
}

/**
 * The reply as an error nobody documented: names the HTTP status and the kind of body. Of its content it names only the
 * sentence by which a provider says no under a status of success.
 */
export function unexpectedReply(reply: Reply, label: string, missing?: string): UnexpectedReplyError {
	const lack = missing === undefined ? '' : ` without ${missing}`;
	const text = reply.status < 300 && asObject(reply.body) !== undefined ? errorText(reply.body) : undefined;
	const said = text === undefined ? '' : `: ${text}`;
	return new UnexpectedReplyError(
		`${label} answered with HTTP status ${reply.status} and ${described(reply)}${lack}${said}`,
	);
}

/**
 * What the result of a job that is said to be completed says went wrong: `{error: …}`, or a status of its own that is one
 * of failure. Undefined if it says nothing of the kind.
 */
export function errorInside(result: unknown): string | undefined {
	const object = asObject(Array.isArray(result) ? result[0] : result);
	if (object === undefined) return undefined;
	const text = errorText(object.error) ?? errorText(object.error_message) ?? errorText(object.errors);
	if (text !== undefined) return text;
	const isFailed = /^(error|failed|failure)$/i.test(asText(object.status) ?? '');
	return isFailed ? (errorText(object) ?? 'it gives no reason') : undefined;
}

/**
 * The failure of a job that is said to be completed, without a link and with an error inside. Whether it was charged is
 * not known, so it is submitted again only where its text is known to be of a passing trouble.
 */
export function failureInside(text: string): Failure {
	return { message: text, retryable: false, ...classifyFailure(text), charged: 'unknown' };
}

/** The reply's JSON object. Redirects, server faults and everything that is no JSON object throw. */
export function objectOf(reply: Reply, label: string): Readonly<Record<string, unknown>> {
	const object = asObject(reply.body);
	if (object === undefined || (reply.status >= 300 && reply.status < 400)) throw unexpectedReply(reply, label);
	return object;
}

/**
 * The clear refusal that an HTTP status is, at either API; undefined for 404, which each reads itself, and for a 2xx.
 * 3xx, 408, 425 and 5xx say nothing clear and throw `UnexpectedReplyError`.
 */
export function refusalOf(reply: Reply, label: string): Failure | undefined {
	const { status } = reply;
	if (status < 300 || status === 404) return undefined;
	const text = refusalText(reply, label);
	if (status === 401 || status === 403) return refusal(text, 'unauthorized', false);
	if (status === 402) return refusal(text, 'insufficient_credit', true);
	if (status === 429) return refusal(text, 'rate_limited', true);
	if (status < 400 || status >= 500 || status === 408 || status === 425) throw unexpectedReply(reply, label);
	const { code, retryable } = classifyFailure(errorText(reply.body));
	return code === 'provider_error' ? refusal(text, 'invalid_input', false) : refusal(text, code, retryable);
}

/** The first text that is an http(s) link, in a string, an array or the named keys of an object. */
export function firstUrl(value: unknown, keys: readonly string[], depth = 5): string | undefined {
	if (depth === 0) return undefined;
	if (typeof value === 'string') return /^https?:\/\/\S+$/i.test(value.trim()) ? value.trim() : undefined;
	if (typeof value !== 'object') return undefined;
	const inner: unknown[] = Array.isArray(value) ? value.slice(0, 20) : keys.map((key) => asObject(value)?.[key]);
	return inner.map((each) => firstUrl(each, keys, depth - 1)).find((url) => url !== undefined);
}

/** ISO 8601 with a zone. `Date.parse` alone would guess a zone, and takes "7 days" for a year. */
const ZONED_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/i;

/** A time that somebody else gave, in ISO 8601 (UTC); undefined if it is none, or has no zone. */
export function zonedTime(value: unknown): string | undefined {
	const text = asText(value) ?? '';
	const time = ZONED_TIME.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
