import { cpuSeconds, heapMegabytes } from '../support/node.cts';
import { adaptive, equallyLateInterval, fixedInterval, measure, type Measured, simulate } from './schedule';
import { drawFates, type Shape, SHAPE_NAMES } from './shapes';

/** One line of the table: what was measured, and whether it meets its goal, where it has one. */
export interface BenchRow {
	readonly name: string;
	readonly values: Readonly<Record<string, string>>;
	readonly goal?: string;
	readonly isMet?: boolean;
}

const FIXED_SECONDS = [2, 5, 10, 15];
const MANY_JOBS = 1_000;

interface Goal {
	readonly text: string;
	isMet(ours: Measured, share: number): boolean;
}

const GOALS: Partial<Record<Shape, Goal>> = {
	narrow: {
		text: '< 2 s late, ≤ 10 GETs, share ≤ 0.5',
		isMet: (ours, share) => ours.meanLate < 2 && ours.getsPerJob <= 10 && share <= 0.5,
	},
	wide: { text: 'share ≤ 0.8', isMet: (_, share) => share <= 0.8 },
	'stalled queue': { text: 'share ≤ 0.4', isMet: (_, share) => share <= 0.4 },
	bimodal: { text: 'share ≤ 0.6', isMet: (_, share) => share <= 0.6 },
	fast: { text: '< 8 s late', isMet: (ours) => ours.meanLate < 8 },
	slow: { text: '≤ 60 GETs', isMet: (ours) => ours.getsPerJob <= 60 },
};

/** How late the poller is and how many calls it makes, in virtual time. `seeds` says how many batches a row averages. */
export async function runScheduleBench({ seeds: count = 20, firstSeed = 1 } = {}): Promise<BenchRow[]> {
	const seeds = Array.from({ length: count }, (_, index) => firstSeed + index);
	const rows = [await batchRow(seeds)];
	for (const shape of SHAPE_NAMES) rows.push(...(await shapeRows(shape, seeds)));
	rows.push(await manyJobsRow());
	return rows;
}

async function batchRow(seeds: number[]): Promise<BenchRow> {
	const { totalToSlowest } = await measure('narrow', seeds, adaptive);
	const values = { 'total ÷ slowest': totalToSlowest.toFixed(3) };
	return { name: 'batch of 20, 60–120 s', values, goal: '≤ 1.03', isMet: totalToSlowest <= 1.03 };
}

async function shapeRows(shape: Shape, seeds: number[]): Promise<BenchRow[]> {
	const ours = await measure(shape, seeds, adaptive);
	const seconds = await equallyLateInterval(shape, seeds, ours.meanLate);
	const equal = await measure(shape, seeds, fixedInterval(seconds));
	const share = ours.getsPerJob / equal.getsPerJob;
	const goal = GOALS[shape];
	const verdict = goal && { goal: goal.text, isMet: goal.isMet(ours, share) };
	const rows: BenchRow[] = [
		{ name: `${shape}: adaptive`, values: { ...shown(ours), 'share of GETs': share.toFixed(2) }, ...verdict },
		{ name: `${shape}: as late, every ${seconds.toFixed(1)} s`, values: shown(equal) },
	];
	for (const fixed of FIXED_SECONDS) {
		rows.push({ name: `${shape}: every ${fixed} s`, values: shown(await measure(shape, seeds, fixedInterval(fixed))) });
	}
	return rows;
}

function shown({ meanLate, p95Late, getsPerJob }: Measured): Record<string, string> {
	return {
		'mean late s': meanLate.toFixed(2),
		'p95 late s': p95Late.toFixed(2),
		'GETs per job': getsPerJob.toFixed(1),
	};
}

/** Processor time and memory are the whole simulation's, so a little more than the follower's own. */
async function manyJobsRow(): Promise<BenchRow> {
	const fates = drawFates('narrow', 1, MANY_JOBS);
	const heapBefore = heapMegabytes();
	const cpuBefore = cpuSeconds();
	let peak = heapBefore;
	const { outcomes } = await simulate(fates, 1, async (handles, provider, clock, seed) => {
		const look = provider.look.bind(provider);
		provider.look = async (handle) => {
			peak = Math.max(peak, heapMegabytes());
			return await look(handle);
		};
		await adaptive(handles, provider, clock, seed);
	});
	const gets = outcomes.reduce((sum, { looks }) => sum + looks, 0);
	const values = {
		'CPU s': (cpuSeconds() - cpuBefore).toFixed(2),
		'peak heap MB': (peak - heapBefore).toFixed(1),
		'GETs per job': (gets / MANY_JOBS).toFixed(1),
		'mean late s': (outcomes.reduce((sum, { lateMs }) => sum + lateMs, 0) / MANY_JOBS / 1_000).toFixed(2),
	};
	return { name: `${MANY_JOBS} jobs in flight, 60–120 s`, values };
}
