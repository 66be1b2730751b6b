import { asNumber, type JsonObject, type JsonValue } from '../../nodes/core/json';
import type { Emulation } from './emulation';
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
/** docs/providers.md#runpod-kling-v21-i2v-pro. */
const USD_PER_5_SECONDS = 0.45;
/** From the documented sample reply: docs/providers.md#runpod-replies. */
const WORKER_ID = 'oqk7ao1uomckye';

function outputOf(emulation: Emulation, job: Job): JsonValue {
	const videoUrl = videoUrlOf(job, emulation.origin);
	const cost = ((asNumber(job.input.duration) ?? 5) / 5) * USD_PER_5_SECONDS;
	const { outputShape = 'video_url' } = job.script;
	if (outputShape === 'string') return videoUrl;
	if (outputShape === 'array') return [videoUrl];
	return { [outputShape]: videoUrl, cost };
}

/** What `/run` answers. */
export function submittedBody(job: Job): JsonObject {
	return { id: job.id, status: job.script.statusWords?.queued ?? WORDS.queued };
}

/** What `/status` says of the job now. */
export function runpodBody(emulation: Emulation, job: Job): JsonObject {
	const { script, id } = job;
	const phase = phaseAt(job, emulation.clock.now());
	const known: JsonObject = { id, status: script.statusWords?.[phase] ?? WORDS[phase] };
	if (phase === 'queued' || phase === 'cancelled') return known;
	const started: JsonObject = { ...known, delayTime: job.queueMs };
	if (phase === 'running') return { ...started, workerId: WORKER_ID };
	const ended: JsonObject = { ...started, executionTime: job.runMs, workerId: WORKER_ID };
	if (phase === 'failed') return { ...ended, error: script.error ?? 'Generation failed' };
	if (phase === 'timedOut') return { ...ended, error: script.error ?? 'job timed out' };
	if (script.outputShape === 'none') return ended;
	if (script.outputShape !== 'errorInOutput') return { ...ended, output: outputOf(emulation, job) };
	const error = script.error ?? { message: 'Generation failed' };
	return { ...started, status: WORDS.running, workerId: WORKER_ID, output: { status: 'error', error } };
}
