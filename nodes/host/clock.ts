import { sleep } from 'n8n-workflow';
import type { Clock, Stop } from '../core/clock';

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
