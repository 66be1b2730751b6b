import type { ProviderName } from '../../nodes/core/job';
import type { JsonObject } from '../../nodes/core/json';
import type { JobScript, Phase } from './types';

/** Bodies under 200 that refuse a submit; to be sent by `misbehave`, so that no job exists. */
export const REFUSALS_UNDER_200: readonly JsonObject[] = [
	{ code: 402, msg: 'Insufficient credits' },
	{ error: 'Insufficient credits' },
	{ success: false, message: 'Insufficient credits' },
];

/** What the error of a failed job says where the input itself can never work. */
export const FINAL_FAILURES: readonly string[] = [
	"Client error '403 Forbidden' for url 'https://pictures.example.com/start.png'",
	"404 Client Error: Not Found for url: 'https://pictures.example.com/start.png'",
	'HTTP Error 404: Not Found',
	'cannot identify image file <_io.BytesIO object at 0x7f3b1c0d2e30>',
	'Invalid base64-encoded string: number of data characters (1001) cannot be 1 more than a multiple of 4',
];

/** What looks alike and passes by itself, or is the provider's own trouble and not the input's. */
export const PASSING_FAILURES: readonly string[] = [
	"Client error '429 Too Many Requests' for url 'https://pictures.example.com/start.png'",
	"Server error '503 Service Unavailable' for url 'https://pictures.example.com/start.png'",
	"Client error '403 Forbidden' for url 'https://api.replicate.com/v1/predictions'",
	'parallel task over resource pack limit',
];

/** Each provider's words in another case or spelling than the documents have. */
export const WORDS_IN_ANOTHER_CASE: Readonly<Record<ProviderName, Readonly<Partial<Record<Phase, string>>>>> = {
	coreToday: {
		queued: 'Pending',
		running: 'PROCESSING',
		completed: 'COMPLETED',
		failed: 'Failed',
		cancelled: 'CANCELED',
		timedOut: 'FAILED',
	},
	runpod: {
		queued: 'in_queue',
		running: 'In_Progress',
		completed: 'completed',
		failed: 'failed',
		cancelled: 'CANCELED',
		timedOut: 'timed_out',
	},
};

/** A job that says it is completed and has an error instead of a video. */
export const COMPLETED_WITH_ERROR: JobScript = {
	outputShape: 'completedWithError',
	error: 'Content flagged as sensitive',
};

/** A whole, good video under a head that says otherwise. */
export const ODD_VIDEOS: readonly JobScript[] = [
	{ videoType: 'application/force-download' },
	{ videoType: 'application/octet-stream' },
	{ videoType: 'binary/octet-stream' },
	{ videoType: 'text/plain' },
	{ videoStatus: 206 },
	{ videoStatus: 203 },
];
