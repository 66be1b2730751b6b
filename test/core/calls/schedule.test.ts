import { adaptive, equallyLateInterval, fixedInterval, measure } from '../../bench/schedule';
import type { Shape } from '../../bench/shapes';
import { FollowStage, jobOf, running, shows } from '../../support/followStage';

/** Looks from one age to another, in seconds from the stage's start. */
function looksBetween(times: number[], from: number, to: number): number {
	return times.filter((at) => at >= from && at < to).length;
}

/** The pauses between the looks, in seconds. */
function pausesOf(times: number[]): number[] {
	return times.slice(1).map((at, index) => at - (times[index] ?? at));
}

async function followAll(stage: FollowStage, ids: string[]): Promise<void> {
	await stage.clock.until(Promise.all(ids.map(async (id) => await stage.follow(id))));
}

const twenty = Array.from({ length: 20 }, (_, index) => `job-${index}`);

describe('when to look at a job', () => {
	it('is seldom before it can be ready, and often around the expected time', async () => {
		const stage = new FollowStage(running(0, Infinity));
		void stage.follow('a');
		await stage.clock.advance(140_000);
		const times = stage.looksAt('a');
		expect(looksBetween(times, 7, 50)).toBeLessThanOrEqual(2);
		expect(looksBetween(times, 75, 105)).toBeGreaterThanOrEqual(5);
	});

	it('counts from the start of its run: queue time does not eat the expectation', async () => {
		const stage = new FollowStage(running(600, 690));
		await stage.clock.until(stage.follow('a'));
		const times = stage.looksAt('a');
		const seenRunning = times.find((at) => at >= 600) ?? NaN;
		expect(looksBetween(times, seenRunning + 0.001, 640)).toBeLessThanOrEqual(1);
		expect(looksBetween(times, 660, 690)).toBeGreaterThanOrEqual(4);
		expect(stage.nowSeconds()).toBeLessThan(700);
	});

	it('is every few seconds at first in the queue, and at most every 22 later', async () => {
		const stage = new FollowStage(running(900, 990));
		void stage.follow('a');
		await stage.clock.advance(900_000);
		const pauses = pausesOf(stage.looksAt('a'));
		expect(pauses[0]).toBeLessThan(10);
		expect(Math.max(...pauses)).toBeLessThanOrEqual(22);
		expect(pauses.length).toBeLessThan(60);
	});

	it('becomes rarer the longer it overstays, but never rarer than once a minute', async () => {
		const stage = new FollowStage(running(0, Infinity));
		void stage.follow('a', 7_200);
		await stage.clock.advance(7_000_000);
		const times = stage.looksAt('a');
		expect(looksBetween(times, 300, 600)).toBeGreaterThan(2 * looksBetween(times, 6_000, 6_300));
		expect(Math.max(...pausesOf(times))).toBeLessThanOrEqual(61);
	});

	it('is never rarer than the expectation allows', async () => {
		const stage = new FollowStage(running(0, Infinity));
		void stage.follow('a', 7_200, {
			expectation: { key: 'short record', typicalSeconds: 300, longestPauseSeconds: 20 },
		});
		await stage.clock.advance(3_600_000);
		expect(Math.max(...pausesOf(stage.looksAt('a')))).toBeLessThanOrEqual(21);
	});

	it('is as old as its submit, not as its following: an answer may have been held back', async () => {
		const stage = new FollowStage(running(0, Infinity));
		await stage.clock.advance(90_000);
		void stage.follow('a', 3_600, { submittedMs: stage.clock.now() - 90_000 });
		await stage.clock.advance(15_000);
		expect(stage.looksAt('a').length).toBeGreaterThanOrEqual(3);
	});

	it('takes the provider at its word for how long the job was queued', async () => {
		const stage = new FollowStage((at) => {
			const status = at >= 58 ? 'processing' : 'pending';
			return { kind: 'job', job: { ...jobOf('a', status), queueSeconds: 58 } };
		});
		void stage.follow('a');
		await stage.clock.advance(200_000);
		expect(looksBetween(stage.looksAt('a'), 133, 163)).toBeGreaterThanOrEqual(5);
	});
});

describe('jobs of a batch', () => {
	it('teach each other that this model is much faster than expected', async () => {
		const ends = new Map(twenty.map((id, index) => [id, 20 + index]));
		const stage = new FollowStage((at, id) => running(0, ends.get(id) ?? 0)(at, id));
		await followAll(stage, twenty);
		expect(stage.nowSeconds()).toBeLessThan(45);
	});

	it('teach each other that this model is much slower, so that all are looked at less', async () => {
		const alone = new FollowStage(running(0, Infinity));
		void alone.follow('a');
		await alone.clock.advance(600_000);
		const together = new FollowStage(running(0, Infinity));
		for (const id of twenty) void together.follow(id);
		await together.clock.advance(600_000);
		expect(together.looks.length / twenty.length).toBeLessThan(alone.looks.length * 0.8);
	});

	it('learn nothing from jobs of another model', async () => {
		const other = { key: 'other', typicalSeconds: 90 };
		const stage = new FollowStage((at, id) => running(0, id === 'a' ? 60 : 20)(at, id));
		const alone = new FollowStage(running(0, 60));
		const fast = twenty.map(async (id) => await stage.follow(id, 3_600, { expectation: other }));
		await stage.clock.until(Promise.all([stage.follow('a'), ...fast]));
		await alone.clock.until(alone.follow('a'));
		expect(stage.looksAt('a').length).toBeLessThanOrEqual(alone.looksAt('a').length + 1);
	});

	it('find out when a provider calls running jobs pending', async () => {
		const ends = new Map(twenty.map((id, index) => [id, 60 + 6 * index]));
		const lateSeconds: number[] = [];
		const stage = new FollowStage((at, id) => {
			const end = ends.get(id) ?? 0;
			if (at >= end) lateSeconds.push(at - end);
			return shows(at >= end ? 'completed' : 'pending', id);
		});
		await followAll(stage, twenty);
		const later = lateSeconds.slice(10);
		expect(later.reduce((sum, late) => sum + late, 0) / later.length).toBeLessThan(4);
	});

	it('that ended before anybody looked teach nothing of when', async () => {
		const taught = new FollowStage((at, id) => (id === 'a' ? running(0, 90)(at, id) : shows('completed', id)));
		const submittedAt = new Date(taught.clock.now() - 500_000).toISOString();
		const old = twenty.map(async (jobId) => {
			const handle = { provider: 'runpod', model: 'any', jobId, submittedAt } as const;
			return await taught.follow(jobId, 3_600, { handle, lookNow: true });
		});
		await taught.clock.until(Promise.all([taught.follow('a'), ...old]));
		expect(looksBetween(taught.looksAt('a'), 7, 50)).toBeLessThanOrEqual(2);
	});
});

describe('on seeds it was not tuned on, the schedule', () => {
	const seeds = Array.from({ length: 6 }, (_, index) => 9_001 + index);

	it('knows of narrow runs within about two seconds, for about ten looks each', async () => {
		const { meanLate, getsPerJob, totalToSlowest } = await measure('narrow', seeds, adaptive);
		expect(meanLate).toBeLessThan(2.2);
		expect(getsPerJob).toBeLessThan(10.4);
		expect(totalToSlowest).toBeLessThan(1.03);
	});

	it('is in time for runs far faster and far slower than expected', async () => {
		expect((await measure('fast', seeds, adaptive)).meanLate).toBeLessThan(8);
		expect((await measure('slow', seeds, adaptive)).getsPerJob).toBeLessThan(60);
	});

	const shares: Array<[Shape, number]> = [
		['narrow', 0.5],
		['stalled queue', 0.4],
		['bimodal', 0.6],
		['wide', 0.8],
	];
	it.each(shares)('of a %s batch needs at most %d of the looks that a fixed interval needs', async (shape, most) => {
		const ours = await measure(shape, seeds, adaptive);
		const interval = await equallyLateInterval(shape, seeds, ours.meanLate);
		const theirs = await measure(shape, seeds, fixedInterval(interval));
		expect(ours.getsPerJob / theirs.getsPerJob).toBeLessThanOrEqual(most);
	});
});
