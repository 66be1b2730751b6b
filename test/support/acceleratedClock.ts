import type { Clock } from '../../nodes/core/clock';
import { everyMs, sleepMs } from './node.cts';

const TICK_MS = 4;
/** Longer between two ticks, and the process was busy or kept from running: its time stands still meanwhile. */
const LONGEST_TICK_MS = 12;

/**
 * A clock that runs `factor` times as fast as real time, from now on: what waits three minutes takes 180 / factor
 * seconds. For code that must run through real I/O; pure code takes a virtual clock. A machine that is short of CPU
 * slows it down, so that a timeout of the code under test means the same there, if its server is in this process.
 */
export function acceleratedClock(factor: number): Clock {
	const startMs = Date.now();
	let passedMs = 0;
	// Finer than Date.now(), whose every millisecond would be `factor` of them here.
	let tickMs = performance.now();
	const sinceTickMs = () => Math.min(LONGEST_TICK_MS, performance.now() - tickMs);
	everyMs(TICK_MS, () => {
		passedMs += sinceTickMs();
		tickMs = performance.now();
	});
	const now = () => startMs + (passedMs + sinceTickMs()) * factor;
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
