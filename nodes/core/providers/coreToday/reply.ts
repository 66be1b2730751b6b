import { classifyFailure, errorText, refusal } from '../../failure';
import type { Reply } from '../../calls/http';
import { asJobId, type Failure, type Handle, type Job, type JobOrFailure } from '../../job';
import { asObject, asText, present } from '../../json';
import type { Moment, SubmitMoment, VideoRequest } from '../provider';
import {
	errorInside,
	failureInside,
	firstUrl,
	isWebPage,
	objectOf,
	rawOf,
	refusalOf,
	refusalText,
	statusIn,
	unexpectedReply,
	zonedTime,
	type StatusWords,
} from '../reply';

export const LABEL = 'Core.Today';

/** Core.Today's documents disagree about the words, so all of them are read (docs/providers.md#coretoday-replies). */
const STATUS_WORDS: StatusWords = [
	['pending', /^(pending|starting|queued)$/i],
	['processing', /^(processing|running|in_progress)$/i],
	['completed', /^(completed|succeeded|success)$/i],
	['failed', /^(failed|error)$/i],
	['cancelled', /^(cancell?ed|aborted)$/i],
];

const URL_KEYS = ['url', 'video', 'video_url', 'output'];

type Body = Readonly<Record<string, unknown>>;

function failureOf(body: Body): Failure {
	const text = errorText(body.error) ?? errorText(body.detail) ?? errorText(body.message);
	// Refunds are not documented.
	return { message: text ?? `${LABEL} gave no reason`, ...classifyFailure(text), charged: 'unknown' };
}

/** The word "completed" is not believed where there is an error and no link. */
function completed(body: Body) {
	const videoUrl = firstUrl([body.public_url, body.result, body.output], URL_KEYS);
	const text =
		videoUrl === undefined ? (errorInside(body) ?? errorInside(body.result) ?? errorInside(body.output)) : undefined;
	return text === undefined
		? ({ status: 'completed', ...present({ videoUrl }) } as const)
		: ({ status: 'failed', failure: failureInside(text) } as const);
}

function toJob(reply: Reply, body: Body, handle: Handle, nowMs: number): Job {
	const word = asText(body.status);
	if (word === undefined) throw unexpectedReply(reply, LABEL, 'a status');
	const status = statusIn(STATUS_WORDS, word);
	const facts = { handle, raw: rawOf(reply) };
	if (status === 'pending' || status === 'processing') return { ...facts, status };
	const ended = { ...facts, finishedAt: new Date(nowMs).toISOString() };
	if (status === 'completed') return { ...ended, ...completed(body) };
	return status === 'failed' ? { ...ended, status, failure: failureOf(body) } : { ...ended, status };
}

/** The id in either dialect's key: one that is no id does not hide the other. */
function jobIdOf(body: Body | undefined): string | undefined {
	return asJobId(body?.job_id) ?? asJobId(body?.id);
}

function withCreatedAt(handle: Handle, body: Body): Handle {
	return { ...handle, ...present({ submittedAt: zonedTime(body.created_at) ?? handle.submittedAt }) };
}

/** See `Provider.readStarted`. A reply with an id is a job even if it has no status: the id is the receipt. */
export function readStarted(reply: Reply, request: VideoRequest, { sentMs, nowMs }: SubmitMoment): JobOrFailure {
	const refused = refusalOf(reply, LABEL);
	if (refused !== undefined) return { kind: 'refused', failure: refused };
	if (reply.status === 404)
		return { kind: 'refused', failure: refusal(refusalText(reply, LABEL), 'endpoint_not_found', false) };
	const body = objectOf(reply, LABEL);
	const jobId = jobIdOf(body);
	if (jobId === undefined) throw unexpectedReply(reply, LABEL, 'a job ID');
	const { provider, model } = request;
	const handle = withCreatedAt({ provider, model, jobId, submittedAt: new Date(sentMs).toISOString() }, body);
	if (asText(body.status) === undefined) return { kind: 'job', job: { handle, status: 'pending', raw: rawOf(reply) } };
	return { kind: 'job', job: toJob(reply, body, handle, nowMs) };
}

/** See `Provider.readJob`. */
export function readJob(reply: Reply, handle: Handle, { nowMs }: Moment): JobOrFailure {
	// A page on the way says nothing of the job: it may be asked for again.
	if (isWebPage(reply)) throw unexpectedReply(reply, LABEL);
	const refused = refusalOf(reply, LABEL);
	if (refused !== undefined) return { kind: 'refused', failure: { ...refused, charged: 'unknown' } };
	if (reply.status === 404) {
		const message = `${LABEL} has no job ${handle.jobId}`;
		return { kind: 'refused', failure: { message, code: 'job_not_found', retryable: false, charged: 'unknown' } };
	}
	const body = objectOf(reply, LABEL);
	const jobId = jobIdOf(body);
	if (jobId !== handle.jobId) throw unexpectedReply(reply, LABEL, `the job ID ${handle.jobId}`);
	return { kind: 'job', job: toJob(reply, body, withCreatedAt(handle, body), nowMs) };
}

/** See `Provider.readCancelled`: the reply's form is not documented, so only an ended job of this id is clear. */
export function readCancelled(reply: Reply, handle: Handle, { nowMs }: Moment): Job | undefined {
	const body = asObject(reply.body);
	if (reply.status >= 300 || body === undefined || jobIdOf(body) !== handle.jobId) return undefined;
	if (statusIn(STATUS_WORDS, asText(body.status) ?? '') !== 'cancelled') return undefined;
	return toJob(reply, body, withCreatedAt(handle, body), nowMs);
}

/**
 * See `Provider.namedJobId`. What Core.Today's callback looks like is not documented, so the id is read where either
 * dialect of its replies has it, at the top or one level down; an envelope's own `id` would be its event's, so it is
 * the last to be believed:
 * - `job_id`: the reply on the model's page, and the quickstart's;
 * - `data.job_id`, `data.id`, `prediction.job_id`, `prediction.id`: such a reply inside a usual webhook envelope;
 * - `id`: the API reference's reply, and what its backend, Replicate, sends.
 */
export function namedJobId(body: unknown): string | undefined {
	const object = asObject(body);
	const [data, prediction] = [asObject(object?.data), asObject(object?.prediction)];
	const ids = [object?.job_id, data?.job_id, data?.id, prediction?.job_id, prediction?.id, object?.id];
	return ids.map(asJobId).find((id) => id !== undefined);
}
