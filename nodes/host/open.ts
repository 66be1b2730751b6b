import type { IHttpRequestOptions } from 'n8n-workflow';
import { asNumber, asObject } from '../core/json';
import { isPrivateHost, urlProblem } from '../core/url';
import type { NodeContext } from './context';
import { discard, headersOf, streamed } from './send';

const MAX_REDIRECTS = 5;

/** An answer whose body was not read yet. */
export interface Opened {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: unknown;
}

/** Sends a request without a key, GET unless it says otherwise. Throws what n8n throws where no answer comes. */
export async function open(
	context: NodeContext,
	request: Pick<IHttpRequestOptions, 'url' | 'method' | 'headers' | 'body'>,
	timeoutMs: number,
	signal: AbortSignal,
): Promise<Opened> {
	const options: IHttpRequestOptions = { method: 'GET', ...request, ...streamed(timeoutMs, signal) };
	const full = asObject(await context.helpers.httpRequest(options));
	return { status: asNumber(full?.statusCode) ?? 0, headers: headersOf(full?.headers), body: full?.body };
}

/** A link to open. */
export interface LinkToOpen {
	readonly url: string;
	/** Whether it may lead to this machine or its network. */
	readonly mayBeLocal: boolean;
	readonly headers: Readonly<Record<string, string>>;
}

/** What is wrong with where a link leads. Whoever reads it did not choose the place, so there is nothing to advise. */
function placeProblem(url: string, mayBeLocal: boolean): string | undefined {
	if (urlProblem(url, { providerIsLocal: mayBeLocal }) === undefined) return undefined;
	const host = URL.canParse(url) ? new URL(url).hostname : '';
	return host !== '' && isPrivateHost(host)
		? `leads to the host ${host}, which is not on the internet`
		: 'leads to something other than a plain web address';
}

export const REDIRECTED_TOO_OFTEN = 'is redirected too often';

/**
 * Opens a link without a key. Redirects are followed by hand, each checked like the link itself. Gives the last answer, or
 * what is wrong with the link, to be read after "its link".
 */
export async function followLink(
	context: NodeContext,
	{ url: first, mayBeLocal, headers }: LinkToOpen,
	timeoutMs: number,
	signal: AbortSignal,
): Promise<Opened | { readonly problem: string }> {
	let url = first;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const problem = placeProblem(url, mayBeLocal);
		if (problem !== undefined) return { problem };
		const opened = await open(context, { url, headers }, timeoutMs, signal);
		const { location } = opened.headers;
		if (opened.status < 300 || opened.status >= 400 || location === undefined) return opened;
		discard(opened.body);
		url = URL.canParse(location, url) ? new URL(location, url).href : location;
	}
	return { problem: REDIRECTED_TOO_OFTEN };
}
