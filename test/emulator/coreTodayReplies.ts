import type { JsonObject, JsonValue } from '../../nodes/core/json';
import { repeatedInput, type Emulation } from './emulation';
import { phaseAt, videoUrlOf, type Job } from './jobs';
import type { Dialect, OutputShape, Phase } from './types';

/** The pages of the models against Core.Today's API reference, which disagree; docs/providers.md. */
const WORDS: Readonly<Record<Dialect, Readonly<Record<Phase, string>>>> = {
	quickstart: {
		queued: 'pending',
		running: 'processing',
		completed: 'completed',
		failed: 'failed',
		cancelled: 'cancelled',
		timedOut: 'failed',
	},
	reference: {
		queued: 'starting',
		running: 'processing',
		completed: 'succeeded',
		failed: 'failed',
		cancelled: 'canceled',
		timedOut: 'failed',
	},
};
/** Every model's page has this one in its sample reply, whatever was asked for. */
const BOILERPLATE_MODEL = 'black-forest-labs/flux-schnell';
const DEFAULT_SHAPE: Readonly<Record<Dialect, OutputShape>> = { quickstart: 'string', reference: 'array' };

function outputOf(shape: OutputShape, videoUrl: string): JsonValue {
	if (shape === 'string') return videoUrl;
	if (shape === 'array') return [videoUrl];
	if (shape === 'video_url' || shape === 'result' || shape === 'url') return { [shape]: videoUrl };
	return null;
}

function errorOf(job: Job, phase: Phase): JsonValue {
	if (phase === 'timedOut') return job.script.error ?? 'Prediction timed out';
	const isFailed = phase === 'failed' || (phase === 'completed' && job.script.outputShape === 'completedWithError');
	return isFailed ? (job.script.error ?? 'Prediction failed') : null;
}

/** What Core.Today says of the job now, in the job's dialect. */
export function coreTodayBody(emulation: Emulation, job: Job): JsonObject {
	const { script } = job;
	const dialect = script.dialect ?? emulation.options.coreTodayDialect ?? 'quickstart';
	const phase = phaseAt(job, emulation.clock.now());
	const status = script.statusWords?.[phase] ?? WORDS[dialect][phase];
	const shape = script.outputShape ?? DEFAULT_SHAPE[dialect];
	const videoUrl = videoUrlOf(job, emulation.origin);
	const output = phase === 'completed' ? outputOf(shape, videoUrl) : null;
	const error = errorOf(job, phase);
	const created_at = new Date(job.acceptedAtMs + (script.clockSkewMs ?? 0)).toISOString();
	const extras: JsonObject = phase === 'completed' && shape === 'public_url' ? { public_url: videoUrl } : {};
	if (dialect === 'reference') return { id: job.id, status, model: job.model, created_at, output, error, ...extras };
	const provider = 'replicate';
	return { job_id: job.id, status, provider, model: BOILERPLATE_MODEL, created_at, result: output, error, ...extras };
}

/** What a status call and a callback say of the job now. */
export function coreTodayStatus(emulation: Emulation, job: Job): JsonObject {
	return { ...coreTodayBody(emulation, job), ...repeatedInput(emulation, job) };
}
