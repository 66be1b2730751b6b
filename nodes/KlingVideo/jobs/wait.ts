import type { INodeExecutionData } from 'n8n-workflow';
import { FieldReader } from '../../core/fields';
import type { Checked, Result } from '../run/items';
import { readWaitOptions, videoResult, waitForEnd, type WaitOptions } from '../run/poll';
import type { Run } from '../run/run';
import { checkJob, doJobs, type JobToAsk } from './job';

/** One checked item of Wait. */
interface JobToWaitFor extends JobToAsk {
	readonly wait: WaitOptions;
}

/** Waits for jobs that were submitted before. The timeout of each counts from its first status call. */
export async function wait(run: Run): Promise<INodeExecutionData[][]> {
	return [await doJobs(run, check, async (item) => await resultOf(run, item))];
}

async function resultOf(run: Run, item: JobToWaitFor): Promise<Result> {
	const deadlineMs = run.clock.now() + item.wait.timeoutSeconds * 1000;
	const ended = await waitForEnd(run, item, { deadlineMs, pollNow: true });
	return ended.kind === 'job' ? await videoResult(run, ended.job, item.output, item.extras) : ended;
}

async function check(run: Run, itemIndex: number): Promise<Checked<JobToWaitFor>> {
	const fields = new FieldReader();
	const wait = readWaitOptions(run, itemIndex, fields);
	const checked = await checkJob(run, itemIndex, fields);
	return checked.kind === 'item' ? { kind: 'item', item: { ...checked.item, wait } } : checked;
}
