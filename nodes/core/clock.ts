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
