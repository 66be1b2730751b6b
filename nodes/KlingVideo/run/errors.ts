import type { IExecuteFunctions } from 'n8n-workflow';
import type { Problem } from '../../core/fields';
import type { Job } from '../../core/job';
import { present } from '../../core/json';
import { jobJson, type ItemError } from '../../core/output';
import { providerOf } from '../../core/providers';
import { nodeError } from '../../host/context';
import type { ItemEnd } from './operation';

const REATTACHED = 'Retry takes up the jobs that exist and pays for none of them again.';

const problemText = ({ field, message }: Problem) => `${field} ${message}`;

/** An item whose form is wrong, with On Error "Continue". `receipt` is the job that an earlier try paid for. */
export function invalidItem(problems: readonly Problem[], receipt?: Job): ItemError {
	const message = problems.map(problemText).join(' ');
	const failure = { message, code: 'invalid_input', retryable: false } as const;
	if (receipt === undefined) {
		const description = 'Nothing was sent for this item. Correct the fields that are named.';
		return { message, description, failure: { ...failure, charged: 'no' } };
	}
	const { handle, status } = receipt;
	return {
		message,
		description: `Nothing new was sent for this item. An earlier try submitted job ${handle.jobId} (${providerOf(handle.provider).label}): the Wait operation gets its video.`,
		failure: { ...failure, charged: 'unknown' },
		...present({ provider: handle.provider, model: handle.model, jobId: handle.jobId, status }),
	};
}

/** An item that is not sent because the whole run must not be. */
export function refusedItem(refusal: string): ItemError {
	return { message: refusal, description: 'Nothing was submitted for this item.' };
}

/** A run that was refused before anything was sent, naming every problem of every item, and the jobs of earlier tries. */
export function refusedRun(
	context: IExecuteFunctions,
	invalid: ReadonlyArray<{ itemIndex: number; problems: readonly Problem[] }>,
	receipts: ReadonlyArray<{ itemIndex: number; job: Job }>,
) {
	const paid = receipts.map(({ itemIndex, job }) => endText({ kind: 'item', json: jobJson(job) }, itemIndex));
	const sent = receipts.length === 0 ? 'nothing was sent' : 'nothing new was sent';
	const known = paid.length === 0 ? [] : ['Jobs of an earlier try:', ...paid, REATTACHED];
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

function endText(end: ItemEnd, itemIndex: number): string {
	if (end.kind === 'item') {
		const { jobId, status, videoUrl } = end.json;
		return `Item ${itemIndex}: ${[jobId, status, videoUrl].filter((part) => typeof part === 'string').join(', ')}`;
	}
	const { jobId, status, message } = end.error;
	const facts = [jobId, status, end.videoUrl, message].filter((part) => part !== undefined);
	return `Item ${itemIndex}: ${facts.join(', ')}`;
}

/**
 * The error of a run whose every job has come to its end: names the items that have no video, and lists what all the
 * others have, so that nothing that was paid for is lost.
 */
export function unfinishedRun(context: IExecuteFunctions, ends: readonly ItemEnd[], isStopped: boolean) {
	const failed = [...ends.entries()].filter(([, end]) => end.kind === 'error');
	const [first] = failed;
	const [itemIndex, end] = first ?? [0, undefined];
	const reattach = isStopped ? '' : ` ${retryText(failed.map(([, each]) => each))}`;
	if (end?.kind === 'error' && ends.length === 1) {
		const link = end.videoUrl === undefined ? '' : ` Video: ${end.videoUrl}`;
		const description = `${end.error.description}${link}${end.error.jobId === undefined ? '' : reattach}`;
		return nodeError(context, { message: worded(end.error.message, isStopped), description }, itemIndex);
	}
	const names = failed
		.map(([index]) => index)
		.slice(0, 30)
		.join(', ');
	const message = `${failed.length} of ${ends.length} items did not come through: ${failed.length === 1 ? 'item' : 'items'} ${names}`;
	const lines = ends.map(endText);
	return nodeError(context, {
		message: worded(message, isStopped),
		description: [...lines, reattach.trim()].join('\n').trim(),
	});
}

/** What Retry will do. After Stop nothing is said: n8n then keeps no record of the jobs. */
function retryText(failed: readonly ItemEnd[]): string {
	const isNewJob = failed.some(
		(end) => end.kind === 'error' && end.error.status === 'failed' && end.error.failure?.retryable !== false,
	);
	return isNewJob ? `${REATTACHED} A failed job that may succeed is submitted anew, as a new job.` : REATTACHED;
}

/** n8n takes an execution whose error says "canceled" for one that was stopped, whoever says it. */
function worded(message: string, isStopped: boolean): string {
	return isStopped ? `The execution was canceled. ${message}` : message.replaceAll('canceled', 'cancelled');
}
