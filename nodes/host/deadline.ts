import type { Clock, Stop } from '../core/clock';

/** The watch looks this often, so it also ends this soon after the work did. */
const TICK_MS = 1_000;

/**
 * Does work that must not hang: its signal aborts once `isOver` says so, looked at each second of the clock. n8n's own
 * request timeout does not cover a body that trickles or never ends.
 */
export async function withWatch<T>(
	clock: Clock,
	isOver: () => boolean,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const controller = new AbortController();
	let isDone = false;
	async function watch(): Promise<void> {
		while (!isDone && !isOver()) await clock.sleep(TICK_MS);
		if (!isDone) controller.abort();
	}
	void watch();
	try {
		return await work(controller.signal);
	} finally {
		isDone = true;
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
	return await withWatch(clock, () => clock.now() >= endMs || stop?.requested === true, work);
}
