import type { Clock, Stop } from '../core/clock';
import { present } from '../core/json';
import type { LinkAnswer } from '../core/media/linkedPicture';
import { withDeadline } from './clock';
import type { NodeContext } from './context';
import { followLink, REDIRECTED_TOO_OFTEN, type Opened } from './open';
import { readStart, toFault } from './send';

/** Enough for the header of nearly every picture; more is not read. */
const START_BYTES = 65_536;
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
	how: LinkLook,
	clock: Clock,
	stop: Stop,
): Promise<LinkAnswer | { readonly reason: string }> {
	try {
		return await withDeadline(clock, how.timeoutMs, async (signal) => await look(context, how, signal), stop);
	} catch (error) {
		return { reason: toFault(error).message };
	}
}

async function look(
	context: NodeContext,
	{ url, mayBeLocal, asBrowser, timeoutMs }: LinkLook,
	signal: AbortSignal,
): Promise<LinkAnswer | { readonly reason: string }> {
	const headers = {
		// With another one, a CDN may give WebP, which the provider would not get.
		Accept: '*/*',
		'Accept-Encoding': 'identity',
		Range: `bytes=0-${START_BYTES - 1}`,
		...(asBrowser ? { 'User-Agent': BROWSER } : {}),
	};
	const opened = await followLink(context, { url, mayBeLocal, headers }, timeoutMs, signal);
	if ('problem' in opened) {
		const where = opened.problem === REDIRECTED_TOO_OFTEN ? 'too often' : 'elsewhere';
		return { reason: `it was redirected ${where}` };
	}
	return answerOf(opened, await readStart(opened.body, START_BYTES));
}

function answerOf({ status, headers }: Opened, start: Uint8Array): LinkAnswer | { readonly reason: string } {
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
