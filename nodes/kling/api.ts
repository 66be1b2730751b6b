import type { LimitFunction } from 'p-limit';
import type { Clock } from '../core/clock';
import type { Send } from '../core/calls/http';
import { createStatusReader, type StatusAnswer, type StatusReader, type StatusRules } from '../core/calls/status';
import type { Handle, ProviderName } from '../core/job';
import { asText } from '../core/json';
import { cleanKey, keyProblem } from '../core/key';
import { providerOf } from '../core/providers';
import type { Provider } from '../core/providers/provider';
import { isLoopbackHost } from '../core/url';
import type { NodeContext } from '../host/context';
import { sha256Of } from '../host/files';
import { createSend } from '../host/send';

/** A provider that can be called: its credential is there. */
export interface Api {
	readonly provider: Provider;
	/** The API is on this machine (an emulator or a gateway), so it can open local pictures and callback URLs. */
	readonly isLocal: boolean;
	/**
	 * Names the credential, its key by a hash, and its base URL: jobs of another account are not to be had here. Where each
	 * user has their own credential, only the key tells them apart (docs/n8n.md#credentials).
	 */
	readonly account: string;
	readonly send: Send;
	/** One status call about a job. */
	readonly readStatus: StatusReader['read'];
}

/** The real API of a provider, for a dry run: it needs no credential, since nothing is sent. */
export function apiWithoutCredential(name: ProviderName): Api {
	const message = 'a dry run sends nothing';
	return {
		provider: providerOf(name),
		isLocal: false,
		account: '',
		send: async () => ({ kind: 'fault', message, reach: 'notConnected' }),
		readStatus: async () => ({ kind: 'unavailable', message }),
	};
}

/** Why a credential cannot be used, in words for the person who chose it. */
export type CredentialProblem = { readonly problem: string };

/** Gives a provider that can be called, or why it cannot be. */
export type ApiOpener = (name: ProviderName) => Promise<Api | CredentialProblem>;

/** Opens each provider once, with the node's credentials. */
export function createApis(context: NodeContext, clock: Clock, largeReplies: LimitFunction): ApiOpener {
	const apis = new Map<ProviderName, Promise<Api | CredentialProblem>>();

	async function open(name: ProviderName): Promise<Api | CredentialProblem> {
		const provider = providerOf(name);
		const address = await readAddress(context, provider);
		if ('problem' in address) return address;
		const send = createSend(context, provider.credential, address.baseUrl, clock, largeReplies);
		const { read } = createStatusReader(provider, send, clock);
		const { id } = context.getNode().credentials?.[provider.credential] ?? {};
		const account = JSON.stringify([id, address.keyHash, address.baseUrl]);
		return { provider, isLocal: address.isLocal, account, send, readStatus: read };
	}

	return async (name) => {
		const opened = apis.get(name) ?? open(name);
		apis.set(name, opened);
		return await opened;
	};
}

/** One status call about a job, to the provider that has it. Never throws. */
export async function readStatus(api: ApiOpener, handle: Handle, rules?: StatusRules): Promise<StatusAnswer> {
	const opened = await api(handle.provider);
	return 'problem' in opened
		? { kind: 'unavailable', message: opened.problem }
		: await opened.readStatus(handle, rules);
}

/** Where a credential's API is. */
interface Address {
	/** Without a slash at its end. */
	readonly baseUrl: string;
	readonly isLocal: boolean;
	/** Of the key that n8n puts into each call: it names the account and gives no key away. */
	readonly keyHash: string;
}

/** Reads where a credential points. n8n puts its key into each call; here it is only looked at whether that can be right. */
async function readAddress(
	context: NodeContext,
	{ credential, label }: Provider,
): Promise<Address | CredentialProblem> {
	let data: Readonly<Record<string, unknown>>;
	try {
		data = await context.getCredentials(credential);
	} catch {
		if (context.getNode().credentials?.[credential] !== undefined) {
			return { problem: `The ${label} credential cannot be read. Open it and save it again, or choose another.` };
		}
		return { problem: `No ${label} credential is selected. Choose one at the top of the node.` };
	}
	if (asText(data.apiKey) === undefined)
		return { problem: `The ${label} credential has no API key. Open it and paste the key.` };
	const key = cleanKey(String(data.apiKey));
	const problem = keyProblem(key);
	if (problem !== undefined)
		return { problem: `The API key of the ${label} credential ${problem}. Open it and paste the key alone.` };
	const address = addressOf(asText(data.baseUrl) ?? '', label);
	return 'problem' in address ? address : { ...address, keyHash: sha256Of(key) };
}

/** Plain http to another machine is refused, as the key would travel unprotected. */
function addressOf(baseUrl: string, label: string): Omit<Address, 'keyHash'> | CredentialProblem {
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
