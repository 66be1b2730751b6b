import type { Clock } from '../clock';
import type { Failure, Handle, Job, JobOrFailure } from '../job';
import { present } from '../json';
import type { Provider } from '../providers/provider';
import type { Send } from './http';
import { isTransient, retry, retryAfterMs, type Attempt, type RetryPorts } from './retry';

/** After so many replies in a row that no document describes, the fault is not a transient one. */
const UNEXPECTED_REPLIES_IN_A_ROW = 5;
const STATUS_TRIES = 4;

/** What one status call brought. `unavailable`: a transient fault hid the job, which may be there all the same. */
export type StatusAnswer =
	/** `isLarge`: its reply has megabytes, so it is not asked for as often. */
	| { readonly kind: 'job'; readonly job: Job; readonly isLarge?: true }
	| { readonly kind: 'refused'; readonly failure: Failure }
	| { readonly kind: 'unavailable'; readonly message: string; readonly retryAfterMs?: number };

export interface StatusReader {
	/** One status call. Never throws. */
	read(handle: Handle, rules?: StatusRules): Promise<StatusAnswer>;
}

/** What a status call may assume. */
export interface StatusRules {
	/**
	 * Whether a job of unknown age that is not found gets some time from its first read to become visible. For a job
	 * that is polled to its end; a single status call for a job that is gone has to say so.
	 */
	readonly graceFromFirstRead: boolean;
}

/**
 * Reads the status of one provider's jobs. After a network fault, a 5xx or a reply that makes no sense the job is
 * `unavailable`, since a paid job is not given up for one bad answer. Five senseless replies in a row about the same job
 * are a refusal that says so.
 */
export function createStatusReader(provider: Provider, send: Send, clock: Clock): StatusReader {
	const firstReadMs = new Map<string, number>();
	const senselessReplies = new Map<string, number>();

	function answerSenseless(jobId: string, message: string): StatusAnswer {
		const count = (senselessReplies.get(jobId) ?? 0) + 1;
		senselessReplies.set(jobId, count);
		if (count < UNEXPECTED_REPLIES_IN_A_ROW) return { kind: 'unavailable', message };
		return { kind: 'refused', failure: { message, code: 'provider_error', retryable: true, charged: 'unknown' } };
	}

	async function read(handle: Handle, rules: StatusRules = { graceFromFirstRead: false }): Promise<StatusAnswer> {
		const { jobId } = handle;
		const sinceMs = firstReadMs.get(jobId) ?? clock.now();
		firstReadMs.set(jobId, sinceMs);
		const answer = await send(provider.statusCall(handle));
		if (answer.kind === 'fault') return { kind: 'unavailable', message: answer.message };
		if (isTransient(answer)) {
			const message = `${provider.label} answered with HTTP status ${answer.status}`;
			return { kind: 'unavailable', message, ...present({ retryAfterMs: retryAfterMs(answer, clock.now()) }) };
		}
		try {
			const moment = { nowMs: clock.now(), ...(rules.graceFromFirstRead ? { firstReadMs: sinceMs } : {}) };
			const jobOrFailure = provider.readJob(answer, handle, moment);
			senselessReplies.delete(jobId);
			return jobOrFailure.kind === 'job' ? { ...jobOrFailure, ...present({ isLarge: answer.isLarge }) } : jobOrFailure;
		} catch (error) {
			return answerSenseless(jobId, error instanceof Error ? error.message : 'The reply could not be read');
		}
	}

	return { read };
}

/** What a call about one job needs. */
export interface CallPorts extends RetryPorts {
	readonly send: Send;
	readonly readStatus: StatusReader['read'];
}

/** Reads a job's status, in up to four tries while transient faults hide it. Never throws. */
export async function getStatus(provider: Provider, handle: Handle, ports: CallPorts): Promise<JobOrFailure> {
	async function attempt(): Promise<Attempt<JobOrFailure>> {
		const answer = await ports.readStatus(handle);
		if (answer.kind !== 'unavailable') return { kind: 'done', value: answer };
		const otherwise = { kind: 'refused', failure: unavailableFailure(provider, answer.message) } as const;
		return { kind: 'again', otherwise, ...present({ afterMs: answer.retryAfterMs }) };
	}

	return await retry(attempt, { tries: STATUS_TRIES }, ports);
}

/** The failure of a job whose status could not be read, although it may be there. */
export function unavailableFailure({ label }: Provider, message: string): Failure {
	const text = message.startsWith(label) ? message : `${label} could not be asked for the job: ${message}`;
	return { message: text, code: 'provider_error', retryable: true, charged: 'unknown' };
}
