import { present, type JsonObject, type JsonValue } from '../../nodes/core/json';
import { repeatedInput, type Emulation } from './emulation';
import { phaseAt, videoUrlOf, type Job } from './jobs';
import type { Phase } from './types';

const WORDS: Readonly<Record<Phase, string>> = {
	queued: 'IN_QUEUE',
	running: 'IN_PROGRESS',
	completed: 'COMPLETED',
	failed: 'FAILED',
	cancelled: 'CANCELLED',
	timedOut: 'TIMED_OUT',
};
/** As in the sample reply of "Kling v2.1 I2V Pro". */
const WORKER_ID = 'oqk7ao1uomckye';

function outputOf(emulation: Emulation, job: Job): JsonValue {
	const videoUrl = videoUrlOf(job, emulation.origin);
	const { outputShape = 'video_url' } = job.script;
	if (outputShape === 'string') return videoUrl;
	if (outputShape === 'array') return [videoUrl];
	const cost = job.price?.amount;
	return { [outputShape]: videoUrl, ...present({ cost }) };
}

/** What `/run` answers. */
export function submittedBody(job: Job): JsonObject {
	return { id: job.id, status: job.script.statusWords?.queued ?? WORDS.queued };
}

/** What `/status` says of the job now. */
export function runpodBody(emulation: Emulation, job: Job): JsonObject {
	return { ...withoutInput(emulation, job), ...repeatedInput(emulation, job) };
}

function withoutInput(emulation: Emulation, job: Job): JsonObject {
	const { script, id } = job;
	const phase = phaseAt(job, emulation.clock.now());
	const known: JsonObject = { id, status: script.statusWords?.[phase] ?? WORDS[phase] };
	if (phase === 'queued' || phase === 'cancelled') return known;
	const started: JsonObject = { ...known, delayTime: job.queueMs };
	if (phase === 'running') return { ...started, workerId: WORKER_ID };
	const ended: JsonObject = { ...started, executionTime: job.runMs, workerId: WORKER_ID };
	if (phase === 'failed') return { ...ended, error: script.error ?? 'Generation failed' };
	if (phase === 'timedOut') return { ...ended, error: script.error ?? 'job timed out' };
	const { outputShape, error = { message: 'Generation failed' } } = script;
	if (outputShape === 'none') return ended;
	if (outputShape === 'completedWithError') return { ...ended, output: { error } };
	if (outputShape !== 'errorInOutput') return { ...ended, output: outputOf(emulation, job) };
	return { ...started, status: WORDS.running, workerId: WORKER_ID, output: { status: 'error', error } };
}
