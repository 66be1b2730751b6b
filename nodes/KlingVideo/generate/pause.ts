import type { INodeExecutionData } from 'n8n-workflow';
import type { Stop } from '../../core/clock';
import { asJobId, hasEnded, withoutRaw, type Job } from '../../core/job';
import { asNumber, asObject, isJsonObject, present, type JsonObject } from '../../core/json';
import type { PaidJob } from '../../core/money/ledger';
import { errorJson, failureError, jobJson, type Extras } from '../../core/output';
import { findProvider } from '../../core/providers';
import { urlProblem } from '../../core/url';
import { ownResumeUrl, pauseExecution, resumeUrlOf } from '../../host/webhooks';
import { jobItem, type OutputOptions } from '../../kling/item';
import { eachItem, mustThrow, type Items, type Result } from '../run/items';
import { cancelAfterStop } from '../run/poll';
import type { Run } from '../run/run';
import { requestTo, type GenerateItem, type Settings } from './check';
import { deadlineOf, extrasOf, followJob } from './submit';

/** The query parameter of the resume URL that says which item a callback is about, whatever its body says. */
export const ITEM_PARAMETER = 'klingItem';

/** What `webhook()` has to know of an item. It cannot read the node's parameters any more, so all of it is copied here. */
export type PausedItem =
	| { readonly kind: 'job'; readonly job: Job; readonly extras: Extras; readonly output: OutputOptions }
	/** Nothing is waited for: an error, or a dry run. */
	| { readonly kind: 'noJob'; readonly json: JsonObject };

/** What the node's context holds while its execution is paused. */
export interface Pause {
	/** When the pause began, in ms since 1970. An execution may pause more than once; this tells its pauses apart. */
	readonly pausedMs: number;
	readonly items: readonly PausedItem[];
}

/** Either what makes the URL that a provider is to call for an item, or why there is none. Empty where nobody is to call. */
export interface ResumeUrl {
	readonly urlOf?: (itemIndex: number) => string;
	readonly problem?: string;
}

/**
 * Reads the resume URL. A private address is a problem, found before anything is paid for: no provider can call it. Where
 * all items are dry runs nobody calls.
 */
export function readResumeUrl({ context }: Run, { completion }: Settings, items: readonly GenerateItem[]): ResumeUrl {
	if (completion !== 'callback' || items.every(({ dryRun }) => dryRun)) return {};
	const url = resumeUrlOf(context);
	if (url === undefined) {
		return {
			problem:
				'This execution cannot be paused, as n8n gives it no resume URL. Set Completion to Wait for Completion or Return Job ID.',
		};
	}
	const providerIsLocal = items.every(({ first, second }) => first.api.isLocal && second?.api.isLocal !== false);
	const problem = urlProblem(url, { providerIsLocal });
	if (problem === undefined) {
		return { urlOf: (itemIndex) => ownResumeUrl(url, ITEM_PARAMETER, String(itemIndex)) };
	}
	return {
		problem: `The provider cannot call this n8n back: its resume URL ${problem} Nothing was submitted. Set n8n's environment variable WEBHOOK_URL to the public address of this n8n, or set Completion to Wait for Completion or Return Job ID.`,
	};
}

/**
 * Submits all items and pauses the execution until the provider has called back for each job. A job that ends while the
 * others are still being submitted calls an execution that is not paused yet, and n8n refuses that call; so once all are
 * submitted each job is looked at once more. A job that ends after this look still calls too early; then the provider's
 * repeat or the deadline helps.
 *
 * Gives what n8n shows meanwhile; undefined if the execution does not pause: all jobs have ended, one item is an error
 * that has to be thrown, or Stop was requested. Then `items.results` has every result.
 */
export async function pauseUntilCallback(
	run: Run,
	settings: Settings,
	items: Items<GenerateItem>,
	submit: (item: GenerateItem) => Promise<PaidJob | Result>,
): Promise<INodeExecutionData[] | undefined> {
	const submitted = await submitAll(run, settings, items, submit);
	if (run.stop.requested || mustThrow(run, items.results)) {
		await itemsOfJobs(run, items, submitted, { download: false });
		return undefined;
	}
	const followed = await followEarlierJobs(run, items, submitted);
	const current = await lookAtAll(run, items, followed);
	if (run.stop.requested || current.every(({ paid }) => hasEnded(paid.job))) {
		await itemsOfJobs(run, items, current, { download: !run.stop.requested });
		return undefined;
	}
	return await pause(run, items, current);
}

/** An item whose job exists. */
interface ItemWithJob {
	readonly item: GenerateItem;
	readonly paid: PaidJob;
}

/** Submits all items; the results of those that have no job are noted. Stop cancels at once what is submitted already. */
async function submitAll(
	run: Run,
	{ limit }: Settings,
	items: Items<GenerateItem>,
	submit: (item: GenerateItem) => Promise<PaidJob | Result>,
): Promise<ItemWithJob[]> {
	const submits = items.toDo.map((item) => ({
		itemIndex: item.itemIndex,
		item,
		outcome: limit(async () => await submit(item)),
	}));
	const all = Promise.allSettled(submits.map(({ outcome }) => outcome));
	const outcomes = await eachItem(run, submits, async ({ item, outcome }) => {
		const paid = await outcome;
		if (paid.kind !== 'job') return paid;
		// The others are waited for; but if Stop comes first, this job is cancelled now.
		await unlessStopped(run.stop, all);
		return run.stop.requested ? await cancelPaid(run, item, paid) : paid;
	});
	return noteResults(items, items.toDo, outcomes);
}

/**
 * A job of an earlier execution, after the editor's Retry or taken over by a manual run, calls that execution back, not
 * this one. So it is polled to its end here. Where polling gives no ended job, as after a timeout, `lookAtAll` decides what it is.
 */
async function followEarlierJobs(
	run: Run,
	items: Items<GenerateItem>,
	submitted: readonly ItemWithJob[],
): Promise<ItemWithJob[]> {
	return await eachRunningJob(run, items, submitted, async (item, paid) => {
		const { executionId, takenOverMs } = paid.entry;
		if (executionId === run.context.getExecutionId() && takenOverMs === undefined) return paid;
		const followed = await followJob(run, item, paid);
		return followed.kind === 'job' || run.stop.requested ? followed : paid;
	});
}

/** Looks at all jobs once. Stop cancels at once what is still running. */
async function lookAtAll(
	run: Run,
	items: Items<GenerateItem>,
	submitted: readonly ItemWithJob[],
): Promise<ItemWithJob[]> {
	return await eachRunningJob(run, items, submitted, async (item, paid) => {
		const current = await unlessStopped(run.stop, currentJob(run, item, paid));
		if (!run.stop.requested) return current ?? paid;
		return await cancelPaid(run, item, current?.kind === 'job' ? current : paid);
	});
}

/** Does something with every job that still runs; the results of those that are none any more are noted. */
async function eachRunningJob(
	run: Run,
	items: Items<GenerateItem>,
	submitted: readonly ItemWithJob[],
	work: (item: GenerateItem, paid: PaidJob) => Promise<PaidJob | Result>,
): Promise<ItemWithJob[]> {
	const withIndex = submitted.map((each) => ({ ...each, itemIndex: each.item.itemIndex }));
	const outcomes = await eachItem(run, withIndex, async ({ item, paid }) =>
		hasEnded(paid.job) ? paid : await work(item, paid),
	);
	return noteResults(
		items,
		submitted.map(({ item }) => item),
		outcomes,
	);
}

function noteResults(
	{ results }: Items<GenerateItem>,
	toDo: readonly GenerateItem[],
	outcomes: ReadonlyArray<PaidJob | Result>,
): ItemWithJob[] {
	return toDo.flatMap((item, at) => {
		const outcome = outcomes[at];
		if (outcome?.kind === 'job') return [{ item, paid: outcome }];
		if (outcome !== undefined) results[item.itemIndex] = outcome;
		return [];
	});
}

/** What `work` gives; undefined as soon as Stop is requested. */
async function unlessStopped<T>(stop: Stop, work: Promise<T>): Promise<T | undefined> {
	let forget = () => {};
	const stopped = new Promise<undefined>((resolve) => {
		forget = stop.onRequest(() => resolve(undefined));
	});
	return await Promise.race([work, stopped]).finally(forget);
}

/** Stop reaches the node only until the pause; so until then it cancels what was submitted. */
async function cancelPaid(run: Run, item: GenerateItem, { entry, job }: PaidJob): Promise<PaidJob | Result> {
	if (hasEnded(job)) return { kind: 'job', entry, job };
	const { api } = requestTo(item, job.handle.provider);
	return await cancelAfterStop(run, api, job.handle, item.wait);
}

/** The job as it is now. */
async function currentJob(run: Run, item: GenerateItem, paid: PaidJob): Promise<PaidJob | Result> {
	const { entry } = paid;
	const { handle } = paid.job;
	const { api } = requestTo(item, handle.provider);
	const answer = await run.getStatus(api, handle, 'untilStop');
	if (answer.kind === 'refused' && answer.failure.code === 'job_not_found') {
		return { kind: 'error', error: failureError(answer.failure, { provider: handle.provider, handle }) };
	}
	// Any other refusal may be temporary. The job keeps its last known state.
	if (answer.kind === 'refused') return paid;
	run.ledger.noteSeen(entry, answer.job);
	return { kind: 'job', entry, job: answer.job };
}

/** Makes items of all jobs, where the execution does not pause. A failed job is data here, as it is after a callback. */
async function itemsOfJobs(
	run: Run,
	{ results }: Items<GenerateItem>,
	submitted: readonly ItemWithJob[],
	{ download }: { readonly download: boolean },
): Promise<void> {
	const items = submitted.map(async ({ item, paid }) => {
		const output = { ...item.output, download: download && item.output.download };
		results[item.itemIndex] = await jobItem(run, paid.job, output, extrasOf(paid.entry));
	});
	await Promise.all(items);
}

async function pause(
	{ context, clock }: Run,
	{ results }: Items<GenerateItem>,
	submitted: readonly ItemWithJob[],
): Promise<INodeExecutionData[]> {
	const items = results.map(
		(result): PausedItem => ({
			kind: 'noJob',
			json: result.kind === 'item' ? result.json : errorJson(result.error),
		}),
	);
	for (const { item, paid } of submitted) {
		const job = item.output.raw ? paid.job : withoutRaw(paid.job);
		items[item.itemIndex] = { kind: 'job', job, extras: extrasOf(paid.entry), output: item.output };
	}
	const stored: Pause = { pausedMs: clock.now(), items };
	context.getContext('node').pause = stored;
	const running = submitted.filter(({ paid }) => !hasEnded(paid.job));
	const until = new Date(Math.max(...running.map(({ item, paid }) => deadlineOf(item, paid.entry))));
	return await pauseExecution(context, items.map(jsonAtDeadline), until);
}

/** Whether an item has a job that has not ended. */
export function isRunning(item: PausedItem): boolean {
	return item.kind === 'job' && !hasEnded(item.job);
}

const NOT_DOWNLOADED =
	'The video was ready before the pause, but another job of this run was not confirmed before the Timeout, so it was not downloaded. The Download operation fetches it by its link';

/**
 * What an item is if not all jobs are confirmed before the deadline: the job as it was before the pause, ready for the
 * Wait operation, or for Download if it had ended by then. What callbacks found meanwhile is not stored, so a job that was
 * confirmed since is `timedOut`, too.
 */
function jsonAtDeadline(item: PausedItem): JsonObject {
	if (item.kind === 'noJob') return item.json;
	const { job, extras, output } = item;
	if (!hasEnded(job)) return jobJson(job, { ...extras, timedOut: true });
	const lacksVideo = job.status === 'completed' && output.download;
	return jobJson(job, { ...extras, ...present({ downloadFailure: lacksVideo ? NOT_DOWNLOADED : undefined }) });
}

function isPausedItem(value: unknown): value is PausedItem {
	const item = asObject(value);
	if (item?.kind === 'noJob') return isJsonObject(item.json);
	const job = asObject(item?.job);
	const handle = asObject(job?.handle);
	const isHandle = findProvider(handle?.provider) !== undefined && asJobId(handle?.jobId) !== undefined;
	return (
		item?.kind === 'job' &&
		isHandle &&
		typeof job?.status === 'string' &&
		[item.extras, item.output].every(isJsonObject)
	);
}

/** The stored record of a pause, or undefined if this execution has none. */
export function readPause(value: unknown): Pause | undefined {
	const stored = asObject(value);
	const pausedMs = asNumber(stored?.pausedMs);
	if (pausedMs === undefined || !Array.isArray(stored?.items) || !stored.items.every(isPausedItem)) return undefined;
	return { pausedMs, items: stored.items };
}
