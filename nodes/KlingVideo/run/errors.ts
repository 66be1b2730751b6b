import type { NodeOperationError } from 'n8n-workflow';
import type { Problem } from '../../core/fields';
import { present } from '../../core/json';
import type { LedgerEntry } from '../../core/money/ledger';
import { jobJson, type ItemError } from '../../core/output';
import { providerOf } from '../../core/providers';
import { isManualRun, nodeError } from '../../host/context';
import type { ErrorResult, Result } from './items';
import type { Run } from './run';

const REATTACHED = 'Retry takes up the jobs that exist and pays for none of them again.';

const EXECUTE_STEP =
	'Execute step keeps finished and running videos for an hour, too; a changed prompt makes a new one. It cannot after a restart of n8n, or where n8n runs manual executions on workers: use Executions > Retry there, or set On Error to Continue.';

/** How many item numbers a message names. */
const MAX_NAMED_ITEMS = 30;

const problemText = ({ field, message }: Problem) => `${field} ${message}`;

/** An item whose form is wrong, with On Error "Continue". `earlier` is what an earlier try submitted for it. */
export function invalidItem(problems: readonly Problem[], earlier?: LedgerEntry): ItemError {
	const message = problems.map(problemText).join(' ');
	const failure = { message, code: 'invalid_input', retryable: false } as const;
	if (earlier === undefined) {
		const description = 'Nothing was sent for this item. Correct the fields that are named.';
		return { message, description, failure: { ...failure, charged: 'no' } };
	}
	const { provider, handle, job } = earlier;
	const { label } = providerOf(provider);
	const what =
		handle === undefined
			? `An earlier try may have submitted a job to ${label}: look for it in your account there.`
			: `An earlier try submitted job ${handle.jobId} (${label}): the Wait operation gets its video.`;
	return {
		message,
		description: `Nothing new was sent for this item. ${what}`,
		failure: { ...failure, charged: 'unknown' },
		provider,
		...present({ model: handle?.model, jobId: handle?.jobId, status: job?.status }),
	};
}

/** An item that is not sent because the whole run must not be. */
export function refusedItem(refusal: string): ItemError {
	return { message: refusal, description: 'Nothing was submitted for this item.' };
}

/** An item that ended by an error which nobody foresaw. */
export function unexpectedEnd(reason: string): ItemError {
	return {
		message: `This item ended unexpectedly: ${reason}`,
		description: 'Job IDs of this run are in the n8n log. Please report this with the message.',
	};
}

/** A run that was refused before anything was sent: names every problem of every item, and the jobs of earlier tries. */
export function refusedRun(
	{ context, ledger }: Run,
	invalid: ReadonlyArray<{ itemIndex: number; problems: readonly Problem[] }>,
): NodeOperationError {
	const earlier = [...context.getInputData().keys()].flatMap((itemIndex) => {
		const job = ledger.latest(itemIndex)?.job;
		return job === undefined ? [] : [resultText({ kind: 'item', json: jobJson(job) }, itemIndex)];
	});
	const sent = earlier.length === 0 ? 'nothing was sent' : 'nothing new was sent';
	const known = earlier.length === 0 ? [] : ['Jobs of an earlier try:', ...earlier, REATTACHED];
	const [first] = invalid;
	if (invalid.length === 1 && first !== undefined) {
		const message = first.problems.map(problemText).join(' ');
		const description = [`${sent.charAt(0).toUpperCase()}${sent.slice(1)}.`, ...known].join('\n');
		return nodeError(context, { message, description }, first.itemIndex);
	}
	const lines = invalid.map(({ itemIndex, problems }) => `Item ${itemIndex}: ${problems.map(problemText).join(' ')}`);
	const message = `${invalid.length} items cannot be sent as they are; ${sent}`;
	return nodeError(context, { message, description: [...lines, ...known].join('\n') });
}

function resultText(result: Result, itemIndex: number): string {
	const facts =
		result.kind === 'item'
			? [result.json.jobId, result.json.status, result.json.videoUrl]
			: [result.error.jobId, result.error.status, result.videoUrl, result.error.message];
	return `Item ${itemIndex}: ${facts.filter((fact) => typeof fact === 'string').join(', ')}`;
}

/**
 * The error of a run whose every job has come to its end: names the items that have no video, and lists what all the
 * others have, so that nothing that was paid for is lost.
 */
export function unfinishedRun(run: Run, results: readonly Result[]): NodeOperationError {
	const { context, stop } = run;
	const isStopped = stop.requested;
	const failed = results.flatMap((result, itemIndex) => (result.kind === 'error' ? [{ ...result, itemIndex }] : []));
	const retry = retryText(run, failed);
	const [first] = failed;
	if (first !== undefined && results.length === 1) {
		const { error, videoUrl, itemIndex } = first;
		const link = videoUrl === undefined ? '' : ` Video: ${videoUrl}`;
		const description = `${error.description}${link}${error.jobId === undefined || retry === '' ? '' : ` ${retry}`}`;
		return nodeError(context, { message: worded(error.message, isStopped), description }, itemIndex);
	}
	const names = failed.slice(0, MAX_NAMED_ITEMS).map(({ itemIndex }) => itemIndex);
	const message = `${failed.length} of ${results.length} items did not come through: ${failed.length === 1 ? 'item' : 'items'} ${names.join(', ')}`;
	const description = [...results.map(resultText), retry].join('\n').trim();
	return nodeError(context, { message: worded(message, isStopped), description });
}

/** What Retry and Execute step will do. After Stop nothing is said: n8n then keeps no record of the jobs. */
function retryText(run: Run, failed: readonly ErrorResult[]): string {
	if (run.stop.requested) return '';
	const isNewJob = failed.some(({ error }) => error.status === 'failed' && error.failure?.retryable !== false);
	const texts = [
		isNewJob ? `${REATTACHED} A failed job that may succeed is submitted anew, as a new job.` : REATTACHED,
		isManualRun(run.context) ? EXECUTE_STEP : undefined,
		takenOverText(run),
	];
	return texts.filter((text) => text !== undefined).join(' ');
}

/** How many jobs of an earlier manual run this one took over; undefined if it took over none. */
export function takenOverText({ ledger }: Run): string | undefined {
	const count = ledger.countTakenOver();
	if (count === 0) return undefined;
	const taken = count === 1 ? '1 video was' : `${count} videos were`;
	return `${taken} taken over from an earlier manual run and not paid for again. A changed prompt makes a new one.`;
}

/** n8n takes an execution whose error says "canceled" for one that was stopped, whoever says it. */
function worded(message: string, isStopped: boolean): string {
	return isStopped ? `The execution was canceled. ${message}` : message.replaceAll('canceled', 'cancelled');
}
