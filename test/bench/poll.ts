import { NEVER_STOPPED } from '../../nodes/core/clock';
import { createPoller } from '../../nodes/core/calls/poll';
import { VirtualClock } from '../support/virtualClock';
import { drawFates, seeded, type Shape } from './shapes';
import { type Fate, type Outcome, SimulatedProvider } from './simulatedProvider';

const DEADLINE_MS = 36_000_000;

export interface Batch {
	readonly outcomes: Outcome[];
	readonly totalToSlowest: number;
	/** When each status call arrived, in seconds from the submit, in order. */
	readonly readAtSeconds: number[];
}

/** Times in seconds. */
export interface Measured {
	readonly meanLate: number;
	readonly p95Late: number;
	readonly getsPerJob: number;
	/** Total time of the batch ÷ its slowest job's time, mean of the batches. */
	readonly totalToSlowest: number;
}

/** One batch whose jobs are all submitted at once and polled to their ends, in virtual time. */
export async function simulate(fates: Fate[], seed: number, onRead: () => void = () => undefined): Promise<Batch> {
	const clock = new VirtualClock();
	const provider = new SimulatedProvider(clock, seeded(seed + 2_000_000));
	const startMs = clock.now();
	const readAtSeconds: number[] = [];
	const poller = createPoller({
		clock,
		random: seeded(seed + 1_000_000),
		stop: NEVER_STOPPED,
		read: async (handle) => {
			readAtSeconds.push((clock.now() - startMs) / 1_000);
			onRead();
			return await provider.read(handle);
		},
	});
	const handles = fates.map((fate) => provider.submit(fate));
	const deadlineMs = startMs + DEADLINE_MS;
	await clock.until(Promise.all(handles.map(async (handle) => await poller.poll({ handle, deadlineMs }))));
	const slowestMs = Math.max(...fates.map(({ queueMs, runMs }) => queueMs + runMs));
	return { outcomes: provider.outcomes(), totalToSlowest: (clock.now() - startMs) / slowestMs, readAtSeconds };
}

/** Batches of 20 jobs of one shape, one batch for each seed. */
export async function measure(shape: Shape, seeds: number[]): Promise<Measured> {
	const batches: Batch[] = [];
	for (const seed of seeds) batches.push(await simulate(drawFates(shape, seed), seed));
	const outcomes = batches.flatMap((batch) => batch.outcomes);
	const late = outcomes.map(({ lateMs }) => lateMs / 1_000).sort((a, b) => a - b);
	return {
		meanLate: mean(late),
		p95Late: late[Math.ceil(late.length * 0.95) - 1] ?? NaN,
		getsPerJob: mean(outcomes.map(({ reads }) => reads)),
		totalToSlowest: mean(batches.map((batch) => batch.totalToSlowest)),
	};
}

export function mean(values: number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The most of the times, which are in order, that lie within any span of so many seconds. */
export function mostWithin(seconds: number, times: number[]): number {
	let [most, first] = [0, 0];
	times.forEach((at, index) => {
		while ((times[first] ?? at) <= at - seconds) first++;
		most = Math.max(most, index - first + 1);
	});
	return most;
}
