import type { Call } from '../../calls/http';
import type { Handle } from '../../job';
import { present } from '../../json';
import { readModelId } from '../../models/other';
import type { Provider } from '../provider';
import { DEFAULT_ENDPOINT_ID, LABEL, namedJobId, readCancelled, readJob, readStarted } from './reply';

const SUBMIT_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 30_000;
/** `/runsync` answers by itself after this time (docs/providers.md#runpod-runsync). */
const RUNSYNC_HOLD_MS = 90_000;
/** It answers earlier if it is asked to, but not earlier than this (docs/providers.md#runpod-runsync). */
const SHORTEST_HOLD_MS = 1_000;
/** The call may take longer than the answer is held back, by this much. */
const HOLD_MARGIN_MS = 30_000;
/** The record of a `/runsync` job lives one minute after its end (docs/providers.md#runpod-records): at least two polls fall into it. */
const RUNSYNC_LONGEST_PAUSE_MS = 20_000;

/** Limits of a whole request (docs/providers.md#runpod-limits), and what prompt and settings may take of it. */
const MAX_BODY_BYTES = { run: 10_000_000, runsync: 20_000_000 };
const REST_OF_BODY_BYTES = 100_000;

/** A record lives 30 minutes after the job's end (docs/providers.md#runpod-records); a later status call finds nothing. */
const MAX_CALLBACK_SECONDS = 1500;

const jobCall = (method: 'GET' | 'POST', verb: string, { model = DEFAULT_ENDPOINT_ID, jobId }: Handle): Call => ({
	method,
	path: `/${encodeURIComponent(model)}/${verb}/${encodeURIComponent(jobId)}`,
	timeoutMs: CHECK_TIMEOUT_MS,
});

const runsync = (patienceMs = RUNSYNC_HOLD_MS): Pick<Call, 'query' | 'timeoutMs'> => {
	const holdMs = Math.max(SHORTEST_HOLD_MS, Math.min(RUNSYNC_HOLD_MS, Math.floor(patienceMs)));
	return { query: { wait: String(holdMs) }, timeoutMs: holdMs + HOLD_MARGIN_MS };
};

/** Runpod's public endpoints (docs/providers.md#runpod-calls). */
export const runpod: Provider = {
	name: 'runpod',
	label: LABEL,
	description: 'Kling v2.1 Pro in 1080p, 0.45 USD for 5 seconds, or Kling O1, or v2.6 Motion Control',
	credential: 'runpodApi',
	defaultModel: DEFAULT_ENDPOINT_ID,
	startCall: ({ model, input, submitWith }, { webhookUrl, patienceMs }) => ({
		method: 'POST',
		path: `/${encodeURIComponent(model)}/${submitWith}`,
		body: present({ input, webhook: webhookUrl }),
		...(submitWith === 'runsync' ? runsync(patienceMs) : { timeoutMs: SUBMIT_TIMEOUT_MS }),
	}),
	readStarted,
	takesEndpointId: true,
	readModel: (named, fields) =>
		named === undefined ? DEFAULT_ENDPOINT_ID : readModelId('runpod', 'Endpoint ID', named, fields),
	statusCall: (handle) => jobCall('GET', 'status', handle),
	readJob,
	cancelCall: (handle) => jobCall('POST', 'cancel', handle),
	readCancelled,
	maxCallbackSeconds: MAX_CALLBACK_SECONDS,
	imageDelivery: {
		auto: 'dataUri',
		dataUriLimit: ({ submitWith }) => ({
			characters: MAX_BODY_BYTES[submitWith] - REST_OF_BODY_BYTES,
			of: 'request',
			reason: `Runpod takes requests of at most ${MAX_BODY_BYTES[submitWith] / 1_000_000} MB with /${submitWith}`,
		}),
	},
	longestPollPauseMs: ({ submitWith }) => (submitWith === 'runsync' ? RUNSYNC_LONGEST_PAUSE_MS : undefined),
	namedJobId,
};
