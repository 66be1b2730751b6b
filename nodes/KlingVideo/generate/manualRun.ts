import { hasEnded, withoutRaw, type Job } from '../../core/job';
import { LeftJobs, type LeftJob } from '../../core/money/leftJobs';
import { isManualRun, savedNodeOf } from '../../host/context';
import type { Api } from '../../kling/api';
import { doItems, type ErrorResult, type Items } from '../run/items';
import { currentJob } from '../run/poll';
import type { Run } from '../run/run';
import type { GenerateItem } from './check';

/*
 * Each manual run, as Execute step starts it, gets a new node context (docs/n8n.md#retry): its ledger knows nothing of
 * the jobs that the run before has paid for. So a run that fails leaves them in the memory of the process.
 */

/**
 * A manual run takes over the running and completed jobs that the runs before it left for equal requests, each once. They
 * become entries of its own ledger, so that retries, Stop and the limits treat them as its own; but they are paid for.
 */
export async function takeOverLeftJobs(run: Run, items: Items<GenerateItem>): Promise<Items<GenerateItem>> {
	const { context, leftJobs } = run;
	const left = isManualRun(context) ? leftJobs.get(savedNodeOf(context) ?? '') : undefined;
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

function findLeft({ context, clock }: Run, left: LeftJobs, { first, second }: GenerateItem): Found | undefined {
	for (const request of [first, second]) {
		if (request === undefined) continue;
		const { api, fingerprint } = request;
		const wanted = { account: api.account, fingerprint, executionId: context.getExecutionId() };
		const paid = left.take(wanted, clock.now());
		if (paid !== undefined) return { paid, api };
	}
	return undefined;
}

/** The job as it is now. A completed one is asked for only where the provider's reply is wanted, which is not kept. */
async function leftJob(run: Run, { paid, api }: Found, { output }: GenerateItem): Promise<Job | ErrorResult> {
	const { job } = paid;
	if (hasEnded(job) && !output.raw) return job;
	const advice = `An earlier manual run paid for job ${job.handle.jobId}, and its record is gone. Nothing was submitted for this item. Look in your ${api.provider.label} account for the video, or run again to make, and pay for, a new one.`;
	return await currentJob(run, api, job, advice);
}

/**
 * The end of a run: a manual one in which an item has no video leaves its jobs, of all turns of a loop, to the next one.
 * A run without errors leaves nothing, so that the next one makes new videos. Neither does Executions > Retry.
 */
export async function leaveJobs(run: Run, isWhole: boolean): Promise<void> {
	const { context, leftJobs } = run;
	const key = savedNodeOf(context);
	if (key === undefined) return;
	const jobs = run.ledger.usableJobs();
	if (!isManualRun(context) || !hasFailedTurn(run, isWhole)) {
		if (isWhole) leftJobs.get(key)?.drop(jobs.map(({ job }) => job.handle));
		return;
	}
	const left = leftJobs.getOrAdd(key, () => new LeftJobs());
	const executionId = context.getExecutionId();
	for (const { entry, job } of jobs) {
		const api = await run.api(entry.provider);
		if ('problem' in api) continue;
		const kept = withoutRaw(job);
		left.leave({
			executionId,
			account: api.account,
			entry: { ...entry, job: kept },
			job: kept,
			leftMs: run.clock.now(),
		});
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
