import type { PollEnd, Polled } from '../../core/calls/poll';
import { unavailableFailure } from '../../core/calls/status';
import { FieldReader } from '../../core/fields';
import { hasEnded, type Failure, type Handle, type Job } from '../../core/job';
import { present } from '../../core/json';
import { endedError, failureError, type Extras } from '../../core/output';
import { isTool, optionsAt } from '../../host/context';
import type { Api } from '../../kling/api';
import { jobItem, type OutputOptions } from '../../kling/item';
import type { ErrorResult, Result } from './items';
import type { Run } from './run';

/** How long a job is waited for, and what then. */
export interface WaitOptions {
	readonly timeoutSeconds: number;
	readonly onTimeout: 'error' | 'return';
	readonly cancelOnStop: boolean;
}

/** The default of the form's field. */
const DEFAULT_TIMEOUT_SECONDS = 1200;
/** 30 days: no provider keeps a job longer, and n8n never resumes a pause until a date past the end of time. */
const LONGEST_TIMEOUT_SECONDS = 30 * 24 * 3600;

/** Reads the timeout of one item, and what it means. Cancel on Stop holds for all items, so it is read at the first. */
export function readWaitOptions(
	{ context }: Run,
	itemIndex: number,
	fields: FieldReader,
	maxSeconds = LONGEST_TIMEOUT_SECONDS,
): WaitOptions {
	const options = optionsAt(context, itemIndex);
	const { cancelOnStop } = optionsAt(context, 0);
	const range = { min: 10, max: maxSeconds };
	return {
		timeoutSeconds: fields.number('Timeout', options.timeoutSeconds, range) ?? DEFAULT_TIMEOUT_SECONDS,
		onTimeout: fields.choice('On Timeout', options.onTimeout, ['error', 'return'] as const) ?? 'error',
		cancelOnStop: fields.boolean('Cancel on Stop', cancelOnStop) ?? true,
	};
}

/** Reads the output parameters of one item. As an AI tool nothing is downloaded: agents never receive binary data. */
export function readOutputOptions({ context }: Run, itemIndex: number, fields: FieldReader): OutputOptions {
	const wantsVideo = fields.boolean('Download Video', context.getNodeParameter('downloadVideo', itemIndex, false));
	const output = fields.choice('Output', optionsAt(context, itemIndex).output, ['simplified', 'raw'] as const);
	const field = String(context.getNodeParameter('outputField', itemIndex, 'data') ?? '').trim();
	return {
		download: wantsVideo === true && !isTool(context),
		field: field === '' ? 'data' : field,
		raw: output === 'raw',
	};
}

/** A job that is waited for. */
export interface Awaited {
	readonly api: Api;
	readonly handle: Handle;
	readonly wait: WaitOptions;
	readonly output: OutputOptions;
	readonly extras: Extras;
}

/** A job that has ended, or what the item is instead. */
export type Waited = { readonly kind: 'job'; readonly job: Job } | Result;

/** Polls a job until it has ended, its timeout is over or Stop is requested. */
export async function waitForEnd(run: Run, awaited: Awaited, polled: Omit<Polled, 'handle'>): Promise<Waited> {
	const { api, handle, wait, output, extras } = awaited;
	const end = await run.poller.poll({ handle, ...polled });
	if (end.kind === 'ended') return { kind: 'job', job: end.job };
	if (end.kind === 'stopped') return await cancelAfterStop(run, api, handle, wait);
	const job = end.kind === 'deadline' ? (end.lastSeen ?? polled.lastSeen) : polled.lastSeen;
	const about = { provider: handle.provider, handle, ...present({ status: job?.status }) };
	if (end.kind === 'refused') return { kind: 'error', error: failureError(end.failure, about) };
	if (wait.onTimeout === 'return' && job !== undefined) {
		return await jobItem(run, job, { ...output, download: false }, { ...extras, timedOut: true });
	}
	return { kind: 'error', error: failureError(timeoutFailure(awaited, end), about) };
}

/**
 * A job as it is now, or an error if its provider does not know it any more. Any other refusal may pass: the job is then
 * as it was last seen.
 */
export async function currentJob(run: Run, api: Api, job: Job, advice?: string): Promise<Job | ErrorResult> {
	const { handle } = job;
	const answer = await run.getStatus(api, handle);
	if (answer.kind === 'job') return answer.job;
	if (hasEnded(job) || answer.failure.code !== 'job_not_found') return job;
	const about = { provider: handle.provider, handle, ...present({ advice }) };
	return { kind: 'error', error: failureError(answer.failure, about) };
}

/** A job that was waited for: a video is an item, any other end is an error. */
export async function videoResult(run: Run, job: Job, output: OutputOptions, extras: Extras): Promise<Result> {
	if (job.status === 'failed' || job.status === 'cancelled') return { kind: 'error', error: endedError(job) };
	return await jobItem(run, job, output, extras);
}

function timeoutFailure(
	{ api, handle, wait }: Awaited,
	{ lastProblem }: Extract<PollEnd, { kind: 'deadline' }>,
): Failure {
	const trouble = lastProblem === undefined ? '' : ` (the last status call failed: ${lastProblem})`;
	const message = `Job ${handle.jobId} at ${api.provider.label} was not finished after ${wait.timeoutSeconds} seconds${trouble}`;
	return { message, code: 'timed_out', retryable: true, charged: 'unknown' };
}

/** Stop ends the spending, if it is to: the job is cancelled, and n8n's log names what could not be. */
export async function cancelAfterStop(
	run: Run,
	api: Api,
	handle: Handle,
	{ cancelOnStop }: WaitOptions,
): Promise<ErrorResult> {
	const about = { provider: handle.provider, handle };
	const { label } = api.provider;
	const { logger } = run.context;
	if (!cancelOnStop) {
		const failure = unavailableFailure(
			api.provider,
			`${label}: job ${handle.jobId} keeps running, because Cancel on Stop is off`,
		);
		return { kind: 'error', error: failureError(failure, about) };
	}
	const answer = await run.cancel(api, handle);
	if (answer.kind === 'job') run.ledger.noteStopped(answer.job);
	const isOver = answer.kind === 'job' && hasEnded(answer.job);
	const line = isOver
		? `${label} job ${handle.jobId} is ${answer.job.status} after the execution was stopped`
		: `${label} job ${handle.jobId} could not be cancelled after the execution was stopped; it may still cost`;
	if (isOver) logger.info(line, { jobId: handle.jobId });
	else logger.warn(line, { jobId: handle.jobId });
	const failure: Failure = { message: line, code: 'provider_error', retryable: true, charged: 'unknown' };
	return { kind: 'error', error: failureError(failure, about) };
}
