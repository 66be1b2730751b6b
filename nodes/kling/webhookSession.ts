import type { IWebhookFunctions } from 'n8n-workflow';
import { NEVER_STOPPED, type Clock } from '../core/clock';
import type { StatusAnswer } from '../core/calls/status';
import type { Handle } from '../core/job';
import { createDownloadLimit, createDownloads } from '../host/download';
import { createApis } from './api';
import type { Finisher } from './item';

/** What a callback needs: to ask for a job, and to turn an ended one into an item. */
export interface WebhookFinisher extends Finisher {
	/** One status call. Never throws. */
	readStatus(handle: Handle): Promise<StatusAnswer>;
}

type Reading = ReturnType<IWebhookFunctions['getCredentials']>;

/** Of the last half minute, by workflow, credential and user: callbacks come in crowds, and a changed key is soon noticed. */
const readings = new Map<string, Reading>();
const REMEMBER_MS = 30_000;

/** As many as four executions that wait for their jobs have under way. */
const STREAMED_AT_ONCE = 16;
/** For all callbacks of this process: they come in crowds, and n8n may hold each of their videos in memory. */
const downloadLimit = createDownloadLimit(STREAMED_AT_ONCE);

/**
 * For whom n8n resolves a credential that is each user's own, in a form that only n8n reads; undefined where all users
 * share it. Older n8n does not have the method.
 */
function userOf(context: IWebhookFunctions): string | undefined {
	return context.getExecutionContext?.()?.credentials;
}

/**
 * The context with each credential read once, for the callbacks that come soon after, too. In `webhook()` every reading,
 * n8n's own for each call included, makes n8n 2.41.1 a new engine for expressions: half of a callback's processor time
 * (100 of 215 ms, measured on two cores).
 */
function readingOnce(context: IWebhookFunctions, clock: Clock): IWebhookFunctions {
	const getCredentials = async (type: string): Reading => {
		const id = context.getNode().credentials?.[type]?.id;
		const key = JSON.stringify([context.getWorkflow().id, type, id, userOf(context)]);
		const known = readings.get(key);
		if (known !== undefined) return await known;
		const reading = context.getCredentials(type);
		readings.set(key, reading);
		const forget = (): void => void readings.delete(key);
		reading.catch(forget);
		void clock.sleep(REMEMBER_MS).then(forget);
		return await reading;
	};
	const frugal: IWebhookFunctions = Object.create(context);
	return Object.defineProperty(frugal, 'getCredentials', { value: getCredentials });
}

/** The providers as seen from `webhook()`. n8n gives no stop signal there. */
export function createWebhookFinisher(given: IWebhookFunctions, clock: Clock): WebhookFinisher {
	const context = readingOnce(given, clock);
	const api = createApis(context, clock);

	async function readStatus(handle: Handle): Promise<StatusAnswer> {
		const opened = await api(handle.provider);
		if (!('problem' in opened)) return await opened.readStatus(handle);
		return { kind: 'unavailable', message: opened.problem };
	}

	return { api, downloads: createDownloads(context, clock, NEVER_STOPPED, downloadLimit), readStatus };
}
