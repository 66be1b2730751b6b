import { adviceFor } from './failure';
import type { Cost, Failure, Handle, Job, ProviderName } from './job';
import { present, without, type JsonObject } from './json';
import { models } from './models';
import { providerOf } from './providers';

/** What is said of an item beside its job. */
export interface Extras {
	/** The estimate before the submit; a reported cost takes its place. */
	readonly cost?: Cost;
	readonly downloadFailure?: string;
	readonly fallbackFrom?: { readonly provider: ProviderName; readonly reason: string };
	readonly timedOut?: true;
}

function timingOf({ handle, finishedAt, queueSeconds, runSeconds }: Job): JsonObject | undefined {
	const timing = present({ submittedAt: handle.submittedAt, finishedAt, queueSeconds, runSeconds });
	return Object.keys(timing).length === 0 ? undefined : { ...timing };
}

/** A copy, as what becomes of an item must not change what is known of its job. */
function copyOf(facts: Cost | Failure | Extras['fallbackFrom']): JsonObject | undefined {
	return facts === undefined ? undefined : { ...facts };
}

/** The JSON of one item, with the job's `raw` if it has one. What nobody reported is absent. */
export function jobJson(job: Job, extras: Extras = {}): JsonObject {
	const { handle, status } = job;
	const { downloadFailure, fallbackFrom, timedOut } = extras;
	const hasNoVideo = job.status === 'failed' || job.status === 'cancelled';
	return present({
		jobId: handle.jobId,
		provider: handle.provider,
		model: handle.model,
		status,
		videoUrl: job.status === 'completed' ? job.videoUrl : undefined,
		videoUrlExpiresAt: job.status === 'completed' ? job.videoUrlExpiresAt : undefined,
		// A job that gave no video has a cost only if the provider reported one.
		cost: copyOf(job.cost ?? (hasNoVideo ? undefined : extras.cost)),
		timing: timingOf(job),
		failure: hasNoVideo ? copyOf(job.failure) : undefined,
		downloadFailure: downloadFailure === undefined ? undefined : { message: downloadFailure },
		fallbackFrom: copyOf(fallbackFrom),
		timedOut,
		raw: job.raw,
	});
}

/** An item that is an error, for the person in the editor and for the error branch of a workflow. */
export interface ItemError {
	readonly message: string;
	readonly description: string;
	readonly jobId?: string;
	readonly provider?: ProviderName;
	readonly model?: string;
	readonly status?: Job['status'];
	readonly failure?: Failure;
}

/** An error item's JSON: the single key `error`, as only so do both "Continue" settings carry it whole. */
export function errorJson(error: ItemError): JsonObject {
	return { error: present({ ...error, failure: copyOf(error.failure) }) };
}

/** The same as data, in the form that a failed job has: n8n does not take the item for an error item. */
export function errorDataJson({ message, jobId, provider, model, status, failure }: ItemError): JsonObject {
	return present({ jobId, provider, model, status, failure: failure === undefined ? { message } : copyOf(failure) });
}

/** What else the provider makes, for a model that it does not have. */
function otherModels(provider: ProviderName, gone: string | undefined): string {
	const left = models.filter((model) => model.provider === provider && model.id !== gone).map(({ label }) => label);
	return `Choose another Model: ${new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(left)}.`;
}

/** The error of a failure that concerns a provider, with advice; `handle` is the receipt where there is one. */
export function failureError(
	failure: Failure,
	about: {
		readonly provider: ProviderName;
		readonly model?: string;
		readonly handle?: Handle;
		readonly status?: Job['status'];
		/** Where the code's usual advice does not fit. */
		readonly advice?: string;
	},
): ItemError {
	const { provider, model, handle, status } = about;
	const { label } = providerOf(provider);
	const receipt = handle === undefined ? '' : ` Job ID: ${handle.jobId} (${label}).`;
	const isGone = failure.code === 'endpoint_not_found';
	const usual = `${adviceFor(failure.code, label)}${isGone ? ` ${otherModels(provider, handle?.model ?? model)}` : ''}`;
	return {
		message: failure.message,
		description: `${about.advice ?? usual}${receipt}`,
		provider,
		failure,
		...present({ model: handle?.model ?? model, jobId: handle?.jobId, status }),
	};
}

/** The error of a job that has ended without a video. */
export function endedError(job: Extract<Job, { status: 'failed' | 'cancelled' }>): ItemError {
	const { handle, status } = job;
	const { label } = providerOf(handle.provider);
	const cancelled: Failure = {
		message: `${label} reports that job ${handle.jobId} was cancelled`,
		code: 'provider_error',
		charged: 'unknown',
	};
	const failure = job.failure ?? cancelled;
	const about = { provider: handle.provider, handle, status };
	const error = failureError(failure, about);
	const message = status === 'failed' ? `${label} could not make the video: ${failure.message}` : failure.message;
	return { ...(job.failure === undefined ? without(error, 'failure') : error), message };
}
