import type { Fault } from '../core/calls/http';
import { asObject, asText } from '../core/json';

/** Connection refused, name not resolved, no trust in the server: the request surely never left. */
const NOT_CONNECTED =
	/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_NONAME|ERR_TLS_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/;
const KNOWN_CODE = /\b(E[A-Z_]{4,}|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)\b/;

const WORDS: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'the connection was refused',
	ENOTFOUND: 'the host name was not found',
	EAI_AGAIN: 'the host name could not be looked up',
	ECONNRESET: 'the connection was cut',
	ECONNABORTED: 'no answer came in time',
	ETIMEDOUT: 'no answer came in time',
	ERR_CANCELED: 'no answer came in time',
};

/** The code of a network error, through the wrappers of n8n and axios (`instanceof` fails across hosts). */
function codeOf(error: unknown, depth = 5): string | undefined {
	const object = asObject(error);
	if (object === undefined || depth === 0) return undefined;
	const own = [object.code, object.httpCode]
		.map(asText)
		.find((code) => code !== undefined && /^[A-Z]+_?[A-Z_]*$/.test(code));
	return (
		own ??
		codeOf(object.cause, depth - 1) ??
		codeOf(object.errorResponse, depth - 1) ??
		KNOWN_CODE.exec(asText(object.message) ?? '')?.[1]
	);
}

/** A network error as the core knows it: no key, no URL, no stack in it. */
export function toFault(error: unknown): Fault {
	const code = codeOf(error);
	const message =
		(code === undefined ? undefined : WORDS[code]) ?? `the connection failed${code === undefined ? '' : ` (${code})`}`;
	return { kind: 'fault', reach: code !== undefined && NOT_CONNECTED.test(code) ? 'notConnected' : 'lost', message };
}
