import { measure, mostWithin } from '../../bench/poll';
import { PollStage, running } from '../../support/pollStage';

const never = running(0, Infinity);

describe('many jobs', () => {
	it('never come to be polled in step', async () => {
		const stage = new PollStage(never);
		for (let index = 0; index < 20; index++) void stage.poll(`job-${index}`);
		await stage.clock.advance(300_000);
		const times = stage.reads.map(({ atSeconds }) => atSeconds).filter((at) => at > 30);
		expect(times.length).toBeGreaterThan(200);
		expect(mostWithin(0.2, times)).toBeLessThanOrEqual(6);
	});

	it('are polled no more than fifty times a second', async () => {
		const stage = new PollStage(never);
		for (let index = 0; index < 500; index++) void stage.poll(`job-${index}`);
		await stage.clock.advance(100_000);
		const times = stage.reads.map(({ atSeconds }) => atSeconds);
		expect(mostWithin(0.999, times)).toBeLessThanOrEqual(50);
	});

	it('are not held up by one status call that takes half a minute', async () => {
		const stage = new PollStage(async (at, id) => {
			if (id === 'slow') await stage.clock.sleep(30_000);
			return running(0, 60)(at, id);
		});
		const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
		void stage.poll('slow');
		await stage.clock.until(Promise.all(ids.map(async (id) => await stage.poll(id))));
		expect(stage.nowSeconds()).toBeLessThan(75);
	});

	it('have at most twenty status calls under way at once', async () => {
		let [underWay, most] = [0, 0];
		const stage = new PollStage(async (at, id) => {
			most = Math.max(most, ++underWay);
			await stage.clock.sleep(3_000);
			underWay--;
			return running(0, 60)(at, id);
		});
		const ids = Array.from({ length: 200 }, (_, index) => `job-${index}`);
		await stage.clock.until(Promise.all(ids.map(async (id) => await stage.poll(id))));
		expect(most).toBe(20);
	});

	it('of one to five minutes are known to have ended within three seconds on average, and with the slowest of them', async () => {
		const { meanLate, totalToSlowest } = await measure('wide', [9_001, 9_002, 9_003, 9_004]);
		expect(meanLate).toBeLessThanOrEqual(3);
		expect(totalToSlowest).toBeLessThanOrEqual(1.03);
	});

	it('are polled in the order in which they were due if there are too many', async () => {
		const stage = new PollStage(never);
		for (let index = 0; index < 1_000; index++) void stage.poll(`job-${index}`);
		await stage.clock.advance(300_000);
		const pauses = [0, 500, 999].map((index) => {
			const times = stage.readsOf(`job-${index}`);
			return Math.max(...times.slice(1).map((at, position) => at - (times[position] ?? at)));
		});
		expect(Math.max(...pauses)).toBeLessThan(25);
	});

	it('that have ended hold the others up no more', async () => {
		const stage = new PollStage((at, id) => running(0, id === 'long' ? 200 : 1)(at, id));
		for (let index = 0; index < 1_000; index++) void stage.poll(`short-${index}`);
		await stage.clock.advance(30_000);
		void stage.poll('long');
		await stage.clock.advance(120_000);
		const times = stage.readsOf('long');
		expect(Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)))).toBeLessThan(5);
	});

	it('all come home when there are a thousand, with none starved', async () => {
		const stage = new PollStage(running(0, 100));
		const ids = Array.from({ length: 1_000 }, (_, index) => `job-${index}`);
		const ends = await stage.clock.until(Promise.all(ids.map(async (id) => await stage.poll(id))));
		expect(ends.every(({ kind }) => kind === 'ended')).toBe(true);
		expect(stage.nowSeconds()).toBeLessThan(160);
	});
});
