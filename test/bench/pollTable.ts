import { cpuSeconds, heapMegabytes } from '../support/node.cts';
import { barChart, type Panel } from './chart';
import { mean, measure, mostWithin, simulate } from './poll';
import { drawFates, type Shape, SHAPE_NAMES } from './shapes';

/** One line of the table: what was measured, and whether it meets its goal, where it has one. */
export interface BenchRow {
	readonly name: string;
	readonly values: Readonly<Record<string, string>>;
	readonly goal: string;
	readonly isMet: boolean;
}

/** The goals for the mean lateness of each shape, in seconds. */
const LATE_GOALS: Record<Shape, number> = {
	narrow: 3,
	wide: 3,
	'stalled queue': 3,
	bimodal: 3,
	fast: 3,
	slow: 6,
};
/** What the jobs of each shape take, in words. */
const SHAPE_WORDS: Record<Shape, string> = {
	narrow: '60–120 s',
	wide: '60–300 s',
	'stalled queue': '60–120 s after a queue of 0–10 min',
	bimodal: 'around 70 s and around 240 s',
	fast: '15–40 s',
	slow: '400–900 s',
};
const MEAN_COLUMN = 'mean late s';
const P95_COLUMN = 'p95 late s';
const MANY_JOBS = 1_000;

/** How late the ends of jobs are known, by how long the jobs take. */
export function latenessChart(rows: readonly BenchRow[]): string {
	const panel = (title: string, column: string): Panel => ({
		title,
		bars: rows
			.filter(({ values }) => P95_COLUMN in values)
			.map(({ name, values: { [column]: figure = '' } }) => {
				return { label: name, value: Number(figure), text: `${figure} s`, isOurs: true };
			}),
	});
	return barChart('Kling Video: from the end of a job until it is known, by how long jobs take', [
		panel('On average', MEAN_COLUMN),
		panel('95 of 100 jobs are known within', P95_COLUMN),
	]);
}

/** How late the poller is, and what it costs, in virtual time. `seeds`: how many batches a row averages. */
export async function runPollBench({ seeds: count = 20, firstSeed = 1 } = {}): Promise<BenchRow[]> {
	const seeds = Array.from({ length: count }, (_, index) => firstSeed + index);
	const rows: BenchRow[] = [];
	for (const shape of SHAPE_NAMES) rows.push(await shapeRow(shape, seeds));
	rows.push(
		await batchRow(seeds),
		await threeMinutesRow(seeds),
		await hoursRow(firstSeed),
		await manyJobsRow(firstSeed),
	);
	return rows;
}

async function shapeRow(shape: Shape, seeds: number[]): Promise<BenchRow> {
	const { meanLate, p95Late, getsPerJob } = await measure(shape, seeds);
	const values = {
		[MEAN_COLUMN]: meanLate.toFixed(2),
		[P95_COLUMN]: p95Late.toFixed(2),
		'GETs per job': getsPerJob.toFixed(1),
	};
	return {
		name: SHAPE_WORDS[shape],
		values,
		goal: `≤ ${LATE_GOALS[shape]} s late`,
		isMet: meanLate <= LATE_GOALS[shape],
	};
}

async function batchRow(seeds: number[]): Promise<BenchRow> {
	const { totalToSlowest } = await measure('narrow', seeds);
	const values = { 'total ÷ slowest': totalToSlowest.toFixed(3) };
	return { name: 'batch of 20, 60–120 s', values, goal: '≤ 1.03', isMet: totalToSlowest <= 1.03 };
}

async function threeMinutesRow(seeds: number[]): Promise<BenchRow> {
	const gets: number[] = [];
	for (const seed of seeds) {
		const { outcomes } = await simulate([{ queueMs: 0, runMs: 180_000 }], seed);
		gets.push(mean(outcomes.map(({ reads }) => reads)));
	}
	const values = { 'GETs per job': mean(gets).toFixed(1), most: String(Math.max(...gets)) };
	return { name: 'a job of 3 minutes', values, goal: '≤ 50 GETs', isMet: Math.max(...gets) <= 50 };
}

async function hoursRow(seed: number): Promise<BenchRow> {
	const { readAtSeconds } = await simulate([{ queueMs: 0, runMs: 6 * 3_600_000 }], seed);
	const lastHour = readAtSeconds.filter((at) => at >= 5 * 3_600).length;
	const isMet = lastHour >= 55 && lastHour <= 65;
	return { name: 'the sixth hour of a job', values: { GETs: String(lastHour) }, goal: 'one a minute', isMet };
}

/** Processor time and memory are the whole simulation's, so a little more than the poller's own. */
async function manyJobsRow(seed: number): Promise<BenchRow> {
	const heapBefore = heapMegabytes();
	const cpuBefore = cpuSeconds();
	let peak = heapBefore;
	const { outcomes, readAtSeconds } = await simulate(drawFates('narrow', seed, MANY_JOBS), seed, () => {
		peak = Math.max(peak, heapMegabytes());
	});
	const meanLate = mean(outcomes.map(({ lateMs }) => lateMs / 1_000));
	const mostASecond = mostWithin(0.999, readAtSeconds);
	const values = {
		[MEAN_COLUMN]: meanLate.toFixed(2),
		'most late s': Math.max(...outcomes.map(({ lateMs }) => lateMs / 1_000)).toFixed(2),
		'GETs per job': mean(outcomes.map(({ reads }) => reads)).toFixed(1),
		'most GETs in a second': String(mostASecond),
		'CPU s': (cpuSeconds() - cpuBefore).toFixed(2),
		'peak heap MB': (peak - heapBefore).toFixed(1),
	};
	const isMet = meanLate <= 10 && mostASecond <= 50;
	return { name: `${MANY_JOBS} jobs in flight, 60–120 s`, values, goal: '≤ 10 s late, ≤ 50 GETs a second', isMet };
}
