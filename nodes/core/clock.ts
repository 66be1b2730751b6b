/** Time as the core sees it; tests give a virtual one. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Resolves after `ms` milliseconds. */
	sleep(ms: number): Promise<void>;
}

/** n8n's stop signal: somebody pressed Stop, or the workflow reached its timeout. */
export interface Stop {
	readonly requested: boolean;
	/**
	 * Calls `listener` once when the stop is requested, at once if it already was. Returns a function that takes the
	 * listener away.
	 */
	onRequest(listener: () => void): () => void;
}

/** For work that nothing stops. */
export const NEVER_STOPPED: Stop = { requested: false, onRequest: () => () => undefined };

/** A source of numbers in [0, 1), for jitter. */
export type Random = () => number;

/** Resolves after `ms` milliseconds, or as soon as the stop is requested. */
export async function sleepUnlessStopped(
	ms: number,
	{ clock, stop }: { readonly clock: Clock; readonly stop: Stop },
): Promise<void> {
	if (stop.requested) return;
	await new Promise<void>((resolve, reject) => {
		const removeListener = stop.onRequest(resolve);
		clock.sleep(ms).then(resolve, reject).finally(removeListener);
	});
}
