import type { Clock } from '../../nodes/core/clock';
import { sleepMs } from './node.cts';

/**
 * A clock that runs `factor` times as fast as real time, from now on: what waits three minutes takes 180 / factor
 * seconds. For code that must run through real I/O; pure code takes a virtual clock.
 */
export function acceleratedClock(factor: number): Clock {
	const startMs = Date.now();
	return {
		now: () => startMs + (Date.now() - startMs) * factor,
		sleep: async (ms) => await sleepMs(ms / factor),
	};
}
