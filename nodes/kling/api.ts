import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';
import type { Clock } from '../core/clock';
import type { Send } from '../core/calls/http';
import type { Handle, ProviderName } from '../core/job';
import { createStatusReader, type StatusAnswer } from '../core/calls/status';
import { providerOf } from '../core/providers';
import type { Provider } from '../core/providers/provider';
import { apiPlace, type CredentialProblem } from '../host/credentials';
import { createSend } from '../host/send';

/** A provider that can be called: its credential is there. */
export interface Api {
	readonly provider: Provider;
	/** On this machine: it can reach local pictures and callbacks. */
	readonly isLocal: boolean;
	readonly send: Send;
	/** One status call for a job that is not polled to its end. */
	readStatus(handle: Handle): Promise<StatusAnswer>;
}

export type OpenApi = (name: ProviderName) => Promise<Api | CredentialProblem>;

/** Opens each provider once, with the node's credentials. */
export function createApis(context: IExecuteFunctions | IWebhookFunctions, clock: Clock): OpenApi {
	const apis = new Map<ProviderName, Promise<Api | CredentialProblem>>();

	async function open(name: ProviderName): Promise<Api | CredentialProblem> {
		const provider = providerOf(name);
		const place = await apiPlace(context, provider.credential, provider.label);
		if ('problem' in place) return place;
		const send = createSend(context, provider.credential, place.baseUrl, clock);
		const { read } = createStatusReader(provider, send, clock, { graceFromFirstRead: false });
		return { provider, isLocal: place.isLocal, send, readStatus: read };
	}

	return async (name) => {
		const opened = apis.get(name) ?? open(name);
		apis.set(name, opened);
		return await opened;
	};
}
