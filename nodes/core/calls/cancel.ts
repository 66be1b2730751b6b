import { hasEnded, type Handle, type JobOrFailure } from '../job';
import { without } from '../json';
import type { Provider } from '../providers/provider';
import { attemptOf, backoffMs, retry } from './retry';
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
	for (let round = 1; ; round++) {
		const { outcome, wasNotFound } = await tryToCancel(provider, handle, unstoppable);
		const isNotVisibleYet = wasNotFound && outcome.kind === 'job' && !hasEnded(outcome.job);
		if (!isNotVisibleYet || round >= ROUNDS_UNTIL_VISIBLE) return outcome;
		await ports.clock.sleep(backoffMs(round, ports.random));
	}
}

/** The job after a cancel, and whether the provider said that it has no such job. */
async function tryToCancel(
	provider: Provider,
	handle: Handle,
	ports: CallPorts,
): Promise<{ outcome: JobOrFailure; wasNotFound: boolean }> {
	const { clock, send } = ports;
	const call = provider.cancelCall(handle);
	const attempt = async () => attemptOf(await send(call), 'always', clock.now());
	const answer = await retry(attempt, { tries: CANCEL_TRIES }, ports);
	const job = answer.kind === 'reply' ? provider.readCancelled(answer, handle, { nowMs: clock.now() }) : undefined;
	if (job !== undefined) return { outcome: { kind: 'job', job }, wasNotFound: false };
	const wasNotFound = answer.kind === 'reply' && answer.status === 404;
	return { outcome: await statusAfterCancel(provider, handle, ports), wasNotFound };
}

/** The status is read a second time before "still running" is believed. */
async function statusAfterCancel(provider: Provider, handle: Handle, ports: CallPorts): Promise<JobOrFailure> {
	const status = await getStatus(provider, handle, ports);
	if (status.kind !== 'job' || hasEnded(status.job)) return status;
	await ports.clock.sleep(UNTIL_CANCELLED_MS);
	return await getStatus(provider, handle, ports);
}
