import { createBuckets } from '../../nodes/core/rateLimiter';
import { createSlots } from '../../nodes/core/slots';
import { VirtualClock } from '../support/virtualClock';

describe('slots', () => {
	/** Runs tasks of some seconds each and tells when each began, in order, and how many ran at once. */
	async function runTasks(size: number, seconds: number[], widenTo?: number) {
		const clock = new VirtualClock(0);
		const slots = createSlots(size);
		const startedAt: number[] = [];
		let [running, most] = [0, 0];
		const task = async (index: number) => {
			startedAt[index] = clock.now() / 1000;
			most = Math.max(most, ++running);
			await clock.sleep(seconds[index] * 1000);
			running -= 1;
		};
		const all = Promise.all(seconds.map(async (_, index) => await slots.run(async () => await task(index))));
		if (widenTo !== undefined) slots.widen(widenTo);
		await clock.until(all);
		return { startedAt, most };
	}

	test('let so many run at once, in the order given, and the next as soon as one ends', async () => {
		expect(await runTasks(2, [10, 1, 5, 1])).toEqual({ startedAt: [0, 0, 1, 6], most: 2 });
		expect(await runTasks(1, [3, 2, 1])).toEqual({ startedAt: [0, 3, 5], most: 1 });
	});

	test('without a limit hold nothing up', async () => {
		expect(await runTasks(Infinity, [9, 9, 9])).toEqual({ startedAt: [0, 0, 0], most: 3 });
	});

	test.each([3, Infinity])('can be widened to %p while tasks wait', async (wider) => {
		expect((await runTasks(1, [9, 9, 9], wider)).startedAt).toEqual([0, 0, 0]);
	});

	test('are freed by a task that throws, which its caller hears of', async () => {
		const slots = createSlots(1);
		await expect(slots.run(async () => await Promise.reject(new Error('no')))).rejects.toThrow('no');
		expect(await slots.run(async () => await Promise.resolve('next'))).toBe('next');
	});
});

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
