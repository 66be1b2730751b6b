import type { IHttpRequestOptions } from 'n8n-workflow';
import type { Clock } from '../core/clock';
import { parseJson } from '../core/json';
import type { Call, Fault, Reply, Send } from '../core/calls/http';
import { asNumber, asObject } from '../core/json';
import type { NodeContext } from './context';
import { withDeadline } from './deadline';
import { toFault } from './faults';
import { createKeyHider, type KeyHider } from './hideKey';

/** No documented reply comes near this; more is not read. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;

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
 */
export function createSend(context: NodeContext, credential: string, baseUrl: string, clock: Clock): Send {
	const hider = createKeyHider(context, credential);
	return async (call) => {
		try {
			const key = await hider;
			return await withDeadline(clock, call.timeoutMs, async (signal) => {
				const options = toRequest(call, baseUrl, signal);
				const request = context.helpers.httpRequestWithAuthentication;
				// n8n's type for `this` joins all contexts; the call needs only what every one of them has.
				const full: unknown = await request.call(withSignal(context, signal) as never, credential, options);
				return await toReply(full, key);
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
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		timeout: call.timeoutMs,
		abortSignal,
	};
}

function isChunks(value: unknown): value is AsyncIterable<Uint8Array> {
	return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** A whole stream of at most `maxBytes`; undefined if there is more, which is not read. */
async function readAtMost(stream: unknown, maxBytes: number): Promise<Buffer | undefined> {
	if (!isChunks(stream)) return Buffer.alloc(0);
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of stream) {
		size += chunk.length;
		if (size > maxBytes) return undefined;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

/** Header values as text; several of one name keep the first. */
export function headersOf(value: unknown): Record<string, string> {
	const headers = Object.entries(asObject(value) ?? {});
	return Object.fromEntries(
		headers.map(([name, each]) => [name.toLowerCase(), String(Array.isArray(each) ? each[0] : each)]),
	);
}

async function toReply(full: unknown, key: KeyHider): Promise<Reply | Fault> {
	const response = asObject(full);
	const status = asNumber(response?.statusCode);
	if (response === undefined || status === undefined) return toFault(undefined);
	const headers = headersOf(response.headers);
	const bytes = await readAtMost(response.body, MAX_REPLY_BYTES);
	if (bytes === undefined) return { kind: 'fault', reach: 'lost', message: 'the answer was too large' };
	const announced = Number(headers['content-length'] ?? bytes.length);
	const text = key.inText(bytes.toString('utf8'));
	const json = parseJson(text);
	// n8n unzips a body and keeps the length it had zipped: JSON that is whole was not cut, whatever its length.
	const isCut = json === undefined && announced > bytes.length && status !== 304;
	if (isCut) return { kind: 'fault', reach: 'lost', message: 'the connection was cut' };
	return { kind: 'reply', status, headers, body: key.inJson(json ?? text) };
}
