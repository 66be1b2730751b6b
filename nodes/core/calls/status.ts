import { sleepUnlessStopped, type Clock, type Random, type Stop } from '../clock';
import type { Look } from './poll';
import type { Send } from './http';
import type { Failure, Handle, Job } from '../job';
import { present } from '../json';
import type { Provider } from '../providers/provider';
import { backoffMs, isPassing, retryAfterMs } from './retry';

/** So many replies in a row that no document describes are not the weather any more. */
const UNEXPECTED_REPLIES_IN_A_ROW = 5;
/** Of one question, while the weather keeps the answer away. */
const LOOK_TRIES = 4;
/** One question is not worth a longer wait; a provider that wants more quiet is asked by a later run. */
export const LONGEST_QUIET_MS = 60_000;

export interface Lookout {
	/** One status call. Never throws. */
	look(handle: Handle): Promise<Look>;
}

/** What a look may take for granted. */
export interface LookRules {
	/**
	 * A job of unknown age that is not found gets some time from its first look to become visible. For a look that is
	 * repeated until the job's end; a single look at a job that is gone has to say so.
	 */
	readonly graceFromFirstLook: boolean;
}

/**
 * Looks at the jobs of one provider. A network fault, a 5xx or a reply that makes no sense is `unseen`: a paid job is
 * not given up for one bad answer. Five senseless replies in a row about one job are a refusal that says so.
 */
export function createLookout(
	provider: Provider,
	send: Send,
	clock: Clock,
	{ graceFromFirstLook }: LookRules,
): Lookout {
	const firstAskedMs = new Map<string, number>();
	const senseless = new Map<string, number>();

	function readSenseless(jobId: string, message: string): Look {
		const count = (senseless.get(jobId) ?? 0) + 1;
		senseless.set(jobId, count);
		if (count < UNEXPECTED_REPLIES_IN_A_ROW) return { kind: 'unseen', message };
		return { kind: 'refused', failure: { message, code: 'provider_error', retryable: true, charged: 'unknown' } };
	}

	async function look(handle: Handle): Promise<Look> {
		const { jobId } = handle;
		if (graceFromFirstLook) firstAskedMs.set(jobId, firstAskedMs.get(jobId) ?? clock.now());
		const answer = await send(provider.statusCall(handle));
		if (answer.kind === 'fault') return { kind: 'unseen', message: answer.message };
		if (isPassing(answer)) {
			const message = `${provider.label} answered with HTTP status ${answer.status}`;
			return { kind: 'unseen', message, ...present({ retryAfterMs: retryAfterMs(answer, clock.now()) }) };
		}
		try {
			const moment = { nowMs: clock.now(), ...present({ firstAskedMs: firstAskedMs.get(jobId) }) };
			const reading = provider.readJob(answer, handle, moment);
			senseless.delete(jobId);
			return reading;
		} catch (error) {
			return readSenseless(jobId, error instanceof Error ? error.message : 'The reply could not be read');
		}
	}

	return { look };
}

export interface AskPorts {
	readonly clock: Clock;
	readonly random: Random;
	readonly send: Send;
	readonly look: (handle: Handle) => Promise<Look>;
	/** Ends the asking; absent where Stop itself is why it is asked. */
	readonly stop?: Stop;
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
		if (attempt >= LOOK_TRIES || pauseMs > LONGEST_QUIET_MS || ports.stop?.requested) {
			return { kind: 'refused', failure: unseenFailure(provider, seen.message) };
		}
		const { clock, stop = { requested: false } } = ports;
		await sleepUnlessStopped(pauseMs, { clock, stop });
	}
}

/** The failure of a job that is there but cannot be seen now. */
export function unseenFailure({ label }: Provider, message: string): Failure {
	const text = message.startsWith(label) ? message : `${label} could not be asked for the job: ${message}`;
	return { message: text, code: 'provider_error', retryable: true, charged: 'unknown' };
}
