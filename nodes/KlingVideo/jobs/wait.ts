import type { INodeExecutionData } from 'n8n-workflow';
import { FieldReader } from '../../core/fields';
import { hasEnded } from '../../core/job';
import { present } from '../../core/json';
import type { Checked, Result } from '../run/items';
import { readWaitOptions, videoResult, waitForEnd, type WaitOptions } from '../run/poll';
import type { Run } from '../run/run';
import { checkJob, doJobs, type JobToAsk } from './job';

/** One checked item of Wait. */
interface JobToWaitFor extends JobToAsk {
	readonly wait: WaitOptions;
	readonly deadlineMs: number;
}

/** Waits for jobs that were submitted before. The timeout of each counts from when its item was read. */
export async function wait(run: Run): Promise<INodeExecutionData[][]> {
	return [await doJobs(run, check, async (item) => await resultOf(run, item))];
}

async function resultOf(run: Run, item: JobToWaitFor): Promise<Result> {
	const { seen, deadlineMs, output, extras } = item;
	const lastSeen = seen?.kind === 'job' ? seen.job : undefined;
	if (lastSeen !== undefined && hasEnded(lastSeen)) return await videoResult(run, lastSeen, output, extras);
	const polled = { deadlineMs, pollNow: lastSeen === undefined, ...present({ lastSeen }) };
	const ended = await waitForEnd(run, item, polled);
	return ended.kind === 'job' ? await videoResult(run, ended.job, output, extras) : ended;
}

async function check(run: Run, itemIndex: number): Promise<Checked<JobToWaitFor>> {
	const fields = new FieldReader();
	const wait = readWaitOptions(run, itemIndex, fields);
	const checked = await checkJob(run, itemIndex, fields);
	if (checked.kind === 'problems') return checked;
	const deadlineMs = run.clock.now() + wait.timeoutSeconds * 1000;
	return { kind: 'item', item: { ...checked.item, wait, deadlineMs } };
}
