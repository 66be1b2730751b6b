import type { Call } from '../../calls/http';
import { asText, present } from '../../json';
import { defaultModelOf } from '../../models';
import type { Provider } from '../provider';
import { namedJobId, readCancelled, readJob, readStarted, LABEL } from './reply';
import { readUpload, uploadCall } from './upload';

/** A submit with a picture inside may take a while to travel; a status is short. */
const SUBMIT_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 30_000;

/** Its backend, Replicate, advises data URIs only under 1 MB (docs/providers.md#coretoday-files). */
const MAX_DATA_URI_CHARACTERS = 1_000_000;

const jobCall = (method: 'GET' | 'DELETE', jobId: string): Call => ({
	method,
	path: `/predictions/${encodeURIComponent(jobId)}`,
	timeoutMs: CHECK_TIMEOUT_MS,
});

/** Core.Today's prediction API (docs/providers.md#coretoday-calls). */
export const coreToday: Provider = {
	name: 'coreToday',
	label: LABEL,
	description: 'Kling v2.1 in 720p or 1080p for at least 375 credits (about 0.38 USD) a video, or v2.5 Turbo Pro',
	credential: 'coreTodayApi',
	defaultModel: defaultModelOf('coreToday').id,
	startCall: ({ model, input }, { webhookUrl }) => ({
		method: 'POST',
		path: '/predictions',
		body: present({
			model,
			input,
			webhook: webhookUrl,
			webhook_events: webhookUrl === undefined ? undefined : ['completed', 'failed'],
		}),
		timeoutMs: SUBMIT_TIMEOUT_MS,
	}),
	readStarted,
	takesEndpointId: false,
	// The model that a reply names is not the job's (docs/providers.md#coretoday-replies), so it is only passed on.
	readModel: asText,
	statusCall: ({ jobId }) => jobCall('GET', jobId),
	readJob,
	cancelCall: ({ jobId }) => jobCall('DELETE', jobId),
	readCancelled,
	// Runpod would have made 1080p, which is pro here.
	asSecond: (form, first) => (first === 'runpod' ? { ...form, mode: 'pro' } : form),
	imageDelivery: {
		auto: 'upload',
		upload: { call: uploadCall, read: readUpload },
		dataUriLimit: () => ({
			characters: MAX_DATA_URI_CHARACTERS,
			of: 'picture',
			reason: 'Core.Today takes pictures inside a request up to 1 MB',
		}),
	},
	namedJobId,
};
