import { hasEnded, withoutRaw, type Handle, type Job } from '../../core/job';
import { LeftJobs, type LeftJob } from '../../core/money/leftJobs';
import { isManualRun, isTool, savedNodeOf } from '../../host/context';
import type { Api } from '../../kling/api';
import type { BoundedMap } from '../../kling/memory';
import { doItems, type ErrorResult, type Items } from '../run/items';
import { currentJob } from '../run/poll';
import type { Run } from '../run/run';
import type { GenerateItem } from './check';

/*
 * Two kinds of run cannot see in their ledger what another run has paid for. Each manual run, as Execute step starts it,
 * gets a new node context (docs/n8n.md#retry). And each retry of an execution starts with the node context of that
 * execution, whatever its retries before have made. So these runs leave their jobs in the memory of the process when they
 * end.
 */

/** Where the jobs that runs left are, and under which key those for one run. */
interface Place {
	readonly left: BoundedMap<LeftJobs>;
	readonly key: string;
}

/** Undefined for a run that takes nothing over. */
function placeOf({ context, ledger, leftByManualRuns, leftByRetries }: Run): Place | undefined {
	const node = savedNodeOf(context);
	if (node === undefined || isTool(context)) return undefined;
	if (isManualRun(context)) return { left: leftByManualRuns, key: node };
	if (context.getMode() !== 'retry') return undefined;
	return { left: leftByRetries, key: JSON.stringify([node, ledger.firstExecutionId]) };
}

/**
 * A manual run takes over the running and completed jobs that the runs before it left for equal requests, each once; so
 * does a retry, of the jobs of other retries of its execution. They become entries of its own ledger, so that retries,
 * Stop and the limits treat them as its own; but they are paid for.
 */
export async function takeOverLeftJobs(run: Run, items: Items<GenerateItem>): Promise<Items<GenerateItem>> {
	const place = placeOf(run);
	const left = place?.left.get(place.key);
	if (left === undefined) return items;
	return await doItems(run, items, async (item) =>
		item.dryRun || item.known.kind !== 'maySubmit' ? item : await takeOver(run, left, item),
	);
}

/** The item with a left job, as it is without one, or an error if the provider does not know the job any more. */
async function takeOver(run: Run, left: LeftJobs, item: GenerateItem): Promise<GenerateItem | ErrorResult> {
	const found = findLeft(run, left, item);
	if (found === undefined) return item;
	const job = await leftJob(run, found, item);
	if ('error' in job) return job;
	// It has ended without a video since it was left: it is not taken over, but another one may be.
	if (job.status === 'failed' || job.status === 'cancelled') return await takeOver(run, left, item);
	const { itemIndex, output } = item;
	const known = run.ledger.takeOver(found.paid.entry, job, { itemIndex, keepsRaw: output.raw }, run.clock.now());
	return { ...item, known };
}

/** A left job, with the API that it is at. */
interface Found {
	readonly paid: LeftJob;
	readonly api: Api;
}

function findLeft({ ledger, clock }: Run, left: LeftJobs, { first, second }: GenerateItem): Found | undefined {
	for (const request of [first, second]) {
		if (request === undefined) continue;
		const { api, fingerprint } = request;
		const wanted = { account: api.account, fingerprint, isKnown: (handle: Handle) => ledger.has(handle) };
		const paid = left.take(wanted, clock.now());
		if (paid !== undefined) return { paid, api };
	}
	return undefined;
}

/** The job as it is now. A completed one is asked for only where the provider's reply is wanted, which is not kept. */
async function leftJob(run: Run, { paid, api }: Found, { output }: GenerateItem): Promise<Job | ErrorResult> {
	const { job } = paid;
	if (hasEnded(job) && !output.raw) return job;
	const advice = `An earlier run paid for job ${job.handle.jobId}, and its record is gone. Nothing was submitted for this item. Look in your ${api.provider.label} account for the video, or run again to make, and pay for, a new one.`;
	return await currentJob(run, api, job, advice);
}

/**
 * The end of a run: a manual one in which an item has no video leaves its jobs, of all turns of a loop, to the next one. A
 * run without errors leaves nothing, so that the next one makes new videos. A retry leaves its jobs, come what may, to
 * other retries of its execution.
 */
export async function leaveJobs(run: Run, isWhole: boolean): Promise<void> {
	const { context, clock, leftByManualRuns } = run;
	const isManual = isManualRun(context);
	const jobs = run.ledger.usableJobs();
	const leaves = isManual ? hasFailedTurn(run, isWhole) : jobs.length > 0;
	if (isWhole && !(isManual && leaves)) {
		leftByManualRuns.get(savedNodeOf(context) ?? '')?.drop(jobs.map(({ job }) => job.handle));
	}
	const place = placeOf(run);
	if (place === undefined || !leaves) return;
	const left = place.left.getOrAdd(place.key, () => new LeftJobs());
	for (const { entry, job } of jobs) {
		const api = await run.api(entry.provider);
		if ('problem' in api) continue;
		const kept = withoutRaw(job);
		left.leave({ account: api.account, entry: { ...entry, job: kept }, job: kept, leftMs: clock.now() });
	}
}

/** Whether a turn of this execution, this one included, ended with an error that no later try has mended. */
function hasFailedTurn({ context, runIndex }: Run, isWhole: boolean): boolean {
	const store: { failedTurns?: unknown } = context.getContext('node');
	const before: unknown[] = Array.isArray(store.failedTurns) ? store.failedTurns : [];
	const others = before.filter((turn) => turn !== runIndex);
	const failed = isWhole ? others : [...others, runIndex];
	if (failed.length > 0 || before.length > 0) store.failedTurns = failed;
	return failed.length > 0;
}
