import type { IWebhookFunctions } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Job } from '../core/job';
import type { LedgerEntry } from '../core/money/ledger';
import type { LeftJobs } from '../core/money/leftJobs';
import type { RateLimiter } from '../core/rateLimiter';
import { createDownloadLimit, type DownloadLimit } from '../host/download';
import { createStatusCalls, type StatusCalls } from './statusCalls';

/** A map of at most `maxKeys` keys: the key that `getOrAdd` was not asked for the longest is forgotten first. */
export class BoundedMap<V> {
	private readonly values = new Map<string, V>();

	constructor(private readonly maxKeys: number) {}

	has(key: string): boolean {
		return this.values.has(key);
	}

	get(key: string): V | undefined {
		return this.values.get(key);
	}

	/** The key's value; a new key gets the one that `create` makes. */
	getOrAdd(key: string, create: () => V): V {
		const value = this.values.get(key) ?? create();
		this.values.delete(key);
		const [oldest] = this.values.keys();
		if (oldest !== undefined && this.values.size >= this.maxKeys) this.values.delete(oldest);
		this.values.set(key, value);
		return value;
	}

	delete(key: string): void {
		this.values.delete(key);
	}
}

/** What the callbacks to one pause of an execution have in common. */
export interface PauseMemory {
	/** Of callbacks that come together, only the first resumes the execution and downloads the videos. */
	isResuming: boolean;
	/** What they may still ask the provider, all together. */
	readonly statusCalls: StatusCalls;
	/** Jobs that have ended, by item index, so that the provider is asked for each of them once. */
	readonly endedJobs: Map<number, Job>;
}

/**
 * Everything in this process that outlives a run of a node. All of it is bounded and may be forgotten at any time, as a
 * restart does: what was paid for is in the ledger, n8n itself lets only one call resume an execution, the provider can be
 * asked again, and a manual run or a retry that finds no jobs of the one before pays for its own.
 */
export interface Memory {
	/** Submits whose answer is still to come, with a promise of when it has come. Each leaves with its answer. */
	readonly submitsUnderWay: Map<LedgerEntry, Promise<void>>;
	/** What the manual runs of a node left for the next one, by workflow and node. */
	readonly leftByManualRuns: BoundedMap<LeftJobs>;
	/** What the retries of an execution left for further retries of it, by workflow, node and execution. */
	readonly leftByRetries: BoundedMap<LeftJobs>;
	/** By execution and time of the pause. */
	readonly pauses: BoundedMap<PauseMemory>;
	/** Jobs whose end has started a workflow, by trigger and job. */
	readonly startedJobs: BoundedMap<true>;
	/** Status calls that callbacks can make a trigger send, by trigger. */
	readonly triggerStatusCalls: BoundedMap<RateLimiter>;
	/** Credentials that a callback has just read, by workflow, credential and user. Each leaves after half a minute. */
	readonly credentials: Map<string, ReturnType<IWebhookFunctions['getCredentials']>>;
	/** The downloads of all callbacks together: they come in large numbers, and n8n may hold each video in memory. */
	readonly callbackDownloads: DownloadLimit;
	/** Replies of megabytes are read one at a time. */
	readonly largeReplies: LimitFunction;
}

/**
 * An execution in wait mode downloads at most 4 videos at once. All callbacks together may download as many as four such
 * executions.
 */
const CALLBACK_DOWNLOADS_AT_ONCE = 16;
/** With 1,000 jobs each, of about 600 bytes, each of the two takes 60 MB at most. */
const MAX_NODES_RUN_BY_HAND = 100;
const MAX_RETRIED_EXECUTIONS = 100;
const MAX_PAUSES = 5_000;
const MAX_STARTED_JOBS = 10_000;
const MAX_TRIGGERS = 1_000;

/** An empty memory, as a process has it when it starts. */
export function createMemory(): Memory {
	return {
		submitsUnderWay: new Map(),
		leftByManualRuns: new BoundedMap(MAX_NODES_RUN_BY_HAND),
		leftByRetries: new BoundedMap(MAX_RETRIED_EXECUTIONS),
		pauses: new BoundedMap(MAX_PAUSES),
		startedJobs: new BoundedMap(MAX_STARTED_JOBS),
		triggerStatusCalls: new BoundedMap(MAX_TRIGGERS),
		credentials: new Map(),
		callbackDownloads: createDownloadLimit(CALLBACK_DOWNLOADS_AT_ONCE),
		largeReplies: pLimit(1),
	};
}

/** The memory of this process, which both nodes share. Tests give their nodes another. */
export const processMemory = createMemory();

/** What is remembered of a pause of so many items. */
export function pauseMemory({ pauses }: Memory, key: string, itemCount: number): PauseMemory {
	return pauses.getOrAdd(key, () => ({
		isResuming: false,
		statusCalls: createStatusCalls(itemCount),
		endedJobs: new Map(),
	}));
}
