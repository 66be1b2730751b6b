import type { Call } from '../../http';
import { present } from '../../json';
import type { Provider } from '../provider';
import { LABEL, readCallback, readCancelled, readJob, readStarted } from './reply';
import { DEFAULT_ENDPOINT_ID, estimateCost, parse } from './request';

const SUBMIT_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 30_000;
/** `/runsync` answers by itself after this (provider-apis, trap 5) … */
const RUNSYNC_HOLD_MS = 90_000;
/** … so the call may take that long and a margin. */
const RUNSYNC_TIMEOUT_MS = RUNSYNC_HOLD_MS + 30_000;

/** The endpoint makes 1080p videos only: Kling's pro mode (provider-apis: 60 s to 5 min, 10 s pro is the slowest). */
const TYPICAL_SECONDS = { 5: 100, 10: 200 };

const jobCall = (method: 'GET' | 'POST', verb: string, model: string, jobId: string): Call => ({
	method,
	path: `/${encodeURIComponent(model)}/${verb}/${encodeURIComponent(jobId)}`,
	timeoutMs: CHECK_TIMEOUT_MS,
});

/** Runpod's public endpoint `kling-v2-1-i2v-pro` (seed, and provider-apis where the seed is silent). */
export const runpod: Provider = {
	name: 'runpod',
	label: LABEL,
	credential: 'runpodApi',
	defaultModel: DEFAULT_ENDPOINT_ID,
	parse,
	startCall: ({ model, input, submitWith }, { webhookUrl }) => ({
		method: 'POST',
		path: `/${encodeURIComponent(model)}/${submitWith}`,
		...(submitWith === 'runsync' ? { query: { wait: String(RUNSYNC_HOLD_MS) } } : {}),
		body: present({ input, webhook: webhookUrl }),
		timeoutMs: submitWith === 'runsync' ? RUNSYNC_TIMEOUT_MS : SUBMIT_TIMEOUT_MS,
	}),
	readStarted,
	statusCall: ({ model, jobId }) => jobCall('GET', 'status', model, jobId),
	readJob,
	cancelCall: ({ model, jobId }) => jobCall('POST', 'cancel', model, jobId),
	readCancelled,
	estimateCost,
	expectRun: ({ model, input }) => ({
		key: `runpod ${model} ${String(input.duration)}`,
		typicalSeconds: input.duration === 10 ? TYPICAL_SECONDS[10] : TYPICAL_SECONDS[5],
	}),
	readCallback,
};
