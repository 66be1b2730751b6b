import { NEVER_STOPPED, type Clock, type Stop } from '../core/clock';

/** How often the work is checked, so the check also ends this soon after the work did. */
const CHECK_EVERY_MS = 1_000;

/**
 * Does work that must not hang. Its signal is aborted when a stop is requested, and when `isOver`, which is asked once
 * a second, says so. n8n's own request timeout does not cover a body that trickles or never ends.
 */
export async function withWatch<T>(
	clock: Clock,
	isOver: () => boolean,
	work: (signal: AbortSignal) => Promise<T>,
	stop: Stop = NEVER_STOPPED,
): Promise<T> {
	const controller = new AbortController();
	let isDone = false;
	async function watch(): Promise<void> {
		while (!isDone && !isOver()) await clock.sleep(CHECK_EVERY_MS);
		if (!isDone) controller.abort();
	}
	void watch();
	const removeListener = stop.onRequest(() => controller.abort());
	try {
		return await work(controller.signal);
	} finally {
		isDone = true;
		removeListener();
	}
}

/** Does work that must not take longer than `timeoutMs`, nor go on after `stop` where one is given. */
export async function withDeadline<T>(
	clock: Clock,
	timeoutMs: number,
	work: (signal: AbortSignal) => Promise<T>,
	stop?: Stop,
): Promise<T> {
	const endMs = clock.now() + timeoutMs;
	return await withWatch(clock, () => clock.now() >= endMs, work, stop);
}
