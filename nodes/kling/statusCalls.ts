import type { Clock } from '../core/clock';
import { createRateLimiter } from '../core/rateLimiter';

/** The status calls that the callbacks to one pause may cause, as anybody could send callbacks. */
export interface StatusCalls {
	/** Says, after up to ten seconds, whether one more status call may be sent. If so, it has been counted. */
	take(clock: Clock): Promise<boolean>;
}

const REFILL_EVERY_MS = 10_000;

/**
 * Allows 3 × items + 10 status calls, then one every ten seconds. When they are used up, one callback waits for the next
 * status call; the rest are turned away. It does not matter whose callback waits, true or forged, as any of them makes the
 * node ask the provider.
 */
export function createStatusCalls(itemCount: number): StatusCalls {
	const limiter = createRateLimiter({ burst: 3 * itemCount + 10, refillEveryMs: REFILL_EVERY_MS });
	let isOneWaiting = false;
	return {
		async take(clock) {
			if (limiter.take(clock.now())) return true;
			if (isOneWaiting) return false;
			isOneWaiting = true;
			await clock.sleep(REFILL_EVERY_MS);
			isOneWaiting = false;
			return limiter.take(clock.now());
		},
	};
}
