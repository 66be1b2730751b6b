/** How often something may be done: `burst` times at first, then once more each `refillEveryMs` (a token bucket). */
export interface RateLimiter {
	/** Whether it may be done now; if so, that counts. */
	take(nowMs: number): boolean;
	/** Takes back so many that were counted. */
	giveBack(count: number): void;
}

/** A rate limiter that starts full. */
export function createRateLimiter({ burst, refillEveryMs }: { burst: number; refillEveryMs: number }): RateLimiter {
	let left = burst;
	let filledMs: number | undefined;
	return {
		take(nowMs) {
			filledMs ??= nowMs;
			const refills = Math.floor((nowMs - filledMs) / refillEveryMs);
			left = Math.min(burst, left + refills);
			filledMs += refills * refillEveryMs;
			if (left <= 0) return false;
			left -= 1;
			return true;
		},
		giveBack(count) {
			left = Math.min(burst, left + count);
		},
	};
}
