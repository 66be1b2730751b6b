import type { INodeExecutionData } from 'n8n-workflow';
import { refusal } from '../../core/failure';
import { hasEnded, type Failure } from '../../core/job';
import { present } from '../../core/json';
import type { PaidJob } from '../../core/money/ledger';
import { limitProblem } from '../../core/money/limits';
import { jobItem } from '../../kling/item';
import { checkItems, doItems, outputItems, type Result } from '../run/items';
import { videoResult } from '../run/poll';
import type { Run } from '../run/run';
import { checkItem, readSettings, refuseNew, type GenerateItem, type Settings } from './check';
import { logWarnings, showHints } from './hints';
import { checkLinks } from './links';
import { leaveJobs, takeOverLeftJobs } from './earlierRuns';
import { expectCallbacks, pauseUntilCallback } from './pause';
import { extrasOf, followJob, takeUpOrSubmit } from './submit';

/**
 * Makes a video for each input item. Gives one output item for each input item or, where the execution pauses, what n8n
 * shows meanwhile.
 */
export async function generate(run: Run): Promise<INodeExecutionData[][]> {
	let isWhole = false;
	try {
		const { output, results } = await makeVideos(run);
		isWhole = results.every(({ kind }) => kind === 'item');
		return [output];
	} finally {
		await leaveJobs(run, isWhole);
	}
}

/** All items are checked before the first is submitted; then all are done at once. */
async function makeVideos(run: Run): Promise<{ output: INodeExecutionData[]; results: readonly Result[] }> {
	const settings = readSettings(run);
	const valid = await checkItems(run, async (itemIndex) => await checkItem(run, settings, itemIndex));
	const checked = await takeOverLeftJobs(run, valid);
	const isPausing = settings.completion === 'callback';
	const unchanged = { expecting: checked, noCallback: undefined };
	const { expecting, noCallback } = isPausing ? expectCallbacks(run, checked) : unchanged;
	const problem = runProblem(run, settings, checked.toDo, noCallback);
	const allowed = problem === undefined ? expecting : refuseNew(run, expecting, problem);
	const items = await checkLinks(run, allowed);
	logWarnings(run, settings, items);
	let shownMeanwhile: INodeExecutionData[] | undefined;
	if (settings.completion === 'wait') {
		await doItems(run, items, async (item) => await makeVideo(run, settings, item));
	} else if (settings.completion === 'jobId') {
		await doItems(run, items, async (item) => await returnJob(run, settings, item));
	} else {
		shownMeanwhile = await pauseUntilCallback(run, settings, items);
	}
	const hints = showHints(run, items);
	return { output: shownMeanwhile ?? outputItems(run, items.results, hints), results: items.results };
}

/** Why nothing of the run may be submitted: its own options, its limits, or a provider that could not call back. */
function runProblem(
	{ ledger }: Run,
	{ problems, limits }: Settings,
	toDo: readonly GenerateItem[],
	noCallback: string | undefined,
): Failure | undefined {
	if (problems.length > 0) return refusal(problems.join(' '), 'invalid_input', false);
	const fresh = toDo.filter(({ known }) => known.kind === 'maySubmit');
	const paid = fresh.filter(({ dryRun }) => !dryRun);
	// A dry run shows what a real one would be refused for; beside real items it costs nothing.
	const planned = (paid.length > 0 ? paid : fresh).map(({ itemIndex, first }) => ({
		itemIndex,
		request: first.request,
	}));
	const overLimit = limitProblem(planned, ledger.spent(), limits);
	if (overLimit !== undefined) return refusal(overLimit, 'limit_reached', true);
	return noCallback === undefined ? undefined : refusal(noCallback, 'invalid_input', false);
}

/** Wait for Completion. An unfinished job counts for Max Concurrency; the download of its video does not. */
async function makeVideo(run: Run, settings: Settings, item: GenerateItem): Promise<Result> {
	const ended = await settings.limit(async () => {
		const taken = await takeUpOrSubmit(run, settings, item);
		return taken.kind === 'job' && !hasEnded(taken.job) ? await followJob(run, item, taken) : taken;
	});
	return ended.kind === 'job' ? await videoResult(run, ended.job, item.output, extrasOf(ended.entry)) : ended;
}

/** Return Job ID: the job is data, whatever has become of it. */
async function returnJob(run: Run, settings: Settings, item: GenerateItem): Promise<Result> {
	const paid = await settings.limit(async () => await takeUpOrSubmit(run, settings, item));
	if (paid.kind !== 'job') return paid;
	const { json } = await jobItem(run, paid.job, { ...item.output, download: false }, extrasOf(paid.entry));
	return { kind: 'item', json: { ...json, ...present({ note: noteFor(run, paid) }) } };
}

/** Only a tool gets here although Pause Until Callback was chosen: the agent has to know that there is no video yet. */
function noteFor({ context }: Run, { job }: PaidJob): string | undefined {
	if (hasEnded(job) || context.getNodeParameter('completion', 0, 'wait') !== 'callback') return undefined;
	return 'An AI tool cannot pause until the callback, so this job goes on by itself. Get its video by its jobId later, with the Wait or Get Status operation.';
}
