import { refusal } from '../failure';
import type { Failure, Job } from '../job';
import type { Provider, SubmitMoment, VideoRequest } from '../providers/provider';
import type { Fault, Reply, Send } from './http';
import { attemptOf, retry, surelyMadeNoJob, type Attempt, type RetryPorts } from './retry';

export interface SubmitPorts extends Required<RetryPorts> {
	readonly send: Send;
}

/**
 * What became of a submit. With the code `submit_unknown` a job may exist, so the submit must not be
 * repeated. After every other failure there is certainly none, and `charged` is `no`.
 */
export type SubmitResult = { readonly kind: 'job'; readonly job: Job } | SubmitFailure;

export interface SubmitFailure {
	readonly kind: 'failed';
	readonly failure: Failure;
	/** Whether another provider may make the video instead. */
	readonly mayFallBack: boolean;
	/** What to do about it, where the usual advice for the failure's code does not fit. */
	readonly advice?: string;
}

/** If no connection comes about, the submit is tried this often in all. */
const CONNECT_TRIES = 3;
/** The refusals after which another provider may be tried: they are about the account, the endpoint or the model. */
const FALLBACK_CODES: ReadonlyArray<Failure['code']> = ['unauthorized', 'insufficient_credit', 'endpoint_not_found'];

/**
 * Makes one job with one billable call. The call is repeated only where it certainly created nothing: if no connection came
 * about, and after a 429 until `patienceMs` is over. The provider is asked to hold its answer back no longer than that
 * (`/runsync`). Never throws.
 */
export async function submitOnce(
	provider: Provider,
	request: VideoRequest,
	options: { readonly webhookUrl?: string; readonly patienceMs: number },
	ports: SubmitPorts,
): Promise<SubmitResult> {
	const { clock, stop, send } = ports;
	const { patienceMs } = options;
	const call = provider.startCall(request, options);
	let sentMs = clock.now();
	let connectTries = 0;

	async function attempt(): Promise<Attempt<Reply | Fault>> {
		sentMs = clock.now();
		const answer = await send(call);
		if (answer.kind === 'fault') connectTries += 1;
		if (connectTries >= CONNECT_TRIES) return { kind: 'done', value: answer };
		return attemptOf(answer, surelyMadeNoJob, clock.now());
	}

	if (stop.requested) return stoppedBefore(provider);
	const answer = await retry(attempt, { tries: Infinity, patienceMs, longestPauseMs: Infinity }, ports);
	if (!surelyMadeNoJob(answer)) {
		return readSubmit(provider, request, answer, { sentMs, nowMs: clock.now() });
	}
	return stop.requested ? stoppedBefore(provider) : outOfPatience(provider, answer);
}

/** Stop came before the first send, or while every send so far was refused. */
export function stoppedBefore({ label }: Provider): SubmitFailure {
	const message = `The execution was stopped before this video was submitted to ${label}`;
	return { kind: 'failed', failure: refusal(message, 'provider_error', true), mayFallBack: false };
}

function outOfPatience({ label }: Provider, answer: Reply | Fault): SubmitResult {
	const failure =
		answer.kind === 'fault'
			? refusal(`${label} could not be reached: ${answer.message}`, 'provider_error', true)
			: refusal(`${label} keeps refusing new jobs because there are too many requests`, 'rate_limited', true);
	return { kind: 'failed', failure, mayFallBack: true };
}

function readSubmit(
	provider: Provider,
	request: VideoRequest,
	answer: Reply | Fault,
	moment: SubmitMoment,
): SubmitResult {
	if (answer.kind === 'fault') return unclear(provider, answer.message);
	try {
		const started = provider.readStarted(answer, request, moment);
		if (started.kind === 'job') return started;
		const { failure } = started;
		// A refusal that names a job is treated as unclear.
		if (provider.namedJobId(answer.body) !== undefined) return unclear(provider, failure.message, answer.body);
		return { kind: 'failed', failure, mayFallBack: FALLBACK_CODES.includes(failure.code) };
	} catch (error) {
		// Whatever went wrong in reading the answer, the call was sent.
		return unclear(provider, error instanceof Error ? error.message : 'its answer could not be read', answer.body);
	}
}

/** An unclear answer is never read as a job, even if it names an ID. The ID is shown to the user. */
function unclear(provider: Provider, what: string, body?: unknown): SubmitResult {
	const namedId = provider.namedJobId(body);
	const hint = namedId === undefined ? '' : `. The answer names the job ${namedId}`;
	return { kind: 'failed', failure: unclearFailure(provider, `${what}${hint}`), mayFallBack: false };
}

/** The failure of a submit that may have made a job. */
export function unclearFailure({ label }: Provider, what: string): Failure {
	const message = `It is not known whether ${label} accepted the job: ${what}`;
	return { message, code: 'submit_unknown', retryable: false, charged: 'unknown' };
}
