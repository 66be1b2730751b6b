import { createRateLimiter } from '../../nodes/core/rateLimiter';

const takeMany = (take: () => boolean, count: number) => Array.from({ length: count }, take).filter(Boolean).length;

test('a rate limiter lets through its burst, then one more each interval, and never more than its burst at once', () => {
	const limiter = createRateLimiter({ burst: 3, refillEveryMs: 10_000 });
	expect(takeMany(() => limiter.take(0), 5)).toBe(3);
	expect(takeMany(() => limiter.take(9_999), 5)).toBe(0);
	expect(takeMany(() => limiter.take(10_000), 5)).toBe(1);
	expect(takeMany(() => limiter.take(35_000), 5)).toBe(2);
	expect(takeMany(() => limiter.take(9_000_000), 50)).toBe(3);
});

test('what is given back does not count, and never makes room for more than the burst', () => {
	const limiter = createRateLimiter({ burst: 3, refillEveryMs: 10_000 });
	limiter.giveBack(1);
	expect(takeMany(() => limiter.take(0), 5)).toBe(3);
	limiter.giveBack(1);
	expect(takeMany(() => limiter.take(0), 5)).toBe(1);
	limiter.giveBack(10);
	expect(takeMany(() => limiter.take(0), 5)).toBe(3);
});
