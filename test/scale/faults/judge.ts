import type { INodeExecutionData } from 'n8n-workflow';
import type { EmulatedJob } from '../../emulator/index';
import type { Execution } from '../../engine/harness/index';

/** How an item came out. `unknown`: its submit's answer was lost, so it may have been paid for, and is not repeated. */
export type End = 'video' | 'failure' | 'timeout' | 'unknown';

export interface Verdict {
	readonly ends: readonly End[];
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
export function judge(execution: Execution, itemCount: number): Verdict {
	const { status } = execution;
	if (status === 'success') return judgeItems(execution.items('Kling'), itemCount);
	if (status !== 'error') return { ends: [], broken: [`the execution is ${status}`] };
	return judgeThrown(execution.error()?.context.data, itemCount);
}

function judgeItems(items: readonly INodeExecutionData[], itemCount: number): Verdict {
	if (items.length !== itemCount) return { ends: [], broken: [`${items.length} items came out of ${itemCount}`] };
	const read = items.map(({ json, binary }) => ({ end: endOf(json, binary !== undefined), json }));
	const broken = read
		.filter(({ end }) => end === undefined)
		.map(({ json }) => `an item is none of all: ${JSON.stringify(json)}`);
	return { ends: read.flatMap(({ end }) => end ?? []), broken };
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
	if (!isText(message) || !isText(description)) return undefined;
	const code = isObject(failure) ? failure.code : undefined;
	if (code === 'submit_unknown') return 'unknown';
	if (code === 'timed_out') return isText(jobId) && description.includes(jobId) ? 'timeout' : undefined;
	return 'failure';
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
	return isText(jobId) && isText(message) && message.includes('was not finished after') ? 'timeout' : 'failure';
}

/** What was paid for, against what had to be: one job for each item, and one for each that had truly ended without a video. */
export function judgeMoney(jobs: readonly EmulatedJob[], itemCount: number): { allowed: number; broken: string[] } {
	const broken: string[] = [];
	let allowed = itemCount;
	const lastOf = new Map<unknown, EmulatedJob>();
	for (const job of jobs) {
		const { prompt } = job.input;
		const earlier = lastOf.get(prompt);
		lastOf.set(prompt, job);
		if (earlier === undefined) continue;
		const hasFailed = earlier.phase === 'failed' || earlier.phase === 'timedOut' || earlier.phase === 'cancelled';
		if (hasFailed && (earlier.finishedAtMs ?? Infinity) <= job.acceptedAtMs) allowed += 1;
		else broken.push(`"${String(prompt)}" was paid for twice: ${earlier.id} is ${earlier.phase}`);
	}
	return { allowed, broken };
}
