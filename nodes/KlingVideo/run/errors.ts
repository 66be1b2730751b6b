import type { NodeOperationError } from 'n8n-workflow';
import { problemText, type Problem } from '../../core/fields';
import { itemsText } from '../../core/items';
import type { Failure } from '../../core/job';
import { asObject, asText, present, type JsonObject } from '../../core/json';
import { maySubmitAgain, type LedgerEntry } from '../../core/money/ledger';
import { jobJson, type ItemError } from '../../core/output';
import { providerOf } from '../../core/providers';
import { isManualRun, isTool, nodeError } from '../../host/context';
import type { ErrorResult, Result } from './items';
import type { Run } from './run';

const RETRY_KEEPS = 'Executions > Retry keeps finished and running videos and pays for none of them again.';
const RETRY_REMAKES =
	'Executions > Retry keeps finished and running videos; only failed ones are made, and paid for, again.';

/** So many lines, with the title above and the advice below them, fit on a screen. */
const MAX_SHOWN_LINES = 12;

const EXECUTE_STEP = [
	'Correct what is wrong and press Execute step or Execute workflow within an hour: finished and running videos are kept and not paid for again. Items that failed, and those for which you change the prompt, the picture or anything else that the video depends on, are submitted as new jobs; you pay for each job that the provider accepts.',
	'After a restart of n8n, or if your n8n is spread over several servers (queue mode), use Executions > Retry instead.',
	'With On Error set to Continue you get the finished videos even if others fail.',
];

const UNCLEAR_AGAIN =
	'Look in your account before you press Execute step: an item whose job may exist is submitted, and perhaps paid for, again.';

/** An item whose form is wrong, with On Error "Continue". `earlier` is what an earlier try submitted for it. */
export function invalidItem(problems: readonly Problem[], earlier?: LedgerEntry): ItemError {
	const message = problems.map(problemText).join(' ');
	const nothing = earlier === undefined ? 'Nothing was sent' : 'Nothing new was sent';
	const description = `${nothing} for this item. Correct the fields that are named.`;
	const failure = { message, code: 'invalid_input', retryable: false, charged: 'no' } as const;
	return withEarlierJob({ message, description, failure }, earlier);
}

/** An item that is not submitted, because of a limit or because the whole run must not be. */
export function refusedItem(failure: Failure, earlier?: LedgerEntry): ItemError {
	const nothing = earlier === undefined ? 'Nothing was submitted' : 'Nothing new was submitted';
	const description = `${nothing} for this item.`;
	return withEarlierJob({ message: failure.message, description, failure }, earlier);
}

/** The error of an item for which nothing new was made, with the job that an earlier try has made for it. */
export function withEarlierJob(error: ItemError, earlier: LedgerEntry | undefined): ItemError {
	if (earlier === undefined) return error;
	const { provider, handle, job } = earlier;
	const failed = job?.status === 'failed' ? job.failure : undefined;
	const charged = failed?.charged ?? 'unknown';
	return {
		...error,
		description: `${error.description} ${earlierText(earlier)}`,
		...present({ failure: error.failure && { ...error.failure, charged } }),
		provider,
		...present({ model: handle?.model, jobId: handle?.jobId, status: job?.status }),
	};
}

function earlierText({ provider, handle, job }: LedgerEntry): string {
	const { label } = providerOf(provider);
	if (handle === undefined)
		return `An earlier try may have submitted a job to ${label}: look for it in your account there.`;
	const submitted = `An earlier try submitted job ${handle.jobId} (${label})`;
	if (job?.status === 'failed') return `${submitted}, which failed: ${job.failure.message}.`;
	if (job?.status === 'cancelled') return `${submitted}, which was cancelled.`;
	return `${submitted}: the Wait operation gets its video.`;
}

/** An item that ended by an error which nobody foresaw. */
export function unexpectedEnd(reason: string): ItemError {
	return {
		message: `Something unexpected went wrong with this item: ${reason}`,
		description: "The job IDs of this run are in n8n's log. Please report this message to the makers of the node.",
	};
}

/** An error with the item whose error it is. */
type ErrorOfItem = ErrorResult & { readonly itemIndex: number };

/** Nobody knows whether the item's submit made a job. */
const isUnclear = ({ error }: ErrorResult) => error.failure?.code === 'submit_unknown';

/** What is said of one item, in the order of importance. */
interface Line {
	readonly itemIndex: number;
	readonly text: string;
}

/** Lines for the screen: items of which the same is said share one. What does not fit is left to the error's data. */
function linesText(lines: readonly Line[]): string[] {
	const byText = new Map<string, number[]>();
	for (const { itemIndex, text } of lines) byText.set(text, [...(byText.get(text) ?? []), itemIndex]);
	const all = [...byText].map(([text, itemIndexes]) => {
		return `${itemsText(itemIndexes)}: ${text}`;
	});
	if (all.length <= MAX_SHOWN_LINES) return all;
	const rest = all.length - MAX_SHOWN_LINES + 1;
	return [...all.slice(0, MAX_SHOWN_LINES - 1), `… and ${rest} more lines: see Error details for all items.`];
}

/** The jobs that earlier tries have made for the items of a run: as lines for the screen, and as data. */
function earlierJobs({ context, ledger }: Run): { readonly lines: string[]; readonly data: JsonObject } {
	const earlier = [...context.getInputData().keys()].flatMap((itemIndex) => {
		const entry = ledger.latest(itemIndex);
		return entry === undefined ? [] : [{ itemIndex, result: resultOf(entry) }];
	});
	if (earlier.length === 0) return { lines: [], data: {} };
	const texts = earlier.map(({ itemIndex, result }) => ({ itemIndex, text: resultText(result) }));
	return {
		lines: ['Jobs of an earlier try:', ...linesText(texts), RETRY_KEEPS],
		data: { jobsOfEarlierTry: earlier.map(({ itemIndex, result }) => ({ item: itemIndex, ...factsOf(result) })) },
	};
}

/** A run of which nothing new may be submitted, for a reason that is no item's own. */
export function refusedAsAWhole(run: Run, { message }: Failure): NodeOperationError {
	const { lines, data } = earlierJobs(run);
	const known = lines.length === 0 ? {} : { description: ['Nothing new was submitted.', ...lines].join('\n'), data };
	return nodeError(run.context, { message, ...known });
}

/** A run that was refused before anything was sent: names every problem of every item, and the jobs of earlier tries. */
export function refusedRun(
	run: Run,
	invalid: ReadonlyArray<{ itemIndex: number; problems: readonly Problem[] }>,
): NodeOperationError {
	const { context } = run;
	const itemCount = context.getInputData().length;
	const { lines: known, data } = earlierJobs(run);
	const nothing = known.length === 0 ? 'Nothing was sent.' : 'Nothing new was sent.';
	const [shared, ...others] = new Set(invalid.flatMap(({ problems }) => problems).map(problemText));
	const isOfNoItem = invalid.length === itemCount && invalid.every(({ problems }) => problems[0]?.field === undefined);
	if (shared !== undefined && others.length === 0 && isOfNoItem) {
		return nodeError(context, { message: shared, description: [nothing, ...known].join('\n') });
	}
	const [first] = invalid;
	if (invalid.length === 1 && first !== undefined) {
		const problems = first.problems.map(problemText).join(' ');
		const message = itemCount === 1 ? problems : `${itemsText([first.itemIndex])}: ${problems}`;
		return nodeError(context, { message, description: [nothing, ...known].join('\n') });
	}
	const problems = invalid.flatMap((item) =>
		item.problems.map((problem) => ({ itemIndex: item.itemIndex, text: problemText(problem) })),
	);
	const items: JsonObject[] = invalid.map((item) => ({
		item: item.itemIndex,
		problems: item.problems.map(problemText),
	}));
	return nodeError(context, {
		message: `${invalid.length} of ${itemCount} items have wrong or missing values. ${nothing}`,
		description: [...linesText(problems), ...known].join('\n'),
		data: { items, ...data },
	});
}

/** What an earlier try of an item came to. */
function resultOf({ job, failure, provider }: LedgerEntry): Result {
	if (job !== undefined) return { kind: 'item', json: jobJson(job) };
	const message = failure?.message ?? `${providerOf(provider).label} did not answer the submit`;
	return { kind: 'error', error: { message, description: '' } };
}

/** What is known of one item. */
function factsOf(result: Result): JsonObject {
	if (result.kind === 'error') {
		const { message, jobId, provider, status } = result.error;
		return present({ jobId, provider, status, videoUrl: result.videoUrl, message });
	}
	const { jobId, provider, status, videoUrl, failure } = result.json;
	return present({ jobId, provider, status, videoUrl, message: asText(asObject(failure)?.message) });
}

function resultText(result: Result): string {
	const { jobId, status, videoUrl, message } = factsOf(result);
	return [jobId, status, videoUrl, message].filter((fact) => typeof fact === 'string').join(', ');
}

/**
 * The error of a run whose every job has come to its end: names the items that have no video, and lists what all the
 * others have, so that nothing that was paid for is lost. `notes` are the lines that an output would have as its hints.
 */
export function unfinishedRun(run: Run, results: readonly Result[], notes: readonly string[]): NodeOperationError {
	const { context, stop } = run;
	const isStopped = stop.requested;
	const failed = results.flatMap((result, itemIndex) => (result.kind === 'error' ? [{ ...result, itemIndex }] : []));
	const retry = retryTexts(run, failed);
	const [first] = failed;
	if (first !== undefined && results.length === 1) {
		const { error, videoUrl } = first;
		const link = videoUrl === undefined ? [] : [`Video: ${videoUrl}`];
		const advice = error.jobId === undefined ? [] : retry;
		const description = [error.description, ...link, ...advice, ...notes].join('\n');
		return nodeError(context, { message: worded(messageOf(run, error), isStopped), description });
	}
	const linesOf = (kind: Result['kind']) =>
		linesText(
			results.flatMap((result, itemIndex) => (result.kind === kind ? [{ itemIndex, text: resultText(result) }] : [])),
		);
	return nodeError(context, {
		message: worded(`${failedText(failed, results.length, isStopped)}. ${othersText(results)}`.trim(), isStopped),
		description: [
			...linesOf('error'),
			...commonAdvice(failed),
			...(hasJobs(results) ? retry : []),
			...notes,
			...linesOf('item'),
		].join('\n'),
		data: { items: results.map((result, item) => ({ item, ...factsOf(result) })) },
	});
}

/** n8n's engine gives an agent nothing of an error but its message: so that has what finds the job again. */
function messageOf({ context }: Run, { message, jobId }: ItemError): string {
	const lacksJob = isTool(context) && jobId !== undefined && !message.includes(jobId);
	return lacksJob ? `${message} (job ID: ${jobId})` : message;
}

/** What to do, where that is the same for all items without a video; in any case about jobs that may exist. */
function commonAdvice(failed: readonly ErrorOfItem[]): string[] {
	const textOf = ({ error, itemIndex }: ErrorOfItem) => ({ itemIndex, text: error.description });
	const advice = linesText(failed.map(textOf));
	return advice.length === 1 ? advice : linesText(failed.filter(isUnclear).map(textOf));
}

/** Whether a retry has anything to keep. */
function hasJobs(results: readonly Result[]): boolean {
	return results.some((result) => result.kind === 'item' || result.error.jobId !== undefined || isUnclear(result));
}

/** What became of items without a video, of one and of several. */
const OUTCOMES = {
	failed: ['failed', 'failed'],
	cancelled: ['was cancelled', 'were cancelled'],
	timedOut: ['was not ready in time', 'were not ready in time'],
	maybeSubmitted: ['may or may not have been submitted', 'may or may not have been submitted'],
	notSubmitted: ['was not made and is not charged', 'were not made and are not charged'],
	notChecked: ['could not be checked', 'could not be checked'],
	stopped: ['was stopped', 'were stopped'],
} as const;

function outcomeOf({ status, failure, jobId }: ItemError, isStopped: boolean): keyof typeof OUTCOMES {
	if (status === 'failed' || status === 'cancelled') return status;
	if (failure?.code === 'submit_unknown') return 'maybeSubmitted';
	if (isStopped) return 'stopped';
	if (failure?.code === 'timed_out') return 'timedOut';
	if (jobId !== undefined) return 'notChecked';
	return failure?.charged === 'no' ? 'notSubmitted' : 'failed';
}

/** "1 of 3 videos failed (2nd item)", with a part for each way in which videos failed. */
function failedText(failed: readonly ErrorOfItem[], total: number, isStopped: boolean): string {
	const parts = Object.entries(OUTCOMES).flatMap(([outcome, [ofOne, ofMany]]) => {
		const those = failed.filter(({ error }) => outcomeOf(error, isStopped) === outcome);
		const indexes = those.map(({ itemIndex }) => itemIndex);
		return those.length === 0 ? [] : [{ indexes, verb: those.length === 1 ? ofOne : ofMany }];
	});
	const texts = parts.map(({ indexes, verb }, at) => {
		const count = at === 0 ? `${indexes.length} of ${total} videos` : String(indexes.length);
		return `${count} ${verb} (${itemsText(indexes)})`;
	});
	return texts.join(', ');
}

/** "2 videos are finished." of the items that are no error. */
function othersText(results: readonly Result[]): string {
	const statuses = results.flatMap((result) => (result.kind === 'item' ? [result.json.status] : []));
	const running = statuses.filter((status) => status === 'pending' || status === 'processing').length;
	const withoutVideo = statuses.filter((status) => status === 'failed' || status === 'cancelled').length;
	const finished = statuses.length - running - withoutVideo;
	const are = (count: number, what: string) =>
		count === 0 ? [] : [`${count} ${count === 1 ? 'video is' : 'videos are'} ${what}.`];
	return [...are(finished, 'finished'), ...are(running, 'still running')].join(' ');
}

/** What Retry and Execute step will do. After Stop nothing is said: n8n then keeps no record of the jobs. */
function retryTexts(run: Run, failed: readonly ErrorResult[]): string[] {
	if (run.stop.requested) return [];
	if (isManualRun(run.context)) return failed.some(isUnclear) ? [...EXECUTE_STEP, UNCLEAR_AGAIN] : EXECUTE_STEP;
	const isNewJob = failed.some(
		({ error: { status, failure } }) => status === 'failed' && failure !== undefined && maySubmitAgain(failure),
	);
	return [isNewJob ? RETRY_REMAKES : RETRY_KEEPS];
}

/** n8n takes an execution whose error says "canceled" for one that was stopped, whoever says it. */
function worded(message: string, isStopped: boolean): string {
	return isStopped ? `The execution was canceled. ${message}` : message.replaceAll('canceled', 'cancelled');
}
