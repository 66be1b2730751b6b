import type { IWebhookFunctions } from 'n8n-workflow';
import type { Clock } from '../../core/clock';
import type { Look } from '../../core/follow';
import type { Handle } from '../../core/job';
import { createDownloads } from '../../transport/download';
import { createApis } from './apis';
import type { Finisher } from './finish';

/** What a callback needs: to ask for a job, and to turn an ended one into an item. */
export interface WebhookFinisher extends Finisher {
	/** One status call. Never throws. */
	look(handle: Handle): Promise<Look>;
}

/**
 * The context with each credential read once. In `webhook()` every reading, n8n's own for each call too, costs it a new
 * engine for expressions: 50 ms of a processor on 2.41.
 */
function readingOnce(context: IWebhookFunctions): IWebhookFunctions {
	const readings = new Map<string, ReturnType<IWebhookFunctions['getCredentials']>>();
	const getCredentials = async (type: string) => {
		const reading = readings.get(type) ?? context.getCredentials(type);
		readings.set(type, reading);
		return await reading;
	};
	const frugal: IWebhookFunctions = Object.create(context);
	return Object.defineProperty(frugal, 'getCredentials', { value: getCredentials });
}

/** The providers as seen from `webhook()`. n8n gives no stop signal there. */
export function createWebhookFinisher(given: IWebhookFunctions, clock: Clock): WebhookFinisher {
	const context = readingOnce(given);
	const api = createApis(context, clock);

	async function look(handle: Handle): Promise<Look> {
		const opened = await api(handle.provider);
		if (!('problem' in opened)) return await opened.look(handle);
		return { kind: 'unseen', message: opened.problem };
	}

	return { api, downloads: createDownloads(context, clock, { requested: false }), look };
}
