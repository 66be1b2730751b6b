import type { INodeExecutionData } from 'n8n-workflow';
import { refusal } from '../../core/failure';
import { hasEnded, type Failure } from '../../core/job';
import { present } from '../../core/json';
import type { LedgerEntry, PaidJob } from '../../core/money/ledger';
import { limitProblem } from '../../core/money/limits';
import { failureError } from '../../core/output';
import { nodeError } from '../../host/context';
import { jobItem } from '../../kling/item';
import { refusedItem } from '../run/errors';
import { checkItems, doItems, outputItems, type ErrorResult, type Items, type Result } from '../run/items';
import { videoResult } from '../run/poll';
import type { Run } from '../run/run';
import { checkItem, readSettings, requestTo, type GenerateItem, type Settings } from './check';
import { dryRunItem } from './dryRun';
import { logWarnings, showHints } from './hints';
import { checkLinks } from './links';
import { leaveJobs, takeOverLeftJobs } from './manualRun';
import { pauseUntilCallback, readResumeUrl, type ResumeUrl } from './pause';
import { extrasOf, followJob, submitItem } from './submit';

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
	const resumeUrl = readResumeUrl(run, settings, checked.toDo);
	const allowed = withoutRefused(run, checked, runProblem(run, settings, checked.toDo, resumeUrl));
	const items = await checkLinks(run, allowed);
	logWarnings(run, settings, items);
	let shownMeanwhile: INodeExecutionData[] | undefined;
	if (settings.completion === 'wait') {
		await doItems(run, items, async (item) => await makeVideo(run, settings, item));
	} else if (settings.completion === 'jobId') {
		await doItems(run, items, async (item) => await returnJob(run, settings, item));
	} else {
		const submit = async (item: GenerateItem) =>
			await takeUpOrSubmit(run, settings, item, resumeUrl.urlOf?.(item.itemIndex));
		shownMeanwhile = await pauseUntilCallback(run, settings, items, submit);
	}
	const hints = showHints(run, items);
	return { output: shownMeanwhile ?? outputItems(run, items.results, hints), results: items.results };
}

/** Why nothing of the run may be submitted: its own options, its limits, or that no provider could call this n8n back. */
function runProblem(
	{ ledger }: Run,
	{ problems, limits }: Settings,
	toDo: readonly GenerateItem[],
	resumeUrl: ResumeUrl,
): Failure | undefined {
	if (problems.length > 0) return refusal(problems.join(' '), 'invalid_input', false);
	const fresh = toDo.filter(({ known }) => known.kind === 'new');
	const paid = fresh.filter(({ dryRun }) => !dryRun);
	// A dry run shows what a real one would be refused for; beside real items it costs nothing.
	const planned = (paid.length > 0 ? paid : fresh).map(({ itemIndex, first }) => ({
		itemIndex,
		request: first.request,
	}));
	const overLimit = limitProblem(planned, ledger.spent(), limits);
	if (overLimit !== undefined) return refusal(overLimit, 'limit_reached', true);
	return resumeUrl.problem === undefined ? undefined : refusal(resumeUrl.problem, 'invalid_input', false);
}

/**
 * What is left to do: everything or, where `problem` says that the run must submit nothing, the items that an earlier try
 * has paid for. A limit that is reached on a retry does not throw their videos away.
 */
function withoutRefused(
	{ context }: Run,
	items: Items<GenerateItem>,
	problem: Failure | undefined,
): Items<GenerateItem> {
	if (problem === undefined) return items;
	const refused = items.toDo.filter(({ known }) => known.kind === 'new');
	const isWhole = refused.length === items.toDo.length;
	if (isWhole && !context.continueOnFail()) throw nodeError(context, refusedItem(problem));
	for (const { itemIndex } of refused) items.results[itemIndex] = { kind: 'error', error: refusedItem(problem) };
	return { ...items, toDo: items.toDo.filter((item) => !refused.includes(item)) };
}

/** Wait for Completion. An unfinished job counts for Max Concurrency; the download of its video does not. */
async function makeVideo(run: Run, settings: Settings, item: GenerateItem): Promise<Result> {
	const ended = await settings.limit(async () => {
		const paid = await takeUpOrSubmit(run, settings, item);
		return paid.kind === 'job' && !hasEnded(paid.job) ? await followJob(run, item, paid) : paid;
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

/**
 * The job of an item: the one place that decides whether it is paid for. A retry takes up the job of an earlier try; only
 * an item that is new to the ledger is submitted. An agent may make equal calls at the same time, so the ledger is asked
 * once more right before the submit, with nothing awaited between its answer and the opening of the new entry.
 */
async function takeUpOrSubmit(
	run: Run,
	settings: Settings,
	item: GenerateItem,
	resumeUrl?: string,
): Promise<PaidJob | Result> {
	if (item.dryRun) return await dryRunItem(run, settings, item);
	let known = run.ledger.find(item.itemIndex, item.fingerprints);
	while (known.kind === 'unknown') {
		// Only an agent's equal call can be under way here: it is waited for, and the ledger is asked again.
		const answered = run.ledger.whenAnswered(known.entry);
		if (answered === undefined) return unclearSubmitError(known.entry, item);
		await answered;
		known = run.ledger.find(item.itemIndex, item.fingerprints);
	}
	return known.kind === 'new' ? await submitItem(run, settings, item, resumeUrl) : known;
}

function unclearSubmitError({ failure, provider }: LedgerEntry, item: GenerateItem): ErrorResult {
	const { api, request } = requestTo(item, provider);
	const known = failure ?? {
		message: `It is not known whether ${api.provider.label} accepted the job: the execution ended while it was being submitted`,
		code: 'submit_unknown',
		retryable: false,
		charged: 'unknown',
	};
	return { kind: 'error', error: failureError(known, { provider, model: request.model }) };
}
