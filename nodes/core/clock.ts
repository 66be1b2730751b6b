/** Time as the core sees it; tests give a virtual one. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Resolves after `ms` milliseconds. */
	sleep(ms: number): Promise<void>;
}

/** n8n's stop signal (Stop, workflow timeout), as a flag that is looked at between sleeps. */
export interface Stop {
	readonly requested: boolean;
}

/** A source of numbers in [0, 1), for jitter. */
export type Random = () => number;

/** Sleeps in steps of a second, so that Stop is noticed. */
export async function sleepUnlessStopped(
	ms: number,
	{ clock, stop }: { readonly clock: Clock; readonly stop: Stop },
): Promise<void> {
	const untilMs = clock.now() + ms;
	while (!stop.requested && clock.now() < untilMs) await clock.sleep(Math.min(1000, untilMs - clock.now()));
}
