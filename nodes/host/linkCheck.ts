import type { Clock, Stop } from '../core/clock';
import { asNumber, asObject, present } from '../core/json';
import type { LinkAnswer } from '../core/media/linkedPicture';
import { urlProblem } from '../core/url';
import { withDeadline } from './clock';
import type { NodeContext } from './context';
import { headersOf, readStart, toFault } from './send';

/** Enough for the header of nearly every picture; more is not read. */
const START_BYTES = 65_536;
const MAX_REDIRECTS = 5;
const BROWSER =
	'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

/** A link to look at, and how. */
export interface LinkLook {
	readonly url: string;
	/** The provider is an emulator on this machine, so the link may lead to this machine, too. */
	readonly mayBeLocal: boolean;
	readonly asBrowser: boolean;
	readonly timeoutMs: number;
}

/**
 * Asks for the beginning of a file, without a key; redirects are followed by hand, each checked like the link itself. Gives
 * what the server answered, or why there is no answer. Never throws.
 */
export async function lookAtLink(
	context: NodeContext,
	look: LinkLook,
	clock: Clock,
	stop: Stop,
): Promise<LinkAnswer | { readonly reason: string }> {
	try {
		return await withDeadline(clock, look.timeoutMs, async (signal) => await follow(context, look, signal), stop);
	} catch (error) {
		return { reason: toFault(error).message };
	}
}

async function follow(
	context: NodeContext,
	{ url: first, mayBeLocal, asBrowser, timeoutMs }: LinkLook,
	abortSignal: AbortSignal,
): Promise<LinkAnswer | { readonly reason: string }> {
	let url = first;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		if (urlProblem(url, { providerIsLocal: mayBeLocal }) !== undefined)
			return { reason: 'it was redirected elsewhere' };
		const full = asObject(
			await context.helpers.httpRequest({
				method: 'GET',
				url,
				headers: {
					// With another one, a CDN may give WebP, which the provider would not get.
					Accept: '*/*',
					'Accept-Encoding': 'identity',
					Range: `bytes=0-${START_BYTES - 1}`,
					...(asBrowser ? { 'User-Agent': BROWSER } : {}),
				},
				encoding: 'stream',
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				timeout: timeoutMs,
				abortSignal,
			}),
		);
		const status = asNumber(full?.statusCode) ?? 0;
		const headers = headersOf(full?.headers);
		const { location } = headers;
		const isRedirect = status >= 300 && status < 400 && location !== undefined;
		const start = await readStart(full?.body, isRedirect ? 0 : START_BYTES);
		if (!isRedirect) return answerOf(status, headers, start);
		url = URL.canParse(location, url) ? new URL(location, url).href : location;
	}
	return { reason: 'it was redirected too often' };
}

function answerOf(
	status: number,
	headers: Readonly<Record<string, string>>,
	start: Uint8Array,
): LinkAnswer | { readonly reason: string } {
	if (status !== 206) {
		const length = Number(headers['content-encoding'] === undefined ? (headers['content-length'] ?? NaN) : NaN);
		return { status, start, ...present({ totalBytes: Number.isNaN(length) ? undefined : length }) };
	}
	const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(headers['content-range'] ?? '') ?? [];
	if (from !== '0') return { reason: 'it gave another part than its beginning' };
	return {
		status,
		start,
		...present({ totalBytes: total === undefined || total === '*' ? undefined : Number(total) }),
	};
}
