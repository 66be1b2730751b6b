import type { Look } from '../../../nodes/core/calls/poll';
import { FollowStage, handleOf, jobOf, running, shows } from '../../support/followStage';

const never = running(0, Infinity);

function unseen(retryAfterMs?: number): Look {
	return { kind: 'unseen', message: 'HTTP status 503', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const hang = async (): Promise<Look> => await new Promise<Look>(() => undefined);

describe('a followed job', () => {
	it('is reported with its last reply once it has ended', async () => {
		const stage = new FollowStage(running(0, 70));
		const end = await stage.clock.until(stage.follow('a'));
		expect(end).toEqual({ kind: 'ended', job: jobOf('a', 'completed') });
		expect(stage.nowSeconds()).toBeGreaterThanOrEqual(70);
	});

	it('is first looked at after about five seconds, as many failures come at once', async () => {
		const stage = new FollowStage(running(0, 2));
		await stage.clock.until(stage.follow('a'));
		expect(stage.looks).toHaveLength(1);
		expect(stage.nowSeconds()).toBeGreaterThanOrEqual(4);
		expect(stage.nowSeconds()).toBeLessThanOrEqual(6);
	});

	it('is looked at once and at once if it may have ended long ago', async () => {
		const stage = new FollowStage(running(0, 0));
		await stage.clock.until(stage.follow('a', 60, { lookNow: true }));
		expect(stage.looksAt('a')).toEqual([0]);
	});

	it('is refused as soon as the provider clearly refuses it', async () => {
		const failure = { message: 'no such job', code: 'job_not_found', charged: 'unknown' } as const;
		const stage = new FollowStage(() => ({ kind: 'refused', failure }));
		await expect(stage.clock.until(stage.follow('a'))).resolves.toEqual({ kind: 'refused', failure });
		expect(stage.looks).toHaveLength(1);
	});

	it('is not harmed by states that go backwards', async () => {
		const states = ['processing', 'pending', 'processing', 'pending'] as const;
		const stage = new FollowStage((at, id) =>
			at >= 80 ? shows('completed', id) : shows(states[Math.floor(at) % 4] ?? 'pending', id),
		);
		const end = await stage.clock.until(stage.follow('a'));
		expect(end.kind).toBe('ended');
		expect(stage.nowSeconds()).toBeLessThan(100);
	});

	it('fails alone if looking at it throws', async () => {
		const stage = new FollowStage((at, id) => {
			if (id === 'bad') throw new Error('a bug');
			return running(0, 60)(at, id);
		});
		const [bad, good] = [stage.follow('bad'), stage.follow('good')];
		await expect(stage.clock.until(bad)).rejects.toThrow('a bug');
		expect((await stage.clock.until(good)).kind).toBe('ended');
	});

	it('may join while others are followed, or after all have ended', async () => {
		const stage = new FollowStage((at, id) => running(0, id === 'early' ? 30 : 0)(at, id));
		const early = stage.follow('early');
		await stage.clock.advance(10_000);
		const [joining] = [stage.follow('joining')];
		await stage.clock.until(Promise.all([early, joining]));
		expect((await stage.clock.until(stage.follow('late'))).kind).toBe('ended');
	});
});

describe('the deadline', () => {
	it.each([20, 47.3, 200])('of %d s comes with exactly one last look, not before it', async (deadlineSeconds) => {
		const stage = new FollowStage(never);
		const end = await stage.clock.until(stage.follow('a', deadlineSeconds));
		expect(end).toEqual({ kind: 'deadline', lastSeen: jobOf('a', 'processing') });
		expect(stage.looksAt('a').filter((at) => at >= deadlineSeconds)).toHaveLength(1);
		expect(stage.nowSeconds()).toBeLessThan(deadlineSeconds + 0.1);
	});

	it('still brings the video if the last look finds it', async () => {
		const stage = new FollowStage(running(0, 299.9));
		const end = await stage.clock.until(stage.follow('a', 300));
		expect(end.kind).toBe('ended');
		expect(stage.nowSeconds()).toBeLessThan(301);
	});

	it('keeps what was last seen, and says why the last look saw nothing', async () => {
		const stage = new FollowStage((at, id) => (at < 10 ? shows('processing', id) : unseen()));
		const end = await stage.clock.until(stage.follow('a', 100));
		expect(end).toEqual({ kind: 'deadline', lastSeen: jobOf('a', 'processing'), lastProblem: 'HTTP status 503' });
	});

	it('is not missed because an earlier look hangs', async () => {
		const stage = new FollowStage(async (at, id) => (at < 100 ? await hang() : shows('processing', id)));
		const end = await stage.clock.until(stage.follow('a', 100));
		expect(end.kind).toBe('deadline');
		expect(stage.looksAt('a').filter((at) => at >= 100)).toHaveLength(1);
	});

	it('is not missed because looks at fifty other jobs hang', async () => {
		const stage = new FollowStage(async (at, id) => (id === 'a' ? never(at, id) : await hang()));
		for (let index = 0; index < 50; index++) void stage.follow(`hangs-${index}`);
		expect((await stage.clock.until(stage.follow('a', 60))).kind).toBe('deadline');
		expect(stage.nowSeconds()).toBeLessThan(63);
	});
});

describe('Stop', () => {
	it('ends the following of every job within a second, also of those being looked at', async () => {
		const stage = new FollowStage(async (at, id) => (id === 'hangs' ? await hang() : never(at, id)));
		const ends = Promise.all(['a', 'hangs', 'b'].map(async (id) => await stage.follow(id)));
		await stage.clock.advance(40_000);
		stage.stop.requested = true;
		const kinds = (await stage.clock.until(ends)).map(({ kind }) => kind);
		expect(kinds).toEqual(['stopped', 'stopped', 'stopped']);
		expect(stage.nowSeconds()).toBeLessThanOrEqual(41);
	});

	it('starts no look afterwards, and follows nothing new', async () => {
		const stage = new FollowStage(never);
		const end = stage.follow('a');
		await stage.clock.advance(30_000);
		stage.stop.requested = true;
		await stage.clock.until(end);
		const looks = stage.looks.length;
		expect(await stage.clock.until(stage.follow('b'))).toEqual({ kind: 'stopped' });
		await stage.clock.advance(60_000);
		expect(stage.looks).toHaveLength(looks);
	});

	it('hands out what was last seen', async () => {
		const stage = new FollowStage(never);
		const end = stage.follow('a');
		await stage.clock.advance(10_000);
		stage.stop.requested = true;
		expect(await stage.clock.until(end)).toEqual({ kind: 'stopped', lastSeen: jobOf('a', 'processing') });
	});
});

describe('bad weather', () => {
	it('of 60 seconds loses no job', async () => {
		const stage = new FollowStage((at, id) => (at > 20 && at < 80 ? unseen() : running(0, 70)(at, id)));
		const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
		const ends = await stage.clock.until(Promise.all(ids.map(async (id) => await stage.follow(id))));
		expect(ends.map(({ kind }) => kind)).toEqual(ids.map(() => 'ended'));
		expect(stage.nowSeconds()).toBeLessThan(80 + 37.5 + 1);
	});

	it('is met with pauses that grow up to half a minute', async () => {
		const stage = new FollowStage(() => unseen());
		await stage.clock.until(stage.follow('a', 300));
		const pauses = stage
			.looksAt('a')
			.slice(0, -1)
			.map((at, index, all) => at - (all[index - 1] ?? at))
			.slice(1);
		expect(pauses[0]).toBeLessThan(2.5);
		expect(Math.max(...pauses)).toBeGreaterThan(20);
		expect(Math.max(...pauses)).toBeLessThan(39);
		expect(stage.looks.length).toBeLessThan(20);
	});

	it('with a Retry-After keeps the job away for that long', async () => {
		const stage = new FollowStage((at, id) => (at < 10 ? unseen(42_000) : running(0, 60)(at, id)));
		await stage.clock.until(stage.follow('a'));
		const [first = NaN, second = NaN] = stage.looksAt('a');
		expect(second - first).toBeGreaterThanOrEqual(42);
		expect(second - first).toBeLessThan(44);
	});

	it('with a Retry-After beyond the deadline still allows the last look', async () => {
		const stage = new FollowStage(() => unseen(3_600_000));
		const end = await stage.clock.until(stage.follow('a', 120));
		expect(end).toEqual({ kind: 'deadline', lastProblem: 'HTTP status 503' });
		expect(stage.looksAt('a')).toEqual([expect.any(Number), 120]);
	});

	it('with a Retry-After twice in a row keeps all jobs of that provider away, and no other', async () => {
		const stage = new FollowStage((at, id) => (id.startsWith('busy') ? unseen(30_000) : never(at, id)));
		for (let index = 0; index < 8; index++) void stage.follow(`busy-${index}`, 3_600, { lookNow: index < 2 });
		void stage.follow('other', 3_600, { handle: handleOf('other', 'coreToday') });
		await stage.clock.advance(29_000);
		const busy = stage.looks.map(({ jobId }) => jobId).filter((id) => id !== 'other');
		expect(busy).toEqual(['busy-0', 'busy-1']);
		expect(stage.looksAt('other').length).toBeGreaterThan(0);
	});

	it('on every third look, with Retry-After: 7, still brings every video', async () => {
		let count = 0;
		const stage = new FollowStage((at, id) => (++count % 3 === 0 ? unseen(7_000) : running(0, 60)(at, id)));
		const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
		const ends = await stage.clock.until(Promise.all(ids.map(async (id) => await stage.follow(id))));
		expect(ends.every(({ kind }) => kind === 'ended')).toBe(true);
		expect(stage.nowSeconds()).toBeLessThan(90);
	});
});
