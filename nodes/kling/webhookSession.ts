import type { IWebhookFunctions } from 'n8n-workflow';
import { NEVER_STOPPED, type Clock } from '../core/clock';
import { credentialUserOf } from '../host/context';
import { createDownloads } from '../host/download';
import { createApis } from './api';
import type { Session } from './item';
import type { Memory } from './memory';

/** Callbacks come in large numbers, and a changed key has to be noticed soon. */
const REMEMBER_CREDENTIAL_MS = 30_000;

/** The providers as seen from `webhook()`. n8n gives no stop signal there. */
export function createWebhookSession(given: IWebhookFunctions, clock: Clock, memory: Memory): Session {
	const context = readingCredentialsOnce(given, clock, memory);
	return {
		api: createApis(context, clock, memory.largeReplies),
		downloads: createDownloads(context, clock, NEVER_STOPPED, memory.callbackDownloads),
	};
}

/**
 * The context, but a credential is read once per half minute, for all callbacks together. Every reading in `webhook()`
 * costs n8n 2.41.1 100 ms of a processor, since it starts a new engine for expressions
 * (docs/n8n.md#processor-time-of-a-callback). n8n's request helper reads the credential once more for each call to the
 * provider. It does so by the context that it is called with, and so gets what is remembered here.
 */
function readingCredentialsOnce(context: IWebhookFunctions, clock: Clock, { credentials }: Memory): IWebhookFunctions {
	const getCredentials = async (type: string): ReturnType<IWebhookFunctions['getCredentials']> => {
		const id = context.getNode().credentials?.[type]?.id;
		const key = JSON.stringify([context.getWorkflow().id, type, id, credentialUserOf(context)]);
		const known = credentials.get(key);
		if (known !== undefined) return await known;
		const reading = context.getCredentials(type);
		credentials.set(key, reading);
		const forget = (): void => void credentials.delete(key);
		reading.catch(forget);
		void clock.sleep(REMEMBER_CREDENTIAL_MS).then(forget);
		return await reading;
	};
	const frugal: IWebhookFunctions = Object.create(context);
	return Object.defineProperty(frugal, 'getCredentials', { value: getCredentials });
}
