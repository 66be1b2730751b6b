import type { INodeExecutionData } from 'n8n-workflow';
import { FieldReader } from '../../core/fields';
import { checkItems, doItems, outputItems, type Checked } from '../run/items';
import { readWaitOptions, videoResult, waitForEnd, type WaitOptions } from '../run/poll';
import type { Run } from '../run/run';
import { checkJob, type JobToAsk } from './job';

/** Waits for jobs that were submitted before. The timeout of each counts from its first status call. */
export async function wait(run: Run): Promise<INodeExecutionData[][]> {
	const items = await checkItems(run, async (itemIndex) => await check(run, itemIndex));
	await doItems(run, items, async (item) => {
		const deadlineMs = run.clock.now() + item.wait.timeoutSeconds * 1000;
		const ended = await waitForEnd(run, item, { deadlineMs, pollNow: true });
		return ended.kind === 'job' ? await videoResult(run, ended.job, item.output, item.extras) : ended;
	});
	return [outputItems(run, items.results)];
}

async function check(run: Run, itemIndex: number): Promise<Checked<JobToAsk & { readonly wait: WaitOptions }>> {
	const fields = new FieldReader();
	const wait = readWaitOptions(run, itemIndex, fields);
	const checked = await checkJob(run, itemIndex, fields);
	return checked.kind === 'item' ? { kind: 'item', item: { ...checked.item, wait } } : checked;
}
