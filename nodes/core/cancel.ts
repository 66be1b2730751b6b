import { hasEnded, type Handle } from './job';
import { askOnce, LONGEST_QUIET_MS, type AskPorts, type Truth } from './look';
import type { Provider } from './providers/provider';
import { backoffMs, isPassing, retryAfterMs } from './weather';

/** A cancel may be repeated, as it cannot create anything; so often in all where the weather is bad. */
const CANCEL_TRIES = 3;

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
