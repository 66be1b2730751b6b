import { realClock } from '../../support/node.cts';

/** For an emulator whose jobs are to end when the scenario says so, however slow n8n is today. */
export interface JumpingClock {
	now(): number;
	sleep(ms: number): Promise<void>;
	/** Lets `ms` milliseconds pass at once, for sleepers too. */
	jump(ms: number): void;
}

const LOOK_EVERY_MS = 50;

/** All jumps so far on top of real time; with `stands` only jumps let time pass. */
export function createJumpingClock({ stands = false } = {}): JumpingClock {
	const startMs = realClock.now();
	let jumpedMs = 0;
	const now = () => (stands ? startMs : realClock.now()) + jumpedMs;
	const sleep = async (ms: number) => {
		const untilMs = now() + ms;
		while (now() < untilMs) await realClock.sleep(Math.min(LOOK_EVERY_MS, untilMs - now()));
	};
	return { now, sleep, jump: (ms) => void (jumpedMs += ms) };
}
