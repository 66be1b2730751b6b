import type { Clock, Random } from './clock';
import type { Look } from './follow';
import type { Send } from './http';
import { hasEnded, type Failure, type Handle, type Job } from './job';
import type { Provider } from './providers/provider';
import { backoffMs, isPassing, retryAfterMs } from './weather';

/** A cancel may be repeated, as it cannot create anything; so often in all where the weather is bad. */
const CANCEL_TRIES = 3;
const LOOK_TRIES = 4;
/** One question is not worth a longer wait; a provider that wants more quiet is asked by a later run. */
const LONGEST_QUIET_MS = 60_000;

export interface AskPorts {
	readonly clock: Clock;
	readonly random: Random;
	readonly send: Send;
	readonly look: (handle: Handle) => Promise<Look>;
}

/** The job as it truly is, or why that is not known. */
export type Truth =
	| { readonly kind: 'job'; readonly job: Job }
	| { readonly kind: 'refused'; readonly failure: Failure };

/** Asks for a job's status, up to four times while the answer is kept away by the weather. Never throws. */
export async function askOnce(provider: Provider, handle: Handle, ports: AskPorts): Promise<Truth> {
	for (let attempt = 1; ; attempt++) {
		const seen = await ports.look(handle);
		if (seen.kind !== 'unseen') return seen;
		const pauseMs = seen.retryAfterMs ?? backoffMs(attempt, ports.random);
		if (attempt >= LOOK_TRIES || pauseMs > LONGEST_QUIET_MS) {
			return { kind: 'refused', failure: unseenFailure(provider, seen.message) };
		}
		await ports.clock.sleep(pauseMs);
	}
}

/** The failure of a job that is there but cannot be seen now. */
export function unseenFailure({ label }: Provider, message: string): Failure {
	const text = message.startsWith(label) ? message : `${label} could not be asked for the job: ${message}`;
	return { message: text, code: 'provider_error', retryable: true, charged: 'unknown' };
}

/**
 * Cancels a job and reports what is true afterwards: anything but a clear answer is followed by a status call, and
 * `cancelled` is said only if the API said so. Never throws.
 */
export async function cancelJob(provider: Provider, handle: Handle, ports: AskPorts): Promise<Truth> {
	for (let attempt = 1; ; attempt++) {
		const answer = await ports.send(provider.cancelCall(handle));
		const nowMs = ports.clock.now();
		const job = answer.kind === 'reply' ? provider.readCancelled(answer, handle, { nowMs }) : undefined;
		if (job !== undefined) return { kind: 'job', job };
		const askedMs = answer.kind === 'reply' ? retryAfterMs(answer, nowMs) : undefined;
		const pauseMs = askedMs ?? backoffMs(attempt, ports.random);
		if (!isPassing(answer) || attempt >= CANCEL_TRIES || pauseMs > LONGEST_QUIET_MS) break;
		await ports.clock.sleep(pauseMs);
	}
	return await askUntilEnded(provider, handle, ports);
}

/** A cancel with an empty reply takes effect a moment later: one more look before "still running" is the truth. */
async function askUntilEnded(provider: Provider, handle: Handle, ports: AskPorts): Promise<Truth> {
	const truth = await askOnce(provider, handle, ports);
	if (truth.kind !== 'job' || hasEnded(truth.job)) return truth;
	await ports.clock.sleep(1000);
	return await askOnce(provider, handle, ports);
}
