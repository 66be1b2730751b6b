import { sleepUnlessStopped, type Clock, type Random, type Stop } from '../clock';
import { refusal } from '../failure';
import type { Fault, Reply, Send } from './http';
import type { Failure, Job } from '../job';
import type { Provider, SubmitMoment, VideoRequest } from '../providers/provider';
import { backoffMs, retryAfterMs } from './retry';

export interface SubmitPorts {
	readonly clock: Clock;
	readonly random: Random;
	readonly stop: Stop;
	readonly send: Send;
}

/**
 * What became of a submit. `refused`: it surely created no job; `canFallBack` says whether another provider may do what
 * this one would not. `unknown`: it may have created one, so it must not be repeated.
 */
export type SubmitEnd =
	| { readonly kind: 'started'; readonly job: Job }
	| { readonly kind: 'refused'; readonly failure: Failure; readonly canFallBack: boolean }
	| { readonly kind: 'unknown'; readonly failure: Failure };

/** A connection that never came about is tried this often in all. */
const CONNECT_TRIES = 3;
/** The refusals after which a second provider may be tried (node-interface: 401, 402, 403, endpoint or model gone). */
const FALLBACK_CODES: readonly Failure['code'][] = ['unauthorized', 'insufficient_credit', 'endpoint_not_found'];

/**
 * Makes one job, with one billable call. It is repeated only where it surely created nothing: connection refused, name
 * not resolved, and 429 until `patienceMs` is over; nor is the answer held back for longer than that. Never throws.
 */
export async function submitOnce(
	provider: Provider,
	request: VideoRequest,
	options: { readonly webhookUrl?: string; readonly patienceMs: number },
	ports: SubmitPorts,
): Promise<SubmitEnd> {
	const call = provider.startCall(request, options);
	const giveUpMs = ports.clock.now() + options.patienceMs;
	for (let attempt = 1; ; attempt++) {
		if (ports.stop.requested) return { kind: 'refused', failure: stoppedBefore(provider), canFallBack: false };
		const sentMs = ports.clock.now();
		const answer = await ports.send(call);
		const pauseMs = pauseBeforeRepeat(answer, attempt, ports);
		if (pauseMs === undefined) return readSubmit(provider, request, answer, { sentMs, nowMs: ports.clock.now() });
		const isLastTry = answer.kind === 'fault' && attempt >= CONNECT_TRIES;
		if (isLastTry || ports.clock.now() + pauseMs > giveUpMs) return outOfPatience(provider, answer);
		await sleepUnlessStopped(pauseMs, ports);
	}
}

/** Stop came before anything was sent. */
export function stoppedBefore({ label }: Provider): Failure {
	return refusal(`The execution was stopped before this video was submitted to ${label}`, 'provider_error', true);
}

/** Milliseconds until a repeat that cannot create a second job; undefined if there must be none. */
function pauseBeforeRepeat(answer: Reply | Fault, attempt: number, { clock, random }: SubmitPorts): number | undefined {
	if (answer.kind === 'fault') return answer.reach === 'notConnected' ? backoffMs(attempt, random) : undefined;
	if (answer.status !== 429) return undefined;
	// Jitter on top, so that a batch that was told the same second does not come back as one.
	return (retryAfterMs(answer, clock.now()) ?? backoffMs(attempt, random)) + random() * 1000;
}

function outOfPatience({ label }: Provider, answer: Reply | Fault): SubmitEnd {
	const failure =
		answer.kind === 'fault'
			? refusal(`${label} could not be reached: ${answer.message}`, 'provider_error', true)
			: refusal(`${label} keeps refusing new jobs because there are too many requests`, 'rate_limited', true);
	return { kind: 'refused', failure, canFallBack: true };
}

function readSubmit(provider: Provider, request: VideoRequest, answer: Reply | Fault, moment: SubmitMoment): SubmitEnd {
	if (answer.kind === 'fault') return unknown(provider, answer.message);
	try {
		const reading = provider.readStarted(answer, request, moment);
		if (reading.kind === 'job') return { kind: 'started', job: reading.job };
		const { failure } = reading;
		// A refusal that names a job is no sure word that there is none.
		if (provider.readCallback(answer.body) !== undefined) return unknown(provider, failure.message, answer.body);
		return { kind: 'refused', failure, canFallBack: FALLBACK_CODES.includes(failure.code) };
	} catch (error) {
		// Whatever went wrong in reading, the call was sent.
		return unknown(provider, error instanceof Error ? error.message : 'its answer could not be read', answer.body);
	}
}

/** An ID in an answer that says nothing clear is a trace to look at, no more. */
function unknown(provider: Provider, what: string, body?: unknown): SubmitEnd {
	const namedId = provider.readCallback(body);
	const trace = namedId === undefined ? '' : `. The answer names the job ${namedId}`;
	const message = `It is not known whether ${provider.label} accepted the job: ${what}${trace}`;
	return { kind: 'unknown', failure: { message, code: 'submit_unknown', retryable: false, charged: 'unknown' } };
}
