import type { IWebhookFunctions } from 'n8n-workflow';
import type { Clock } from '../../core/clock';
import type { Look } from '../../core/follow';
import type { Handle } from '../../core/job';
import { createLookout } from '../../core/look';
import { providerOf } from '../../core/providers';
import { apiPlace, type CredentialProblem } from '../../transport/credentials';
import { createDownloads } from '../../transport/download';
import { createSend } from '../../transport/send';
import type { Finisher } from './finish';
import type { Api } from './session';

/** What a callback needs: to ask for a job, and to turn an ended one into an item. */
export interface WebhookFinisher extends Finisher {
	/** One status call. Never throws. */
	look(handle: Handle): Promise<Look>;
}

/** The providers as seen from `webhook()`. n8n gives no stop signal there. */
export function createWebhookFinisher(context: IWebhookFunctions, clock: Clock): WebhookFinisher {
	const apis = new Map<Handle['provider'], Promise<Api | CredentialProblem>>();

	async function open(name: Handle['provider']): Promise<Api | CredentialProblem> {
		const provider = providerOf(name);
		const place = await apiPlace(context, provider.credential, provider.label);
		if ('problem' in place) return place;
		const send = createSend(context, provider.credential, place.baseUrl, clock);
		const { look } = createLookout(provider, send, clock, { graceFromFirstLook: false });
		return { provider, isLocal: place.isLocal, send, look };
	}

	/** Read once: each reading of a credential costs n8n a new engine for its expressions. */
	async function api(name: Handle['provider']): Promise<Api | CredentialProblem> {
		const opened = apis.get(name) ?? open(name);
		apis.set(name, opened);
		return await opened;
	}

	async function look(handle: Handle): Promise<Look> {
		const opened = await api(handle.provider);
		if (!('problem' in opened)) return await opened.look(handle);
		return { kind: 'unseen', message: opened.problem };
	}

	return { api, downloads: createDownloads(context, clock, { requested: false }), look };
}
