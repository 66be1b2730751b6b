import { at } from '../support/defined';
import { barChart } from './chart';

/** Five jobs, made by one form of workflow. */
export interface LoopFigures {
	readonly form: string;
	/** Time from the execution's start to its end ÷ that of the slowest job. */
	readonly totalToSlowest: number;
	/** From a job's end to the status call that told of it, mean of the jobs. */
	readonly lateSeconds: number;
	readonly statusCalls: number;
	/** Until all five videos were there, where the third job of the first run fails. */
	readonly jobsPaid: number;
}

/** Many callbacks, taken by one kind of paused execution. */
export interface CallbackFigures {
	readonly way: string;
	/** For each callback, of n8n's main process, less what it uses when idle. */
	readonly processorMs: number;
	/** Callbacks that were not answered by 2xx within ten seconds, as long as the emulator waits for an answer. */
	readonly unanswered: number;
	/** Callbacks whose execution did not go on to its end. */
	readonly lost: number;
}

/** Something measured of both; the last figures of a list are this package's. */
interface Measure<Figures> {
	readonly title: string;
	of(figures: Figures): number;
	text(value: number): string;
}

const LOOP_MEASURES: ReadonlyArray<Measure<LoopFigures>> = [
	{
		title: 'Whole time ÷ time of the slowest job',
		of: (each) => each.totalToSlowest,
		text: (value) => value.toFixed(2),
	},
	{
		title: 'From the end of a job until it is known, on average',
		of: (each) => each.lateSeconds,
		text: (value) => `${value.toFixed(1)} s`,
	},
	{ title: 'Status calls for five jobs', of: (each) => each.statusCalls, text: String },
	{ title: 'Jobs paid for five videos, if one fails', of: (each) => each.jobsPaid, text: String },
];

const CALLBACK_MEASURES: ReadonlyArray<Measure<CallbackFigures>> = [
	{
		title: "n8n's processor time for a callback",
		of: (each) => each.processorMs,
		text: (value) => `${value.toFixed(0)} ms`,
	},
	{ title: 'Callbacks not answered within 10 s', of: (each) => each.unanswered, text: String },
	{ title: 'Callbacks lost', of: (each) => each.lost, text: String },
];

function rowsOf<Figures>(
	measures: ReadonlyArray<Measure<Figures>>,
	list: readonly Figures[],
	nameOf: (figures: Figures) => string,
): string[] {
	if (list.length === 0) return [];
	const ours = at(list, -1);
	return measures.flatMap(({ title, of, text }) =>
		list.slice(0, -1).map((theirs) => {
			const ratio = of(theirs) === 0 ? '' : (of(ours) / of(theirs)).toFixed(2);
			return `| ${title} | ${nameOf(theirs)} | ${text(of(theirs))} | ${text(of(ours))} | ${ratio} |`;
		}),
	);
}

/** The table of docs/reliability.md#beside-what-people-use. */
export function besideTable(loops: readonly LoopFigures[], callbacks: readonly CallbackFigures[]): string {
	return [
		'| | beside | measured there | this package | this package ÷ the other |',
		'|---|---|---|---|---|',
		...rowsOf(LOOP_MEASURES, loops, ({ form }) => form),
		...rowsOf(CALLBACK_MEASURES, callbacks, ({ way }) => way),
	].join('\n');
}

function chart<Figures>(
	title: string,
	measures: ReadonlyArray<Measure<Figures>>,
	list: readonly Figures[],
	nameOf: (figures: Figures) => string,
): string {
	const panels = measures.map((measure) => ({
		title: measure.title,
		bars: list.map((figures, index) => {
			const value = measure.of(figures);
			return { label: nameOf(figures), value, text: measure.text(value), isOurs: index === list.length - 1 };
		}),
	}));
	return barChart(title, panels);
}

export function loopChart(loops: readonly LoopFigures[]): string {
	return chart('Five videos: HTTP Request, Wait and IF, or one node', LOOP_MEASURES, loops, ({ form }) => form);
}

export function callbacksChart(callbacks: readonly CallbackFigures[]): string {
	return chart("A callback: n8n's Wait node, or Pause Until Callback", CALLBACK_MEASURES, callbacks, ({ way }) => way);
}
