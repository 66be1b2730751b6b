import { sleep } from 'n8n-workflow';
import { NEVER_STOPPED, type Clock, type Stop } from '../core/clock';

/** A timer of Node cannot be set for longer; it would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
	now: () => Date.now(),
	async sleep(ms) {
		let leftMs = ms;
		for (; leftMs > LONGEST_TIMER_MS; leftMs -= LONGEST_TIMER_MS) await sleep(LONGEST_TIMER_MS);
		await sleep(leftMs);
	},
};

/** n8n's signal for Stop and for the workflow's timeout, as the core takes it. n8n gives none to a webhook. */
export function stopOf(signal: AbortSignal | undefined): Stop {
	const listeners = new Set<() => void>();
	const callAll = () => listeners.forEach((listener) => listener());

	function onRequest(listener: () => void): () => void {
		if (signal?.aborted === true) listener();
		if (signal === undefined || signal.aborted) return () => undefined;
		// Node warns in the log when a signal has more than ten listeners, so all of ours are one, and only while needed.
		if (listeners.size === 0) signal.addEventListener('abort', callAll, { once: true });
		const entry = () => listener();
		listeners.add(entry);
		return () => {
			listeners.delete(entry);
			if (listeners.size === 0) signal.removeEventListener('abort', callAll);
		};
	}

	return {
		get requested() {
			return signal?.aborted === true;
		},
		onRequest,
	};
}

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
