import { FollowStage, running } from '../../support/followStage';

const never = running(0, Infinity);

/** How many of the times, which are in order, lie within any such span. */
function mostWithin(seconds: number, times: number[]): number {
	let [most, first] = [0, 0];
	times.forEach((at, index) => {
		while ((times[first] ?? at) < at - seconds) first++;
		most = Math.max(most, index - first + 1);
	});
	return most;
}

describe('many jobs', () => {
	it('never come to be looked at in step', async () => {
		const stage = new FollowStage(never);
		for (let index = 0; index < 20; index++) void stage.follow(`job-${index}`);
		await stage.clock.advance(300_000);
		const times = stage.looks.map(({ atSeconds }) => atSeconds).filter((at) => at > 10);
		expect(times.length).toBeGreaterThan(200);
		expect(mostWithin(0.2, times)).toBeLessThanOrEqual(6);
	});

	it('are looked at no more than fifty times a second', async () => {
		const stage = new FollowStage(never);
		for (let index = 0; index < 500; index++) void stage.follow(`job-${index}`);
		await stage.clock.advance(100_000);
		const times = stage.looks.map(({ atSeconds }) => atSeconds);
		expect(mostWithin(0.999, times)).toBeLessThanOrEqual(50);
	});

	it('are not held up by one look that takes half a minute', async () => {
		const stage = new FollowStage(async (at, id) => {
			if (id === 'slow') await stage.clock.sleep(30_000);
			return running(0, 60)(at, id);
		});
		const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
		void stage.follow('slow');
		await stage.clock.until(Promise.all(ids.map(async (id) => await stage.follow(id))));
		expect(stage.nowSeconds()).toBeLessThan(75);
	});

	it('have at most twenty looks under way at once', async () => {
		let [underWay, most] = [0, 0];
		const stage = new FollowStage(async (at, id) => {
			most = Math.max(most, ++underWay);
			await stage.clock.sleep(3_000);
			underWay--;
			return running(0, 60)(at, id);
		});
		const ids = Array.from({ length: 200 }, (_, index) => `job-${index}`);
		await stage.clock.until(Promise.all(ids.map(async (id) => await stage.follow(id))));
		expect(most).toBe(20);
	});

	it('all come home when there are a thousand, with none starved', async () => {
		const stage = new FollowStage(running(0, 100));
		const ids = Array.from({ length: 1_000 }, (_, index) => `job-${index}`);
		const ends = await stage.clock.until(Promise.all(ids.map(async (id) => await stage.follow(id))));
		expect(ends.every(({ kind }) => kind === 'ended')).toBe(true);
		expect(stage.nowSeconds()).toBeLessThan(160);
	});
});
