import type { Clock } from '../../nodes/core/clock';
import { createFollower } from '../../nodes/core/calls/poll';
import { hasEnded, type Handle } from '../../nodes/core/job';
import { VirtualClock } from '../support/virtualClock';
import { drawFates, seeded, type Shape } from './shapes';
import { type Fate, type Outcome, SimulatedProvider } from './simulatedProvider';

/** What the node expects in all shapes, as of Kling standard, 5 s: right for some of them, wrong for others. */
const EXPECTATION = { key: 'simulated', typicalSeconds: 90 };
const DEADLINE_MS = 3_600_000;

/** Follows every job to its end, in its own way. */
export type FollowAll = (handles: Handle[], provider: SimulatedProvider, clock: Clock, seed: number) => Promise<void>;

interface Batch {
	readonly outcomes: Outcome[];
	readonly totalToSlowest: number;
}

/** Times in seconds. */
export interface Measured {
	readonly meanLate: number;
	readonly p95Late: number;
	readonly getsPerJob: number;
	/** Total time of the batch ÷ its slowest job's time, mean of the batches. */
	readonly totalToSlowest: number;
}

/** This package's follower with its defaults. */
export const adaptive: FollowAll = async (handles, provider, clock, seed) => {
	const follower = createFollower({
		clock,
		random: seeded(seed + 1_000_000),
		stop: { requested: false },
		look: async (handle) => await provider.look(handle),
	});
	const deadlineMs = clock.now() + DEADLINE_MS;
	const expectation = EXPECTATION;
	await Promise.all(handles.map(async (handle) => await follower.follow({ handle, deadlineMs, expectation })));
};

/** A loop per job that looks every `seconds`. */
export function fixedInterval(seconds: number): FollowAll {
	return async (handles, provider, clock) => {
		await Promise.all(handles.map(async (handle) => await lookEvery(seconds * 1_000, handle, provider, clock)));
	};
}

async function lookEvery(pauseMs: number, handle: Handle, provider: SimulatedProvider, clock: Clock): Promise<void> {
	for (let dueMs = clock.now() + pauseMs; ; dueMs += pauseMs) {
		await clock.sleep(dueMs - clock.now());
		const look = await provider.look(handle);
		if (look.kind === 'job' && hasEnded(look.job)) return;
	}
}

/** One batch whose jobs are all submitted at once. */
export async function simulate(fates: Fate[], seed: number, followAll: FollowAll): Promise<Batch> {
	const clock = new VirtualClock();
	const provider = new SimulatedProvider(clock, seeded(seed + 2_000_000));
	const startMs = clock.now();
	const handles = fates.map((fate) => provider.submit(fate));
	await clock.until(followAll(handles, provider, clock, seed));
	const slowestMs = Math.max(...fates.map(({ queueMs, runMs }) => queueMs + runMs));
	return { outcomes: provider.outcomes(), totalToSlowest: (clock.now() - startMs) / slowestMs };
}

/** The same jobs for every way of following: they depend on the shape and the seeds only. */
export async function measure(shape: Shape, seeds: number[], followAll: FollowAll): Promise<Measured> {
	const batches: Batch[] = [];
	for (const seed of seeds) batches.push(await simulate(drawFates(shape, seed), seed, followAll));
	const outcomes = batches.flatMap((batch) => batch.outcomes);
	const late = outcomes.map(({ lateMs }) => lateMs / 1_000).sort((a, b) => a - b);
	return {
		meanLate: mean(late),
		p95Late: late[Math.ceil(late.length * 0.95) - 1] ?? NaN,
		getsPerJob: mean(outcomes.map(({ looks }) => looks)),
		totalToSlowest: mean(batches.map((batch) => batch.totalToSlowest)),
	};
}

/** The fixed interval, in seconds, that is as late on average, found by halving; lateness grows with the interval. */
export async function equallyLateInterval(shape: Shape, seeds: number[], meanLate: number): Promise<number> {
	let [low, high] = [meanLate, 3 * meanLate];
	while (high - low > 0.02 * meanLate) {
		const middle = (low + high) / 2;
		const { meanLate: late } = await measure(shape, seeds, fixedInterval(middle));
		[low, high] = late < meanLate ? [middle, high] : [low, middle];
	}
	return (low + high) / 2;
}

function mean(values: number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
