import type { Clock } from '../../nodes/core/clock';
import { sleepMs } from './node.cts';

/**
 * A clock that runs `factor` times as fast as real time, from now on: what waits three minutes takes 180 / factor
 * seconds. For code that must run through real I/O; pure code takes a virtual clock.
 */
export function acceleratedClock(factor: number): Clock {
	const startMs = Date.now();
	// Finer than Date.now(), whose every millisecond would be `factor` of them here.
	const zeroMs = performance.now();
	const now = () => startMs + (performance.now() - zeroMs) * factor;
	return {
		now,
		sleep: async (ms) => {
			const untilMs = now() + ms;
			await sleepMs(ms / factor);
			// A timer may fire a millisecond early, which is `factor` of them here.
			while (now() < untilMs) await sleepMs((untilMs - now()) / factor);
		},
	};
}
