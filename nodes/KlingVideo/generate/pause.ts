import type { INodeExecutionData } from 'n8n-workflow';
import type { Stop } from '../../core/clock';
import { hasEnded, withoutRaw } from '../../core/job';
import { present, type JsonObject } from '../../core/json';
import type { PaidJob } from '../../core/money/ledger';
import { errorDataJson, errorJson, jobJson } from '../../core/output';
import { urlProblem } from '../../core/url';
import { ownResumeUrl, pauseExecution, resumeUrlOf } from '../../host/webhooks';
import { jobItem } from '../../kling/item';
import { doItems, mustThrow, n8nFindsInput, type Items, type Result } from '../run/items';
import { cancelAfterStop, currentJob } from '../run/poll';
import type { Run } from '../run/run';
import type { GenerateItem, Settings } from './check';
import { ITEM_PARAMETER, keepPause, type PausedItem } from './pauseRecord';
import { deadlineOf, extrasOf, followJob, noteSeen, requestTo, takeUpOrSubmit } from './submit';

/**
 * Gives the items with their callback URL. If the resume URL cannot be called, for example because its address is
 * private, gives the items unchanged and the reason; nothing has been paid for by then. Nobody calls about a dry run.
 */
export function expectCallbacks(
	{ context }: Run,
	items: Items<GenerateItem>,
): { readonly expecting: Items<GenerateItem>; readonly noCallback?: string } {
	const { toDo } = items;
	if (toDo.every(({ dryRun }) => dryRun)) return { expecting: items };
	const url = resumeUrlOf(context);
	if (url === undefined) {
		const noCallback =
			'This execution cannot be paused, as n8n gives it no resume URL. Nothing was submitted. Set Completion to Wait for Completion or Return Job ID.';
		return { expecting: items, noCallback };
	}
	const providerIsLocal = toDo.every(({ first, second }) => first.api.isLocal && second?.api.isLocal !== false);
	const urlIs = urlProblem(url, { providerIsLocal });
	if (urlIs !== undefined) {
		const noCallback = `The provider cannot call this n8n back: its resume URL ${urlIs} Nothing was submitted. Set n8n's environment variable WEBHOOK_URL to the public address of this n8n, or set Completion to Wait for Completion or Return Job ID.`;
		return { expecting: items, noCallback };
	}
	const calledBack = (item: GenerateItem): GenerateItem => {
		const callbackUrl = ownResumeUrl(url, ITEM_PARAMETER, String(item.itemIndex));
		const { first, second } = item;
		return { ...item, first: { ...first, callbackUrl }, ...present({ second: second && { ...second, callbackUrl } }) };
	};
	return { expecting: { ...items, toDo: toDo.map(calledBack) } };
}

/**
 * Submits all items and pauses the execution until the provider has called back for each job. A job that ends while the
 * others are still being submitted calls an execution that is not paused yet, and n8n refuses that call; so once all are
 * submitted each job is looked at once more. A job that ends between this look and the pause calls too early, too; only
 * the provider's repeat, or the deadline, helps then.
 *
 * Gives what n8n shows meanwhile; undefined if the execution does not pause: all jobs have ended, one item is an error
 * that has to be thrown, or Stop was requested. Then `items.results` has every result.
 */
export async function pauseUntilCallback(
	run: Run,
	settings: Settings,
	items: Items<GenerateItem>,
): Promise<INodeExecutionData[] | undefined> {
	const submitted = await submitAll(run, settings, items);
	if (run.stop.requested || mustThrow(run, items.results)) {
		await giveJobs(run, submitted);
		return undefined;
	}
	const followed = await eachRunningJob(run, submitted, async (item) => await followEarlierJob(run, item));
	const current = await eachRunningJob(run, followed, async (item) => await lookOnce(run, item));
	if (run.stop.requested) {
		const left = await eachRunningJob(run, current, async (item) => await cancelPaid(run, item, item.paid));
		await giveJobs(run, left);
		return undefined;
	}
	if (current.toDo.some(({ paid }) => !hasEnded(paid.job))) return await pause(run, current);
	await giveJobs(run, current);
	return undefined;
}

/** An item whose job exists. */
interface PaidItem extends GenerateItem {
	readonly paid: PaidJob;
}

function withJob(item: GenerateItem, outcome: PaidJob | Result): PaidItem | Result {
	return outcome.kind === 'job' ? { ...item, paid: outcome } : outcome;
}

/** Submits all items. Stop cancels at once what is submitted already. */
async function submitAll(run: Run, settings: Settings, items: Items<GenerateItem>): Promise<Items<PaidItem>> {
	const begun = items.toDo.map((item) => ({
		...item,
		submit: settings.limit(async () => await takeUpOrSubmit(run, settings, item)),
	}));
	const allSubmitted = Promise.allSettled(begun.map(({ submit }) => submit));
	return await doItems(run, { ...items, toDo: begun }, async ({ submit, ...item }) => {
		const paid = await submit;
		if (paid.kind !== 'job') return paid;
		// The others are waited for; but if Stop comes first, this job is cancelled now.
		await unlessStopped(run.stop, allSubmitted);
		return withJob(item, run.stop.requested ? await cancelPaid(run, item, paid) : paid);
	});
}

/** Does something with every job that still runs. */
async function eachRunningJob(
	run: Run,
	items: Items<PaidItem>,
	work: (item: PaidItem) => Promise<PaidJob | Result>,
): Promise<Items<PaidItem>> {
	return await doItems(run, items, async (item) => (hasEnded(item.paid.job) ? item : withJob(item, await work(item))));
}

/**
 * A job submitted by an earlier execution (one that was retried, or a manual run before) calls that earlier execution. So
 * it is polled to its end here. If it has not ended by its timeout, `lookOnce` reads it once more.
 */
async function followEarlierJob(run: Run, item: PaidItem): Promise<PaidJob | Result> {
	const { paid } = item;
	const { executionId, takenOverMs } = paid.entry;
	if (executionId === run.context.getExecutionId() && takenOverMs === undefined) return paid;
	const followed = await followJob(run, item, paid);
	return followed.kind === 'job' || run.stop.requested ? followed : paid;
}

/** Looks at a job once, or until Stop: then it is as it was last seen, and is cancelled. */
async function lookOnce(run: Run, item: PaidItem): Promise<PaidJob | Result> {
	const { entry, job } = item.paid;
	const { api } = requestTo(item, job.handle.provider);
	const seen = (await unlessStopped(run.stop, currentJob(run, api, job))) ?? job;
	if (!('error' in seen)) return noteSeen(run, entry, seen);
	// Runpod may not show it yet: Stop cancels it all the same.
	return run.stop.requested ? item.paid : seen;
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

/**
 * Makes items of all jobs, where the execution does not pause. A failed job is data here, as it is after a callback. No
 * video is fetched if n8n will not show the items.
 */
async function giveJobs(run: Run, items: Items<PaidItem>): Promise<void> {
	const isShown = !run.stop.requested && !mustThrow(run, items.results);
	await doItems(run, items, async ({ paid, output }) => {
		const wanted = { ...output, download: isShown && output.download };
		return await jobItem(run, paid.job, wanted, extrasOf(paid.entry));
	});
}

async function pause(run: Run, { toDo, results }: Items<PaidItem>): Promise<INodeExecutionData[]> {
	const { context, clock } = run;
	const items = results.map(
		(result, itemIndex): PausedItem => ({ kind: 'noJob', json: jsonOf(run, result, itemIndex) }),
	);
	for (const { itemIndex, output, paid } of toDo) {
		const job = output.raw ? paid.job : withoutRaw(paid.job);
		items[itemIndex] = { kind: 'job', job, extras: extrasOf(paid.entry), output };
	}
	keepPause(context, { pausedMs: clock.now(), items });
	const running = toDo.filter(({ paid }) => !hasEnded(paid.job));
	const until = new Date(Math.max(...running.map((item) => deadlineOf(item, item.paid.entry))));
	return await pauseExecution(context, items.map(jsonAtDeadline), until);
}

/** After a pause it is n8n that links items to their input. An error whose input it would not find is data. */
function jsonOf(run: Run, result: Result, itemIndex: number): JsonObject {
	if (result.kind === 'item') return result.json;
	return n8nFindsInput(run, itemIndex) ? errorJson(result.error) : errorDataJson(result.error);
}

const NOT_DOWNLOADED =
	'The video was ready before the pause, but another job of this run was not confirmed before the Timeout, so it was not downloaded. The Download operation fetches it by its link';

/**
 * What an item is if not all jobs are confirmed before the deadline: the job as it was before the pause, ready for the
 * Wait operation, or for Download if it had ended by then. A job that a callback confirmed after the pause began is
 * `timedOut`, too: n8n stores nothing of what `webhook()` finds until it resumes.
 */
function jsonAtDeadline(item: PausedItem): JsonObject {
	if (item.kind === 'noJob') return item.json;
	const { job, extras, output } = item;
	if (!hasEnded(job)) return jobJson(job, { ...extras, timedOut: true });
	const lacksVideo = job.status === 'completed' && output.download;
	return jobJson(job, { ...extras, ...present({ downloadFailure: lacksVideo ? NOT_DOWNLOADED : undefined }) });
}
