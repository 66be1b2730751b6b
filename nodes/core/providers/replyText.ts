import { errorText } from '../failure';
import { UnexpectedReplyError } from './errors';
import type { Reply } from '../calls/http';
import { asObject, asText, isJson, type JsonValue } from '../json';

/** The reply's body for the `raw` output: JSON as it came. */
export function rawOf(reply: Reply): JsonValue {
	return isJson(reply.body) ? reply.body : null;
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

/** The reply as an error nobody documented: names the HTTP status and the kind of body, never its content. */
export function unexpectedReply(reply: Reply, label: string, missing?: string): UnexpectedReplyError {
	const lack = missing === undefined ? '' : ` without ${missing}`;
	return new UnexpectedReplyError(
		`${label} answered with HTTP status ${reply.status} and ${described(reply)}${lack}`,
		reply.status,
	);
}

/** The reply's JSON object. Redirects, server faults and everything that is no JSON object throw. */
export function objectOf(reply: Reply, label: string): Readonly<Record<string, unknown>> {
	const object = asObject(reply.body);
	if (object === undefined || (reply.status >= 300 && reply.status < 400)) throw unexpectedReply(reply, label);
	return object;
}
