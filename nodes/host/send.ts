import type { IHttpRequestOptions } from 'n8n-workflow';
import type { LimitFunction } from 'p-limit';
import type { Clock } from '../core/clock';
import type { Call, Fault, Reply, Send } from '../core/calls/http';
import { asNumber, asObject, asText, parseJson } from '../core/json';
import { cleanKey } from '../core/key';
import type { NodeContext } from './context';
import { withDeadline } from './clock';

/** Two pictures as data URIs fit, which Runpod may repeat (docs/providers.md#runpod-replies); more is not read. */
const MAX_REPLY_BYTES = 32 * 1024 ** 2;
/** Replies above this are read one at a time, as each is in memory several times while it is read. */
const LARGE_REPLY_BYTES = 4 * 1024 ** 2;

/**
 * The context with another stop signal. n8n ties every authenticated request to the execution's own signal, so a cancel
 * that is sent because of Stop would cancel itself.
 */
function withSignal(context: NodeContext, signal: AbortSignal): NodeContext {
	const detached: NodeContext = Object.create(context);
	return Object.defineProperty(detached, 'getExecutionCancelSignal', { value: () => signal });
}

/**
 * Sends calls with one credential. The whole exchange is bounded in time and size; redirects are not followed, as they
 * would take the key along; nothing is repeated; nothing is thrown.
 * @param largeReplies lets one large reply be read at a time; all who share the process's memory share it
 */
export function createSend(
	context: NodeContext,
	credential: string,
	baseUrl: string,
	clock: Clock,
	largeReplies: LimitFunction,
): Send {
	const keyHider = createKeyHider(context, credential);
	return async (call) => {
		try {
			const hideKey = await keyHider;
			return await withDeadline(clock, call.timeoutMs, async (signal) => {
				const options = toRequest(call, baseUrl, signal);
				const request = context.helpers.httpRequestWithAuthentication;
				// n8n's type for `this` joins all contexts; the call needs only what every one of them has.
				const full: unknown = await request.call(withSignal(context, signal) as never, credential, options);
				return await toReply(full, hideKey, largeReplies);
			});
		} catch (error) {
			return toFault(error);
		}
	};
}

function toRequest(call: Call, baseUrl: string, abortSignal: AbortSignal): IHttpRequestOptions {
	const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`;
	return {
		method: call.method,
		url: `${baseUrl}${call.path}${query}`,
		...(call.body === undefined ? {} : { body: call.body }),
		headers: { Accept: 'application/json', 'Accept-Encoding': 'identity' },
		...streamed(call.timeoutMs, abortSignal),
	};
}

/** How every answer is asked for: as a stream, whatever its status, and without following a redirect. */
export function streamed(timeout: number, abortSignal: AbortSignal) {
	return {
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		timeout,
		abortSignal,
	} as const;
}

function isChunks(value: unknown): value is AsyncIterable<Uint8Array> {
	return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The bytes of a stream as far as they were read. */
class Body {
	private readonly chunks: Uint8Array[] = [];
	private readonly stream: AsyncIterator<Uint8Array> | undefined;
	private size = 0;

	constructor(stream: unknown) {
		this.stream = isChunks(stream) ? stream[Symbol.asyncIterator]() : undefined;
	}

	/** Reads on until the end, or until more than `maxBytes` are there; whether the end was reached. */
	async readTo(maxBytes: number): Promise<boolean> {
		while (this.stream !== undefined && this.size <= maxBytes) {
			const { done, value } = await this.stream.next();
			if (done === true) return true;
			this.chunks.push(value);
			this.size += value.length;
		}
		return this.stream === undefined;
	}

	bytes(): Buffer {
		return Buffer.concat(this.chunks);
	}
}

/** The first bytes of a stream, which is then left. */
export async function readStart(stream: unknown, maxBytes: number): Promise<Uint8Array> {
	const body = new Body(stream);
	if (!(await body.readTo(maxBytes - 1))) discard(stream);
	return body.bytes().subarray(0, maxBytes);
}

/** Ends an answer that is not wanted; n8n would hold all of it in memory, however long it is. */
export function discard(body: unknown): void {
	if (typeof body !== 'object' || body === null || !('destroy' in body)) return;
	if (typeof body.destroy === 'function') body.destroy();
}

/** Header values as text; several of one name keep the first. */
export function headersOf(value: unknown): Record<string, string> {
	const headers = Object.entries(asObject(value) ?? {});
	return Object.fromEntries(
		headers.map(([name, each]) => [name.toLowerCase(), String(Array.isArray(each) ? each[0] : each)]),
	);
}

async function toReply(full: unknown, hideKey: ChangeText, largeReplies: LimitFunction): Promise<Reply | Fault> {
	const response = asObject(full);
	const status = asNumber(response?.statusCode);
	if (response === undefined || status === undefined) return toFault(undefined);
	const head = { kind: 'reply', status, headers: headersOf(response.headers) } as const;
	const body = new Body(response.body);
	if (await body.readTo(LARGE_REPLY_BYTES)) return readWhole(head, body, hideKey);
	return await largeReplies(async () => {
		if (await body.readTo(MAX_REPLY_BYTES)) return { ...readWhole(head, body, hideKey), isLarge: true };
		discard(response.body);
		return { kind: 'fault', reach: 'lost', message: 'the answer was too large' };
	});
}

function readWhole(head: Omit<Reply, 'body'>, body: Body, hideKey: ChangeText): Reply | Fault {
	const bytes = body.bytes();
	const announced = Number(head.headers['content-length'] ?? bytes.length);
	const text = bytes.toString('utf8');
	const json = parseJson(text);
	// n8n unzips a body and keeps the length it had zipped: JSON that is whole was not cut, whatever its length.
	const isCut = json === undefined && announced > bytes.length && head.status !== 304;
	if (isCut) return { kind: 'fault', reach: 'lost', message: 'the connection was cut' };
	return { ...head, body: changeTexts(json ?? text, (each) => hideKey(withoutPictures(each))) };
}

type ChangeText = (text: string) => string;

/** A file as text: a provider may repeat the pictures it was sent, at each look anew. */
const DATA_URI = /data:([\w.+-]+\/[\w.+-]+)?(;[\w=.+-]+)*,[\w+/=%-]{100,}/gi;

/** The text with a short note in place of each picture, so that items, errors and n8n's database stay small. */
const withoutPictures: ChangeText = (text) =>
	text.replace(DATA_URI, (uri, type = 'text') => `data:${type} (${uri.length} characters, left out)`);

/** Takes the key out of a reply's body: a refusal that quotes it would carry it into errors, logs and items. */
async function createKeyHider(context: NodeContext, credential: string): Promise<ChangeText> {
	try {
		const apiKey = cleanKey(asText((await context.getCredentials(credential)).apiKey) ?? '');
		if (apiKey === '') return (text) => text;
		const pattern = patternOf(apiKey);
		return (text) => text.replace(pattern, '…');
	} catch {
		// Without a credential there is no key, and no call will be made.
		return (text) => text;
	}
}

/** JSON inside JSON doubles its backslashes with each level; eight are three levels, and keep the search linear. */
const MAX_BACKSLASHES = 8;

/** Finds the key in any text, also as JSON inside it would write it: `\/` and `\u0026` for `/` and `&`. */
function patternOf(apiKey: string): RegExp {
	const units = Array.from({ length: apiKey.length }, (_, at) => {
		const hex = apiKey.charCodeAt(at).toString(16).padStart(4, '0');
		return `\\\\{0,${MAX_BACKSLASHES}}(?:\\u${hex}|u${hex})`;
	});
	// The digits of \u00e4 may be capitals.
	return new RegExp(units.join(''), 'gi');
}

/** Changes every text and name of parsed JSON, in place. It walks without recursion: a reply may be nested deeply. */
function changeTexts(json: unknown, change: ChangeText): unknown {
	const root = [json];
	const open: object[] = [root];
	for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
		for (const [name, value] of Object.entries(holder)) {
			const newName = Array.isArray(holder) ? name : change(name);
			const newValue: unknown = typeof value === 'string' ? change(value) : value;
			if (newName !== name) Reflect.deleteProperty(holder, name);
			if (newName !== name || newValue !== value) Reflect.set(holder, newName, newValue);
			if (typeof value === 'object' && value !== null) open.push(value);
		}
	}
	return root[0];
}

/** Connection refused, name not resolved, no trust in the server: the request never left. */
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

/** The code of an error, mostly of the network, through the wrappers of n8n and axios (`instanceof` fails across hosts). */
export function codeOf(error: unknown, depth = 5): string | undefined {
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
