import { hasEnded, type Handle, type JobOrFailure } from '../job';
import { without } from '../json';
import type { Provider } from '../providers/provider';
import { attemptOf, backoffMs, isTransient, retry } from './retry';
import { getStatus, type CallPorts } from './status';

/** A cancel creates nothing, so it may be repeated. */
const CANCEL_TRIES = 3;
/** Runpod may not find a job for 150 s after its submit (docs/providers.md#runpod-not-found). The pauses between these rounds add up to more. */
const ROUNDS_UNTIL_VISIBLE = 11;
/** A cancel that is answered with nothing takes effect a moment later. */
const UNTIL_CANCELLED_MS = 1_000;

/**
 * Cancels a job and reports its status afterwards. Unless the answer to the cancel is clear, the status is read, and
 * `cancelled` is reported only if the API said so. It goes on after a requested stop, since that is when jobs are
 * cancelled. Never throws.
 */
export async function cancelJob(provider: Provider, handle: Handle, ports: CallPorts): Promise<JobOrFailure> {
	const unstoppable = without(ports, 'stop');
	const { clock, random, send } = unstoppable;
	const attempt = async () => attemptOf(await send(provider.cancelCall(handle)), isTransient, clock.now());
	for (let round = 1; ; round++) {
		const answer = await retry(attempt, { tries: CANCEL_TRIES }, unstoppable);
		const job = answer.kind === 'reply' ? provider.readCancelled(answer, handle, { nowMs: clock.now() }) : undefined;
		if (job !== undefined) return { kind: 'job', job };
		const status = await statusAfterCancel(provider, handle, unstoppable);
		const wasNotFound = answer.kind === 'reply' && answer.status === 404;
		const isNotVisibleYet = wasNotFound && status.kind === 'job' && !hasEnded(status.job);
		if (!isNotVisibleYet || round >= ROUNDS_UNTIL_VISIBLE) return status;
		await clock.sleep(backoffMs(round, random));
	}
}

/** The status is read a second time before "still running" is believed. */
async function statusAfterCancel(provider: Provider, handle: Handle, ports: CallPorts): Promise<JobOrFailure> {
	const status = await getStatus(provider, handle, ports);
	if (status.kind !== 'job' || hasEnded(status.job)) return status;
	await ports.clock.sleep(UNTIL_CANCELLED_MS);
	return await getStatus(provider, handle, ports);
}
