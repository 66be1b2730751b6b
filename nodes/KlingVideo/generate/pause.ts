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

/** One item of a pause, as `webhook()` will need it: it can read nothing of the parameters any more. */
export type PausedItem =
	| { readonly kind: 'job'; readonly job: Job; readonly extras: Extras; readonly output: OutputOptions }
	| { readonly kind: 'settled'; readonly json: JsonObject };

/** What the node's context holds while its execution is paused. */
export interface Pause {
	/** By the clock. An execution may pause more than once; this tells its pauses apart. */
	readonly pausedMs: number;
	readonly items: readonly PausedItem[];
}

/** The URL that a provider is to call for an item, or why there is none; neither without Pause Until Callback. */
export interface ResumeUrl {
	readonly urlOf?: (itemIndex: number) => string;
	readonly problem?: string;
}

/** A provider on the internet cannot reach a private address, which has to be said before anything is paid for. */
export function readResumeUrl({ context }: Run, { completion }: Settings, items: readonly GenerateItem[]): ResumeUrl {
	if (completion !== 'callback' || items.length === 0) return {};
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
 * submitted each job is looked at once more.
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
		await settle(run, items, submitted, { download: false });
		return undefined;
	}
	const followed = await followEarlierJobs(run, items, submitted);
	const current = await lookAtAll(run, items, followed);
	if (run.stop.requested || current.every(({ paid }) => hasEnded(paid.job))) {
		await settle(run, items, current, { download: !run.stop.requested });
		return undefined;
	}
	return await pause(run, items, current);
}

/** An item whose job exists. */
interface Submitted {
	readonly item: GenerateItem;
	readonly paid: PaidJob;
}

/** Submits all items; the results of those that have no job are noted. Stop cancels at once what is submitted already. */
async function submitAll(
	run: Run,
	{ limit }: Settings,
	items: Items<GenerateItem>,
	submit: (item: GenerateItem) => Promise<PaidJob | Result>,
): Promise<Submitted[]> {
	const submits = items.toDo.map((item) => ({
		itemIndex: item.itemIndex,
		item,
		outcome: limit(async () => await submit(item)),
	}));
	const all = Promise.allSettled(submits.map(({ outcome }) => outcome));
	const outcomes = await eachItem(run, submits, async ({ item, outcome }) => {
		const paid = await outcome;
		if (paid.kind !== 'job') return paid;
		await unlessStopped(run.stop, all);
		return run.stop.requested ? await cancelPaid(run, item, paid) : paid;
	});
	return noteResults(items, items.toDo, outcomes);
}

/**
 * A job of another execution, which was retried or whose job was taken over, calls that one: it is followed to its end
 * here. What ends without a result is looked at once more with the others.
 */
async function followEarlierJobs(
	run: Run,
	items: Items<GenerateItem>,
	submitted: readonly Submitted[],
): Promise<Submitted[]> {
	return await eachPaid(run, items, submitted, async (item, paid) => {
		const { executionId, takenOverMs } = paid.entry;
		if (executionId === run.context.getExecutionId() && takenOverMs === undefined) return paid;
		const followed = await followJob(run, item, paid);
		return followed.kind === 'job' || run.stop.requested ? followed : paid;
	});
}

/** Looks at all jobs once. Stop cancels at once what is still running. */
async function lookAtAll(run: Run, items: Items<GenerateItem>, submitted: readonly Submitted[]): Promise<Submitted[]> {
	return await eachPaid(run, items, submitted, async (item, paid) => {
		const current = await unlessStopped(run.stop, currentJob(run, item, paid));
		if (!run.stop.requested) return current ?? paid;
		return await cancelPaid(run, item, current?.kind === 'job' ? current : paid);
	});
}

/** Does something with every job that still runs; the results of those that are none any more are noted. */
async function eachPaid(
	run: Run,
	items: Items<GenerateItem>,
	submitted: readonly Submitted[],
	work: (item: GenerateItem, paid: PaidJob) => Promise<PaidJob | Result>,
): Promise<Submitted[]> {
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
): Submitted[] {
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

/** Once paused, Stop tells the node nothing; so a run that is stopped before leaves no job behind. */
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
	// Whatever else keeps the job from being seen may pass: it is taken as it was last seen.
	if (answer.kind === 'refused') return paid;
	run.ledger.noteSeen(entry, answer.job);
	return { kind: 'job', entry, job: answer.job };
}

/** Makes items of all jobs, where the execution does not pause. */
async function settle(
	run: Run,
	{ results }: Items<GenerateItem>,
	submitted: readonly Submitted[],
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
	submitted: readonly Submitted[],
): Promise<INodeExecutionData[]> {
	const items = results.map(
		(result): PausedItem => ({
			kind: 'settled',
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
	return await pauseExecution(context, items.map(missedJson), until);
}

/** Whether there is still something to wait for: a settled item has no job, or is an error. */
export function isRunning(item: PausedItem): boolean {
	return item.kind === 'job' && !hasEnded(item.job);
}

const NOT_DOWNLOADED =
	'The video was not downloaded, as no callback came before the Timeout. The Download operation fetches it by its link';

/**
 * What an item is if no callback comes before the timeout: the job as last seen, ready for the Wait operation, or, where
 * its video was ready before others of the run, for Download.
 */
function missedJson(item: PausedItem): JsonObject {
	if (item.kind === 'settled') return item.json;
	const { job, extras, output } = item;
	if (!hasEnded(job)) return jobJson(job, { ...extras, timedOut: true });
	const lacksVideo = job.status === 'completed' && output.download;
	return jobJson(job, { ...extras, ...present({ downloadFailure: lacksVideo ? NOT_DOWNLOADED : undefined }) });
}

function isPausedItem(value: unknown): value is PausedItem {
	const item = asObject(value);
	if (item?.kind === 'settled') return isJsonObject(item.json);
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
