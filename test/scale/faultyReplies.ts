import type { ProviderName } from '../../nodes/core/job';
import type { JsonObject } from '../../nodes/core/json';
import { jobBody, type Phase } from '../support/apis';

/** What an API tells of a job; times in milliseconds. */
export interface Told {
	readonly id: string;
	readonly phase: Phase;
	readonly acceptedMs: number;
	readonly startsMs: number;
	readonly endsMs: number;
	/** What its clock is ahead of ours. */
	readonly skewMs: number;
	readonly url: string | null;
	/** Of a job that has failed, or of one that is completed with an error inside. */
	readonly error: string | null;
}

const bodies: Readonly<Record<ProviderName, (told: Told) => JsonObject>> = {
	coreToday: ({ acceptedMs, skewMs, url, error }) => ({
		model: 'black-forest-labs/flux-schnell',
		created_at: new Date(acceptedMs + skewMs).toISOString(),
		result: url,
		error,
	}),
	runpod: ({ phase, acceptedMs, startsMs, endsMs, skewMs, url, error }) => ({
		...(phase === 'completed' && { delayTime: startsMs - acceptedMs + skewMs, executionTime: endsMs - startsMs }),
		...(url !== null && { output: { video_url: url, cost: 0.45 } }),
		...(error !== null && (phase === 'completed' ? { output: { error } } : { error })),
	}),
};

/** A whole reply's body. */
export function bodyOf(provider: ProviderName, told: Told): JsonObject {
	return { ...jobBody(provider, told.id, told.phase), ...bodies[provider](told) };
}
