import { FieldReader } from '../../core/fields';
import type { PollEnd } from '../../core/calls/poll';
import { hasEnded, type Failure, type Handle, type Job } from '../../core/job';
import { present } from '../../core/json';
import { unavailableFailure } from '../../core/calls/status';
import { endedError, failureError, jobJson, type Extras } from '../../core/output';
import type { Api } from '../../kling/api';
import { itemOf, type OutputWish } from '../../kling/item';
import type { ItemEnd } from './operation';
import type { Session } from './session';
import { isTool, optionsAt } from '../../host/context';

/** Reads the output parameters of one item. As an AI tool nothing is downloaded: agents never receive binary. */
export function outputWish({ context }: Session, itemIndex: number, fields: FieldReader): OutputWish {
	const wantsVideo = fields.boolean('Download Video', context.getNodeParameter('downloadVideo', itemIndex, false));
	const output = fields.choice('Output', optionsAt(context, itemIndex).output, ['simplified', 'raw'] as const);
	const field = String(context.getNodeParameter('outputField', itemIndex, 'data') ?? '').trim();
	return {
		download: wantsVideo === true && !isTool(context),
		outputField: field === '' ? 'data' : field,
		withRaw: output === 'raw',
	};
}

/** A job that was waited for: a video is an item, any other end is an error. */
export async function waitedItem(session: Session, job: Job, wish: OutputWish, extras: Extras = {}): Promise<ItemEnd> {
	if (job.status === 'failed' || job.status === 'cancelled') return { kind: 'error', error: endedError(job) };
	return await itemOf(session, job, wish, extras);
}

export interface WaitRules {
	readonly timeoutSeconds: number;
	readonly onTimeout: 'error' | 'return';
	readonly cancelOnStop: boolean;
}

/** Also the default of the form's field (node-interface). */
const DEFAULT_TIMEOUT_SECONDS = 1200;
/** 30 days: no provider keeps a job longer, and a date past the end of time parks for good. */
const LONGEST_TIMEOUT_SECONDS = 30 * 24 * 3600;

/** The timeout and what it means, for Generate and Wait alike. Stop means all items, so it is read at the first. */
export function readWaitRules(
	{ context }: Session,
	itemIndex: number,
	fields: FieldReader,
	maxSeconds = LONGEST_TIMEOUT_SECONDS,
): WaitRules {
	const options = optionsAt(context, itemIndex);
	const { cancelOnStop } = optionsAt(context, 0);
	const range = { min: 10, max: maxSeconds };
	const timeoutSeconds = fields.number('Timeout', options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS, range);
	const onTimeout = fields.choice('On Timeout', options.onTimeout, ['error', 'return'] as const);
	return {
		timeoutSeconds: timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
		onTimeout: onTimeout ?? 'error',
		cancelOnStop: fields.boolean('Cancel on Stop', cancelOnStop) ?? true,
	};
}

/** What happened to a job that was followed, as an item or an error. `lastSeen` is what was known before. */
export async function followedItem(
	session: Session,
	api: Api,
	end: PollEnd,
	known: {
		readonly handle: Handle;
		readonly lastSeen?: Job;
		readonly rules: WaitRules;
		readonly wish: OutputWish;
		readonly extras?: Extras;
	},
): Promise<ItemEnd> {
	const { handle, rules, wish, extras } = known;
	if (end.kind === 'ended') return await waitedItem(session, end.job, wish, extras);
	const job = ('lastSeen' in end ? end.lastSeen : undefined) ?? known.lastSeen;
	const about = { provider: handle.provider, handle, ...present({ status: job?.status }) };
	if (end.kind === 'refused') return { kind: 'error', error: failureError(end.failure, about) };
	if (end.kind === 'stopped') return await stoppedItem(session, api, handle, rules);
	if (rules.onTimeout === 'return' && job !== undefined) {
		return { kind: 'item', json: jobJson(job, { ...extras, timedOut: true, withRaw: wish.withRaw }) };
	}
	return { kind: 'error', error: failureError(timeoutFailure(api, handle, rules, end.lastProblem), about) };
}

function timeoutFailure(
	{ provider }: Api,
	{ jobId }: Handle,
	rules: WaitRules,
	lastProblem: string | undefined,
): Failure {
	const seconds = `${rules.timeoutSeconds} seconds`;
	const trouble = lastProblem === undefined ? '' : ` (the last look failed: ${lastProblem})`;
	const message = `Job ${jobId} at ${provider.label} had not ended after ${seconds}${trouble}`;
	return { message, code: 'timed_out', retryable: true, charged: 'unknown' };
}

/** Stop stops the spending, if it is to; what could not be cancelled is named in the log. */
export async function stoppedItem(session: Session, api: Api, handle: Handle, rules: WaitRules): Promise<ItemEnd> {
	const about = { provider: handle.provider, handle };
	const { label } = api.provider;
	const { logger } = session.context;
	if (!rules.cancelOnStop) {
		const failure = unavailableFailure(api.provider, `${label}: job ${handle.jobId} goes on, as Cancel on Stop is off`);
		return { kind: 'error', error: failureError(failure, about) };
	}
	const truth = await session.cancel(api, handle);
	const isOver = truth.kind === 'job' && hasEnded(truth.job);
	if (truth.kind === 'job') session.ledger.stopped(truth.job);
	const line = isOver
		? `${label} job ${handle.jobId} is ${truth.job.status} after the execution was stopped`
		: `${label} job ${handle.jobId} could not be cancelled after the execution was stopped; it may still cost`;
	if (isOver) logger.info(line, { jobId: handle.jobId });
	else logger.warn(line, { jobId: handle.jobId });
	const failure: Failure = { message: line, code: 'provider_error', retryable: true, charged: 'unknown' };
	return { kind: 'error', error: failureError(failure, about) };
}
