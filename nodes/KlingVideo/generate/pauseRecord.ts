import type { IExecuteFunctions } from 'n8n-workflow';
import { asJobId, type Job } from '../../core/job';
import { asNumber, asObject, isJsonObject, type JsonObject } from '../../core/json';
import type { Extras } from '../../core/output';
import { findProvider } from '../../core/providers';
import type { OutputOptions } from '../../kling/item';

// What pause.ts leaves for resume.ts: the record of the pause, and the parameter of the resume URL.

/** The query parameter of the resume URL that says which item a callback is about, whatever its body says. */
export const ITEM_PARAMETER = 'klingItem';

/** The key of the node's context that holds the pause. */
export const PAUSE_KEY = 'pause';

/** An item whose job is waited for, or had ended before the pause. */
export interface PausedJob {
	readonly kind: 'job';
	readonly job: Job;
	readonly extras: Extras;
	readonly output: OutputOptions;
}

/**
 * What `webhook()` has to know of an item. When a callback comes, the input items have been replaced, so that parameters
 * would be evaluated wrongly (docs/n8n.md#the-resume-webhook); what is needed is copied before the pause.
 */
export type PausedItem =
	| PausedJob
	/** Nothing is waited for: an error, or a dry run. */
	| { readonly kind: 'noJob'; readonly json: JsonObject };

/** What the node's context holds while its execution is paused. */
export interface Pause {
	/** When the pause began, in ms since 1970. An execution may pause more than once; this tells its pauses apart. */
	readonly pausedMs: number;
	readonly items: readonly PausedItem[];
}

/** Keeps a pause for the callbacks that come to it. */
export function keepPause(context: IExecuteFunctions, pause: Pause): void {
	context.getContext('node')[PAUSE_KEY] = pause;
}

/** A pause as n8n stored it, which may be by an older version of this package; undefined if it is none. */
export function readPause(stored: unknown): Pause | undefined {
	const { pausedMs, items } = asObject(stored) ?? {};
	const sinceMs = asNumber(pausedMs);
	if (sinceMs === undefined || !Array.isArray(items) || !items.every(isPausedItem)) return undefined;
	return { pausedMs: sinceMs, items };
}

function isPausedItem(value: unknown): value is PausedItem {
	const item = asObject(value);
	if (item?.kind === 'noJob') return isJsonObject(item.json);
	const { handle, status } = asObject(item?.job) ?? {};
	const { provider, jobId } = asObject(handle) ?? {};
	const isHandle = findProvider(provider) !== undefined && asJobId(jobId) !== undefined;
	return (
		item?.kind === 'job' && isHandle && typeof status === 'string' && [item.extras, item.output].every(isJsonObject)
	);
}
