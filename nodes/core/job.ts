import type { JsonValue } from './json';

/** The APIs this package speaks to, by their value in the `provider` parameter. */
export type ProviderName = 'coreToday' | 'runpod';

/** Names one paid job; survives JSON. */
export interface Handle {
	readonly provider: ProviderName;
	/** Core.Today's model id, Runpod's endpoint id; absent where only the job id is known. */
	readonly model?: string;
	readonly jobId: string;
	/** ISO 8601; the provider's own time where it gives one, else when the submit was sent. Absent if nobody knows. */
	readonly submittedAt?: string;
}

export type JobStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';

export type FailureCode =
	| 'invalid_input'
	| 'content_policy'
	| 'unauthorized'
	| 'insufficient_credit'
	| 'rate_limited'
	| 'endpoint_not_found'
	| 'job_not_found'
	| 'submit_unknown'
	| 'timed_out'
	| 'limit_reached'
	| 'provider_error';

/** Why there is no video. `retryable` is absent where no document says. */
export interface Failure {
	readonly message: string;
	readonly code: FailureCode;
	readonly retryable?: boolean;
	readonly charged: 'yes' | 'no' | 'unknown';
}

export interface Cost {
	readonly amount: number;
	readonly unit: 'USD' | 'credits';
	/** `minimum`: only a base price is documented, the real one may be higher. */
	readonly source: 'reported' | 'estimated' | 'minimum';
}

interface JobFacts {
	readonly handle: Handle;
	readonly cost?: Cost;
	/** ISO 8601. */
	readonly finishedAt?: string;
	readonly queueSeconds?: number;
	readonly runSeconds?: number;
	/** The provider's last reply, as it came. */
	readonly raw?: JsonValue;
}

/** One paid generation as last seen. */
export type Job = JobFacts &
	(
		| { readonly status: 'pending' | 'processing' }
		| {
				readonly status: 'completed';
				/** Absent if the provider reported the end without a link. */
				readonly videoUrl?: string;
				/** ISO 8601; absent where the provider documents no life. */
				readonly videoUrlExpiresAt?: string;
		  }
		| { readonly status: 'failed'; readonly failure: Failure }
		| { readonly status: 'cancelled'; readonly failure?: Failure }
	);

/** What an API answered about a job: the job, or a clear refusal. */
export type JobOrFailure =
	| { readonly kind: 'job'; readonly job: Job }
	| { readonly kind: 'refused'; readonly failure: Failure };

/** Whether the provider will not work on it any more. */
export function hasEnded(job: Job): boolean {
	return job.status === 'completed' || job.status === 'failed' || job.status === 'cancelled';
}

/** The job without the provider's reply, which may be large. */
export function withoutRaw(job: Job): Job {
	const kept = { ...job };
	delete kept.raw;
	return kept;
}

/** What both APIs' IDs are made of (docs/providers.md#rules-that-follow). Anything else could lead a path elsewhere. */
const JOB_ID = /^[A-Za-z0-9_-]{1,200}$/;

/** The value as a job id, or undefined for anything that must not go into a path. */
export function asJobId(value: unknown): string | undefined {
	// A larger number has lost digits: it would name another job.
	const text = Number.isSafeInteger(value) ? String(value) : value;
	return typeof text === 'string' && JOB_ID.test(text.trim()) ? text.trim() : undefined;
}
