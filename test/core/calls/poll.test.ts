import { pauseBeforePollMs } from '../../../nodes/core/calls/poll';
import type { StatusAnswer } from '../../../nodes/core/calls/status';
import { PollStage, handleOf, jobOf, running, shows, unavailable } from '../../support/pollStage';

const never = running(0, Infinity);

const hang = async (): Promise<StatusAnswer> => await new Promise<StatusAnswer>(() => undefined);

describe('a polled job', () => {
	it('is reported with its last reply once it has ended', async () => {
		const stage = new PollStage(running(0, 70));
		const end = await stage.clock.until(stage.poll('a'));
		expect(end).toEqual({ kind: 'ended', job: jobOf('a', 'completed') });
		expect(stage.nowSeconds()).toBeGreaterThanOrEqual(70);
	});

	it('is first polled after about four seconds, as many failures come at once', async () => {
		const stage = new PollStage(running(0, 2));
		await stage.clock.until(stage.poll('a'));
		expect(stage.reads).toHaveLength(1);
		expect(stage.nowSeconds()).toBeGreaterThanOrEqual(3.6);
		expect(stage.nowSeconds()).toBeLessThanOrEqual(4.4);
	});

	it('is polled once and at once if it may have ended long ago', async () => {
		const stage = new PollStage(running(0, 0));
		await stage.clock.until(stage.poll('a', 60, { pollNow: true }));
		expect(stage.readsOf('a')).toEqual([0]);
	});

	it('is polled every 20 s at most while its replies have megabytes, and as usual otherwise', async () => {
		const large = { kind: 'job', job: jobOf('a', 'processing'), isLarge: true } as const;
		const stage = new PollStage((at, id) => (at < 50 ? large : running(0, 100)(at, id)));
		await stage.clock.until(stage.poll('a'));
		const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = stage.readsOf('a');
		expect([second - first, third - second, fourth - third].map(Math.round)).toEqual([20, 20, 20]);
		expect(fifth - fourth).toBeLessThan(5);
	});

	it('is refused as soon as the provider clearly refuses it', async () => {
		const failure = { message: 'no such job', code: 'job_not_found', charged: 'unknown' } as const;
		const stage = new PollStage(() => ({ kind: 'refused', failure }));
		await expect(stage.clock.until(stage.poll('a'))).resolves.toEqual({ kind: 'refused', failure });
		expect(stage.reads).toHaveLength(1);
	});

	it('is not harmed by states that go backwards', async () => {
		const states = ['processing', 'pending', 'processing', 'pending'] as const;
		const stage = new PollStage((at, id) =>
			at >= 80 ? shows('completed', id) : shows(states[Math.floor(at) % 4] ?? 'pending', id),
		);
		const end = await stage.clock.until(stage.poll('a'));
		expect(end.kind).toBe('ended');
		expect(stage.nowSeconds()).toBeLessThan(100);
	});

	it('fails alone if reading its status throws', async () => {
		const stage = new PollStage((at, id) => {
			if (id === 'bad') throw new Error('a bug');
			return running(0, 60)(at, id);
		});
		const [bad, good] = [stage.poll('bad'), stage.poll('good')];
		await expect(stage.clock.until(bad)).rejects.toThrow('a bug');
		expect((await stage.clock.until(good)).kind).toBe('ended');
	});

	it('may join while others are polled, or after all have ended', async () => {
		const stage = new PollStage((at, id) => running(0, id === 'early' ? 30 : 0)(at, id));
		const early = stage.poll('early');
		await stage.clock.advance(10_000);
		const [joining] = [stage.poll('joining')];
		await stage.clock.until(Promise.all([early, joining]));
		expect((await stage.clock.until(stage.poll('late'))).kind).toBe('ended');
	});
});

/** The pauses between the times, in seconds. */
function pausesOf(times: number[]): number[] {
	return times.slice(1).map((at, index) => at - (times[index] ?? at));
}

describe('the pause before a poll', () => {
	it("is a hundredth of the job's age, at least four seconds and at most a minute", () => {
		const minutes = [0, 1, 5, 10, 30, 100, 1_000];
		const pauses = minutes.map((age) => pauseBeforePollMs(age * 60_000, () => 0.5) / 1_000);
		expect(pauses).toEqual([4, 4, 4, 6, 18, 60, 60]);
	});

	it('is spread by a tenth to both sides', () => {
		expect([pauseBeforePollMs(0, () => 0), pauseBeforePollMs(0, () => 1)]).toEqual([3_600, 4_400]);
	});

	it('is about a minute for a job that takes hours', async () => {
		const stage = new PollStage(never);
		void stage.poll('a', 36_000);
		await stage.clock.advance(18_000_000);
		const pauses = pausesOf(stage.readsOf('a').filter((at) => at > 7_200));
		expect(Math.min(...pauses)).toBeGreaterThan(53);
		expect(Math.max(...pauses)).toBeLessThanOrEqual(66);
	});

	it('is never longer than the job allows', async () => {
		const stage = new PollStage(never);
		void stage.poll('a', 7_200, { longestPauseMs: 20_000 });
		await stage.clock.advance(3_600_000);
		expect(Math.max(...pausesOf(stage.readsOf('a')))).toBeLessThanOrEqual(22);
	});

	it('counts from the submit, not from the first poll: the answer may have been held back', async () => {
		const stage = new PollStage(never);
		void stage.poll('a', 7_200, { submittedMs: stage.clock.now() - 2_000_000 });
		await stage.clock.advance(100_000);
		const [first = NaN, second = NaN] = stage.readsOf('a');
		expect(first).toBeGreaterThanOrEqual(18);
		expect(second - first).toBeLessThanOrEqual(22.5);
	});

	it("goes by the provider's word for the submit only where nobody else knows it, as its clock may be wrong", async () => {
		const stage = new PollStage(never);
		const submittedAt = new Date(stage.clock.now() - 3_000_000).toISOString();
		const inHandle = (jobId: string) => ({ handle: { ...handleOf(jobId), submittedAt } });
		void stage.poll('unknown', 7_200, { ...inHandle('unknown'), pollNow: true });
		void stage.poll('new', 7_200, inHandle('new'));
		await stage.clock.advance(60_000);
		expect(Math.min(...pausesOf(stage.readsOf('unknown')))).toBeGreaterThanOrEqual(27);
		expect(Math.max(...pausesOf(stage.readsOf('new')))).toBeLessThanOrEqual(4.4);
	});
});

describe('the deadline', () => {
	it.each([20, 47.3, 200])('of %d s comes with exactly one last poll, not before it', async (deadlineSeconds) => {
		const stage = new PollStage(never);
		const end = await stage.clock.until(stage.poll('a', deadlineSeconds));
		expect(end).toEqual({ kind: 'deadline', lastSeen: jobOf('a', 'processing') });
		expect(stage.readsOf('a').filter((at) => at >= deadlineSeconds)).toHaveLength(1);
		expect(stage.nowSeconds()).toBeLessThan(deadlineSeconds + 0.1);
	});

	it('still brings the video if the last poll finds it', async () => {
		const stage = new PollStage(running(0, 299.9));
		const end = await stage.clock.until(stage.poll('a', 300));
		expect(end.kind).toBe('ended');
		expect(stage.nowSeconds()).toBeLessThan(301);
	});

	it('keeps what was last seen, and says why the last poll did not find the job', async () => {
		const stage = new PollStage((at, id) => (at < 10 ? shows('processing', id) : unavailable()));
		const end = await stage.clock.until(stage.poll('a', 100));
		expect(end).toEqual({ kind: 'deadline', lastSeen: jobOf('a', 'processing'), lastProblem: 'HTTP status 503' });
	});

	it('is not missed because an earlier status call hangs', async () => {
		const stage = new PollStage(async (at, id) => (at < 100 ? await hang() : shows('processing', id)));
		const end = await stage.clock.until(stage.poll('a', 100));
		expect(end.kind).toBe('deadline');
		expect(stage.readsOf('a').filter((at) => at >= 100)).toHaveLength(1);
	});

	it('is not missed because the status calls for fifty other jobs hang', async () => {
		const stage = new PollStage(async (at, id) => (id === 'a' ? never(at, id) : await hang()));
		for (let index = 0; index < 50; index++) void stage.poll(`hangs-${index}`);
		expect((await stage.clock.until(stage.poll('a', 60))).kind).toBe('deadline');
		expect(stage.nowSeconds()).toBeLessThan(61);
	});
});

describe('Stop', () => {
	it('ends the polling of every job at once, also of those whose status is being read', async () => {
		const stage = new PollStage(async (at, id) => (id === 'hangs' ? await hang() : never(at, id)));
		const ends = Promise.all(['a', 'hangs', 'b'].map(async (id) => await stage.poll(id)));
		await stage.clock.advance(40_000);
		stage.stop.request();
		const kinds = (await stage.clock.until(ends)).map(({ kind }) => kind);
		expect(kinds).toEqual(['stopped', 'stopped', 'stopped']);
		expect(stage.nowSeconds()).toBe(40);
	});

	it('is followed by no status call, and nothing new is polled', async () => {
		const stage = new PollStage(never);
		const end = stage.poll('a');
		await stage.clock.advance(30_000);
		stage.stop.request();
		await stage.clock.until(end);
		const reads = stage.reads.length;
		expect(await stage.clock.until(stage.poll('b'))).toEqual({ kind: 'stopped' });
		await stage.clock.advance(60_000);
		expect(stage.reads).toHaveLength(reads);
	});

	it('ends a wait that the provider asked for, too', async () => {
		const stage = new PollStage(() => unavailable(600_000));
		const end = stage.poll('a');
		await stage.clock.advance(100_000);
		stage.stop.request();
		expect(await end).toEqual({ kind: 'stopped' });
	});

	it('hands out what was last seen', async () => {
		const stage = new PollStage(never);
		const end = stage.poll('a');
		await stage.clock.advance(10_000);
		stage.stop.request();
		expect(await stage.clock.until(end)).toEqual({ kind: 'stopped', lastSeen: jobOf('a', 'processing') });
	});
});

describe('a transient fault', () => {
	it('of 60 seconds loses no job', async () => {
		const stage = new PollStage((at, id) => (at > 20 && at < 80 ? unavailable() : running(0, 70)(at, id)));
		const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
		const ends = await stage.clock.until(Promise.all(ids.map(async (id) => await stage.poll(id))));
		expect(ends.map(({ kind }) => kind)).toEqual(ids.map(() => 'ended'));
		expect(stage.nowSeconds()).toBeLessThan(80 + 37.5 + 1);
	});

	it('is met with pauses that grow up to half a minute', async () => {
		const stage = new PollStage(() => unavailable());
		await stage.clock.until(stage.poll('a', 300));
		const pauses = stage
			.readsOf('a')
			.slice(0, -1)
			.map((at, index, all) => at - (all[index - 1] ?? at))
			.slice(1);
		expect(pauses[0]).toBeLessThan(2.5);
		expect(Math.max(...pauses)).toBeGreaterThan(20);
		expect(Math.max(...pauses)).toBeLessThan(39);
		expect(stage.reads.length).toBeLessThan(20);
	});

	it('with a Retry-After keeps the job away for that long', async () => {
		const stage = new PollStage((at, id) => (at < 10 ? unavailable(42_000) : running(0, 60)(at, id)));
		await stage.clock.until(stage.poll('a'));
		const [first = NaN, second = NaN] = stage.readsOf('a');
		expect(second - first).toBeGreaterThanOrEqual(42);
		expect(second - first).toBeLessThan(44);
	});

	it('with a Retry-After beyond the deadline still allows the last poll', async () => {
		const stage = new PollStage(() => unavailable(3_600_000));
		const end = await stage.clock.until(stage.poll('a', 120));
		expect(end).toEqual({ kind: 'deadline', lastProblem: 'HTTP status 503' });
		expect(stage.readsOf('a')).toEqual([expect.any(Number), 120]);
	});

	it('with a Retry-After twice in a row keeps all jobs of that provider away, and no other', async () => {
		const stage = new PollStage((at, id) => (id.startsWith('busy') ? unavailable(30_000) : never(at, id)));
		for (let index = 0; index < 8; index++) void stage.poll(`busy-${index}`, 3_600, { pollNow: index < 2 });
		void stage.poll('other', 3_600, { handle: handleOf('other', 'coreToday') });
		await stage.clock.advance(29_000);
		const busy = stage.reads.map(({ jobId }) => jobId).filter((id) => id !== 'other');
		expect(busy).toEqual(['busy-0', 'busy-1']);
		expect(stage.readsOf('other').length).toBeGreaterThan(0);
	});

	it('of every third status call, with Retry-After: 7, still brings every video', async () => {
		let count = 0;
		const stage = new PollStage((at, id) => (++count % 3 === 0 ? unavailable(7_000) : running(0, 60)(at, id)));
		const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
		const ends = await stage.clock.until(Promise.all(ids.map(async (id) => await stage.poll(id))));
		expect(ends.every(({ kind }) => kind === 'ended')).toBe(true);
		expect(stage.nowSeconds()).toBeLessThan(90);
	});
});
