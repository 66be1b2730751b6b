import { isLoopbackHost } from '../core/url';
import { asText } from '../core/json';
import type { NodeContext } from './context';

/** Where a credential's API is. */
export interface ApiPlace {
	/** Without a slash at its end. */
	readonly baseUrl: string;
	/** The API is on this machine: an emulator or a gateway. */
	readonly isLocal: boolean;
}

/** A credential that cannot be used, in words for the person who chose it. */
export type CredentialProblem = { readonly problem: string };

/**
 * Reads where a credential points, without its key. A missing or unreadable credential, a base URL that is none, and plain http to
 * another machine are problems: the key would travel in the clear.
 */
export async function apiPlace(
	context: NodeContext,
	credential: string,
	label: string,
): Promise<ApiPlace | CredentialProblem> {
	let data: Readonly<Record<string, unknown>>;
	try {
		data = await context.getCredentials(credential);
	} catch {
		if (context.getNode().credentials?.[credential] !== undefined) {
			return { problem: `The ${label} credential cannot be read. Open it and save it again, or choose another.` };
		}
		return { problem: `No ${label} credential is selected. Choose one under Credential, or create it.` };
	}
	if (asText(data.apiKey) === undefined)
		return { problem: `The ${label} credential has no API key. Open it and paste the key.` };
	return placeOf(asText(data.baseUrl) ?? '', label);
}

function placeOf(baseUrl: string, label: string): ApiPlace | CredentialProblem {
	const problem = {
		problem: `The Base URL of the ${label} credential has to be a link like https://api.example.com/v1.`,
	};
	if (!URL.canParse(baseUrl)) return problem;
	const url = new URL(baseUrl);
	const isLocal = isLoopbackHost(url.hostname);
	if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return problem;
	if (url.protocol === 'http:' && !isLocal) {
		return {
			problem: `The Base URL of the ${label} credential uses http, which would send the API key unprotected. Use https.`,
		};
	}
	return url.protocol === 'https:' || isLocal ? { baseUrl: baseUrl.replace(/\/+$/, ''), isLocal } : problem;
}
