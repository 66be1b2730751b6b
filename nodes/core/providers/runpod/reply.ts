import { classifyFailure, errorText, refusal } from '../../failure';
import type { Reply } from '../../calls/http';
import { asJobId, type Failure, type Handle, type Job, type JobOrFailure, type JobStatus } from '../../job';
import { asNumber, asObject, asText, present } from '../../json';
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
	type StatusWords,
} from '../reply';
import { defaultModelOf } from '../../models';

/** The endpoint of a job of which only its ID is known. */
export const DEFAULT_ENDPOINT_ID = defaultModelOf('runpod').id;

export const LABEL = 'Runpod';

/** The documented states (docs/providers.md#runpod-replies). */
const STATUS_WORDS: StatusWords = [
	['pending', /^IN_QUEUE$/i],
	['processing', /^(IN_PROGRESS|RUNNING)$/i],
	['completed', /^COMPLETED$/i],
	['failed', /^(FAILED|TIMED_OUT)$/i],
	['cancelled', /^CANCELL?ED$/i],
];

/** Within this time of its submit a job may not be found yet (docs/providers.md#runpod-not-found). */
const INVISIBLE_MS = 150_000;
/** How long a video's link lives, from the end of its job (docs/providers.md#runpod-records). */
const VIDEO_URL_LIFE_MS = 7 * 24 * 3600 * 1000;

type Body = Readonly<Record<string, unknown>>;

function statusOf(body: Body): JobStatus | undefined {
	const word = asText(body.status);
	if (word === undefined) return undefined;
	const status = statusIn(STATUS_WORDS, word);
	if (status !== 'pending' && status !== 'processing') return status;
	// Seen: a failed job that stays IN_PROGRESS and says so only in its output.
	return asText(asObject(body.output)?.status)?.toLowerCase() === 'error' ? 'failed' : status;
}

function costOf(body: Body): Pick<Job, 'cost'> {
	const amount = asNumber(asObject(body.output)?.cost);
	return amount === undefined || amount < 0 ? {} : { cost: { amount, unit: 'USD', source: 'reported' } };
}

function failureOf(body: Body): Failure {
	const output = asObject(body.output);
	const text = errorText(body.error) ?? errorText(output?.error) ?? errorText(output?.message);
	const timedOut = asText(body.status)?.toUpperCase() === 'TIMED_OUT';
	const message = text ?? (timedOut ? `${LABEL} stopped the job at its own time limit` : `${LABEL} gave no reason`);
	// Failed jobs are not charged (docs/providers.md#runpod-failures), unless the reply itself reports a cost.
	const charged = hasCost(body) ? 'yes' : timedOut ? 'unknown' : 'no';
	return { message, ...(timedOut ? { code: 'provider_error', retryable: true } : classifyFailure(text)), charged };
}

function hasCost(body: Body): boolean {
	return (costOf(body).cost?.amount ?? 0) > 0;
}

/** The word "completed" is not believed where there is an error and no link. */
function errorOfCompleted(body: Body): Failure | undefined {
	const text = errorInside(body) ?? errorInside(body.output);
	if (text === undefined) return undefined;
	return hasCost(body) ? { ...failureInside(text), charged: 'yes' } : failureInside(text);
}

function videoUrlOf(body: Body): string | undefined {
	const output = asObject(body.output);
	const candidates = output === undefined ? [body.output] : [output.video_url, output.result, output.url];
	return firstUrl(candidates, ['video_url', 'url']);
}

/** The end is submit + queue + run where all three are known, else when it was first seen. */
function timingOf(body: Body, handle: Handle, nowMs: number) {
	const queueMs = asNumber(body.delayTime);
	const runMs = asNumber(body.executionTime);
	const submittedMs = Date.parse(handle.submittedAt ?? '');
	const reportedMs = submittedMs + (queueMs ?? NaN) + (runMs ?? NaN);
	const finishedMs = Number.isNaN(reportedMs) || Math.abs(reportedMs) > 8e15 ? nowMs : reportedMs;
	const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
	return { finishedMs, seconds: present({ queueSeconds: seconds(queueMs), runSeconds: seconds(runMs) }) };
}

function toJob(reply: Reply, body: Body, handle: Handle, nowMs: number): Job {
	const status = statusOf(body);
	if (status === undefined) throw unexpectedReply(reply, LABEL, 'a status');
	const { finishedMs, seconds } = timingOf(body, handle, nowMs);
	const facts = { handle, raw: rawOf(reply), ...seconds, ...costOf(body) };
	if (status === 'pending' || status === 'processing') return { ...facts, status };
	const ended = { ...facts, finishedAt: new Date(finishedMs).toISOString() };
	if (status === 'failed') return { ...ended, status, failure: failureOf(body) };
	if (status === 'cancelled') return { ...ended, status };
	const videoUrl = videoUrlOf(body);
	const failure = videoUrl === undefined ? errorOfCompleted(body) : undefined;
	if (failure !== undefined) return { ...ended, status: 'failed', failure };
	if (videoUrl === undefined) return { ...ended, status };
	return { ...ended, status, videoUrl, videoUrlExpiresAt: new Date(finishedMs + VIDEO_URL_LIFE_MS).toISOString() };
}

/** A text that names a job is about the job, even if it says which endpoint's it was. */
function isEndpointGone(reply: Reply): boolean {
	const text = errorText(reply.body) ?? '';
	return /endpoint/i.test(text) && !/\b(job|request)\b/i.test(text);
}

function endpointGone(reply: Reply, model = DEFAULT_ENDPOINT_ID): Failure {
	return refusal(`${LABEL} has no endpoint "${model}" (${refusalText(reply, LABEL)})`, 'endpoint_not_found', false);
}

/** See `Provider.readStarted`. A job that failed at once is a job, also under HTTP 400. */
export function readStarted(reply: Reply, request: VideoRequest, { sentMs, nowMs }: SubmitMoment): JobOrFailure {
	const { provider, model } = request;
	const body = asObject(reply.body);
	const jobId = reply.status >= 300 && reply.status !== 400 ? undefined : asJobId(body?.id);
	if (body !== undefined && jobId !== undefined) {
		const handle: Handle = { provider, model, jobId, submittedAt: new Date(sentMs).toISOString() };
		const withStatus = asText(body.status) === undefined ? { ...body, status: 'IN_QUEUE' } : body;
		return { kind: 'job', job: toJob(reply, withStatus, handle, nowMs) };
	}
	if (reply.status === 404) return { kind: 'refused', failure: endpointGone(reply, model) };
	const refused = refusalOf(reply, LABEL);
	if (refused !== undefined) return { kind: 'refused', failure: refused };
	objectOf(reply, LABEL);
	throw unexpectedReply(reply, LABEL, 'a job ID');
}

function notFound(reply: Reply, handle: Handle, { nowMs, firstReadMs }: Moment): JobOrFailure {
	if (isEndpointGone(reply)) {
		return { kind: 'refused', failure: { ...endpointGone(reply, handle.model), charged: 'unknown' } };
	}
	const submittedMs = Date.parse(handle.submittedAt ?? '');
	const sinceMs = Number.isNaN(submittedMs) ? firstReadMs : submittedMs;
	if (sinceMs !== undefined && nowMs - sinceMs < INVISIBLE_MS) {
		return { kind: 'job', job: { handle, status: 'pending', raw: rawOf(reply) } };
	}
	const message = `${LABEL} has no job ${handle.jobId}; it deletes a job's record 30 minutes after its end (after /runsync: 1 minute)`;
	return { kind: 'refused', failure: { message, code: 'job_not_found', retryable: false, charged: 'unknown' } };
}

/** See `Provider.readJob`. Tells the two 404s apart: the endpoint is gone, or the job is (or is not visible yet). */
export function readJob(reply: Reply, handle: Handle, moment: Moment): JobOrFailure {
	// A page on the way says nothing of the job: it may be asked for again.
	if (isWebPage(reply)) throw unexpectedReply(reply, LABEL);
	if (reply.status === 404) return notFound(reply, handle, moment);
	const body = asObject(reply.body);
	const isThisJob = body !== undefined && asJobId(body.id) === handle.jobId;
	if (isThisJob && (reply.status < 300 || reply.status === 400)) {
		return { kind: 'job', job: toJob(reply, body, handle, moment.nowMs) };
	}
	const refused = refusalOf(reply, LABEL);
	if (refused !== undefined) return { kind: 'refused', failure: { ...refused, charged: 'unknown' } };
	objectOf(reply, LABEL);
	throw unexpectedReply(reply, LABEL, `the job ID ${handle.jobId}`);
}

/** See `Provider.readCancelled`: only `{id, status: "CANCELLED"}` is clear (docs/providers.md#runpod-calls). */
export function readCancelled(reply: Reply, handle: Handle, { nowMs }: Moment): Job | undefined {
	const body = asObject(reply.body);
	if (reply.status >= 300 || body === undefined || asJobId(body.id) !== handle.jobId) return undefined;
	return statusOf(body) === 'cancelled' ? toJob(reply, body, handle, nowMs) : undefined;
}

/** See `Provider.namedJobId`. The body names its job in `id`, as a status reply does (docs/providers.md#runpod-callbacks). */
export function namedJobId(body: unknown): string | undefined {
	return asJobId(asObject(body)?.id);
}
