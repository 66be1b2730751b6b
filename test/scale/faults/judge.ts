import type { INodeExecutionData } from 'n8n-workflow';
import type { EmulatedJob } from '../../emulator/index';
import type { Execution } from '../../engine/harness/index';
import type { End } from '../faultFigures';
import { indexOf } from './scene';

export interface Verdict {
	/** By item; empty where the execution itself broke. */
	readonly ends: ReadonlyArray<End | undefined>;
	/** Promises that were broken, in words; empty if all went as it should. */
	readonly broken: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}

/** Judges the items of one ended execution of the node named Kling. */
export function judge(execution: Execution, jobs: readonly EmulatedJob[], itemCount: number): Verdict {
	const verdict = judgeExecution(execution, jobs, itemCount);
	const notRefused = verdict.ends.flatMap((end, index) => {
		// A retry may be refused after a job that failed.
		const alive = jobs.filter(({ input, phase }) => indexOf(input.prompt) === index && !hasFailed(phase));
		return end === 'refused' && alive.length > 0 ? [`item ${index} is called refused, but has ${alive[0]?.id}`] : [];
	});
	return { ends: verdict.ends, broken: [...verdict.broken, ...notRefused] };
}

function judgeExecution(execution: Execution, jobs: readonly EmulatedJob[], itemCount: number): Verdict {
	const { status } = execution;
	if (status === 'success') return judgeItems(execution.items('Kling'), itemCount);
	const error = execution.error();
	if (status !== 'error' || error === undefined) return { ends: [], broken: [`the execution is ${status}`] };
	if (/Nothing (new )?was sent/.test(`${error.message} ${error.description}`)) return judgeRefused(jobs, itemCount);
	return judgeThrown(error.context.data, itemCount);
}

function judgeItems(items: readonly INodeExecutionData[], itemCount: number): Verdict {
	if (items.length !== itemCount) return { ends: [], broken: [`${items.length} items came out of ${itemCount}`] };
	const ends = items.map(({ json, binary }) => endOf(json, binary !== undefined));
	const broken = items
		.filter((_, index) => ends[index] === undefined)
		.map(({ json }) => `an item is none of all: ${JSON.stringify(json)}`);
	return { ends, broken };
}

function endOf(json: Json, hasVideo: boolean): End | undefined {
	const { error, status, jobId, failure, downloadFailure } = json;
	if (isObject(error)) return endOfError(error);
	if (!isText(jobId)) return undefined;
	if (json.timedOut === true || status === 'pending' || status === 'processing') return 'timeout';
	if (status === 'completed') {
		if (hasVideo) return 'video';
		return isObject(downloadFailure) && isText(downloadFailure.message) ? 'failure' : undefined;
	}
	if (status === 'cancelled') return 'failure';
	return status === 'failed' && isObject(failure) && isText(failure.message) ? 'failure' : undefined;
}

function endOfError({ message, description, jobId, failure }: Json): End | undefined {
	if (!isText(message) || !isText(description) || message.startsWith('Something unexpected')) return undefined;
	const { code, charged } = isObject(failure) ? failure : {};
	if (code === 'submit_unknown') return 'unknown';
	if (code === 'timed_out') return isText(jobId) && description.includes(jobId) ? 'timeout' : undefined;
	return jobId === undefined && charged === 'no' ? 'refused' : 'failure';
}

/** The error of a run in which nothing (new) was submitted, as one of its items was wrong. */
function judgeRefused(jobs: readonly EmulatedJob[], itemCount: number): Verdict {
	const paid = new Set(jobs.map(({ input }) => indexOf(input.prompt)));
	return {
		ends: Array.from({ length: itemCount }, (_, index) => (paid.has(index) ? 'failure' : 'refused')),
		broken: [],
	};
}

/** The error of a run with On Error "Stop": its data has every item. */
function judgeThrown(data: unknown, itemCount: number): Verdict {
	const items = isObject(data) && Array.isArray(data.items) ? data.items.filter(isObject) : [];
	if (items.length !== itemCount)
		return { ends: [], broken: [`an error names ${items.length} of ${itemCount} items: ${JSON.stringify(data)}`] };
	return { ends: items.map(endOfThrown), broken: [] };
}

function endOfThrown({ jobId, status, videoUrl, message }: Json): End {
	if (status === 'completed' && isText(videoUrl)) return 'video';
	if (isText(message) && message.includes('It is not known whether')) return 'unknown';
	if (!isText(jobId)) return 'refused';
	return isText(message) && message.includes('was not finished after') ? 'timeout' : 'failure';
}

function hasFailed(phase: EmulatedJob['phase']): boolean {
	return phase === 'failed' || phase === 'timedOut' || phase === 'cancelled';
}

/**
 * What was paid for, against what had to be: one job for each item, and one for each that had truly ended without a video.
 * `saidToFail` are the jobs that are called completed but say that they may be made again.
 */
export function judgeMoney(
	jobs: readonly EmulatedJob[],
	itemCount: number,
	saidToFail: ReadonlySet<string>,
): { allowed: number; broken: string[] } {
	const broken: string[] = [];
	let allowed = itemCount;
	const lastOf = new Map<unknown, EmulatedJob>();
	for (const job of jobs) {
		const { prompt } = job.input;
		const earlier = lastOf.get(prompt);
		lastOf.set(prompt, job);
		if (earlier === undefined) continue;
		const mayBeMadeAgain = hasFailed(earlier.phase) || saidToFail.has(earlier.id);
		if (mayBeMadeAgain && (earlier.finishedAtMs ?? Infinity) <= job.acceptedAtMs) allowed += 1;
		else broken.push(`"${String(prompt)}" was paid for twice: ${earlier.id} is ${earlier.phase}`);
	}
	return { allowed, broken };
}
