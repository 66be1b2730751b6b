import { hasEnded, type Handle } from '../job';
import { askOnce, LONGEST_QUIET_MS, type AskPorts, type Truth } from './status';
import type { Provider } from '../providers/provider';
import { backoffMs, isPassing, retryAfterMs } from './retry';

/** A cancel may be repeated, as it cannot create anything; so often in all where the weather is bad. */
const CANCEL_TRIES = 3;
/** Runpod may not know a job for 150 s after its submit (provider-apis, trap 2): more than that in pauses. */
const HIDDEN_ROUNDS = 11;

/**
 * Cancels a job and reports what is true afterwards: anything but a clear answer is followed by a status call, and
 * `cancelled` is said only if the API said so. Never throws.
 */
export async function cancelJob(provider: Provider, handle: Handle, ports: AskPorts): Promise<Truth> {
	for (let round = 1; ; round++) {
		const { truth, wasNotFound } = await tryToCancel(provider, handle, ports);
		const isHidden = wasNotFound && truth.kind === 'job' && !hasEnded(truth.job);
		if (!isHidden || round >= HIDDEN_ROUNDS) return truth;
		await ports.clock.sleep(backoffMs(round, ports.random));
	}
}

/** The truth after a cancel, and whether the provider said that it has no such job. */
async function tryToCancel(
	provider: Provider,
	handle: Handle,
	ports: AskPorts,
): Promise<{ truth: Truth; wasNotFound: boolean }> {
	for (let attempt = 1; ; attempt++) {
		const answer = await ports.send(provider.cancelCall(handle));
		const nowMs = ports.clock.now();
		const job = answer.kind === 'reply' ? provider.readCancelled(answer, handle, { nowMs }) : undefined;
		if (job !== undefined) return { truth: { kind: 'job', job }, wasNotFound: false };
		const askedMs = answer.kind === 'reply' ? retryAfterMs(answer, nowMs) : undefined;
		const pauseMs = askedMs ?? backoffMs(attempt, ports.random);
		if (!isPassing(answer) || attempt >= CANCEL_TRIES || pauseMs > LONGEST_QUIET_MS) {
			const wasNotFound = answer.kind === 'reply' && answer.status === 404;
			return { truth: await askUntilEnded(provider, handle, ports), wasNotFound };
		}
		await ports.clock.sleep(pauseMs);
	}
}

/** A cancel with an empty reply takes effect a moment later: one more look before "still running" is the truth. */
async function askUntilEnded(provider: Provider, handle: Handle, ports: AskPorts): Promise<Truth> {
	const truth = await askOnce(provider, handle, ports);
	if (truth.kind !== 'job' || hasEnded(truth.job)) return truth;
	await ports.clock.sleep(1000);
	return await askOnce(provider, handle, ports);
}
