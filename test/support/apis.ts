import type { ProviderName } from '../../nodes/core/job';
import type { JsonObject } from '../../nodes/core/json';
import { providers } from '../../nodes/core/providers';

/** Every provider, in the order of the form. */
export const providerNames: readonly ProviderName[] = providers.map(({ name }) => name);

/** The credential types of a node of this package. */
export const credentialNames: readonly string[] = providers.map(({ credential }) => credential);

/** The states that tests let a job be in. */
export type Phase = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** How an API talks, as far as a test has to say it itself; test/fixtures has whole replies and their sources. */
export interface Dialect {
	/** Where a reply, or a callback, has the job's ID. */
	readonly idKey: string;
	readonly statusKey: string;
	readonly words: Readonly<Record<Phase, string>>;
	/** The key of the input that takes the first frame. */
	readonly pictureKey: string;
	/** The ID that the fixtures' replies name. */
	readonly jobId: string;
	/** How a call says whose it is. */
	keyHeaders(apiKey: string): Readonly<Record<string, string>>;
}

/**
 * The form of Core.Today's callback is not known, so it is taken to be that of a status reply; Runpod's is documented to be
 * (docs/providers.md#runpod-callbacks).
 */
export const dialects: Readonly<Record<ProviderName, Dialect>> = {
	coreToday: {
		idKey: 'job_id',
		statusKey: 'status',
		words: {
			queued: 'pending',
			running: 'processing',
			completed: 'completed',
			failed: 'failed',
			cancelled: 'cancelled',
		},
		pictureKey: 'start_image',
		jobId: 'abc123',
		keyHeaders: (apiKey) => ({ 'X-API-Key': apiKey }),
	},
	runpod: {
		idKey: 'id',
		statusKey: 'status',
		words: {
			queued: 'IN_QUEUE',
			running: 'IN_PROGRESS',
			completed: 'COMPLETED',
			failed: 'FAILED',
			cancelled: 'CANCELLED',
		},
		pictureKey: 'image',
		jobId: 'sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1',
		keyHeaders: (apiKey) => ({ Authorization: `Bearer ${apiKey}` }),
	},
};

/** The least that an API says of a job. */
export function jobBody(provider: ProviderName, jobId: string, phase: Phase): JsonObject {
	const { idKey, statusKey, words } = dialects[provider];
	return { [idKey]: jobId, [statusKey]: words[phase] };
}
