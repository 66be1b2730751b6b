import { createBuckets } from '../../nodes/core/rateLimiter';

describe('buckets', () => {
	const rules = { refillEveryMs: 10_000, maxKeys: 2 };
	const takeMany = (take: () => boolean, count: number) => Array.from({ length: count }, take).filter(Boolean).length;

	test('give what is in them, then one more each interval, never more than their size', () => {
		const buckets = createBuckets(rules);
		expect(takeMany(() => buckets.take('a', 3, 0), 5)).toBe(3);
		expect(takeMany(() => buckets.take('a', 3, 9_999), 5)).toBe(0);
		expect(takeMany(() => buckets.take('a', 3, 10_000), 5)).toBe(1);
		expect(takeMany(() => buckets.take('a', 3, 35_000), 5)).toBe(2);
		expect(takeMany(() => buckets.take('a', 3, 9_000_000), 50)).toBe(3);
	});

	test('take back what was not to be limited, never more than their size, and nothing for a key they do not know', () => {
		const buckets = createBuckets(rules);
		buckets.giveBack('a');
		expect(takeMany(() => buckets.take('a', 3, 0), 5)).toBe(3);
		buckets.giveBack('a');
		expect(takeMany(() => buckets.take('a', 3, 0), 5)).toBe(1);
		for (let times = 0; times < 10; times += 1) buckets.giveBack('a');
		expect(takeMany(() => buckets.take('a', 3, 0), 5)).toBe(3);
		expect(buckets.take('b', 1, 0)).toBe(true);
	});

	test('are apart by key, and no more are remembered than allowed', () => {
		const buckets = createBuckets(rules);
		expect(buckets.take('a', 1, 0)).toBe(true);
		expect(buckets.take('b', 1, 0)).toBe(true);
		expect(buckets.take('a', 1, 0)).toBe(false);
		expect(buckets.take('c', 1, 0)).toBe(true);
		expect(buckets.take('a', 1, 0)).toBe(true);
	});
});
