import type { FormContext, VideoForm } from '../../../nodes/core/form';
import { parseForm } from '../../../nodes/core/models/form';
import type { JsonObject } from '../../../nodes/core/json';
import type { Provider, VideoRequest } from '../../../nodes/core/providers/provider';

/** A public picture link. */
export const PICTURE_URL = 'https://example.com/dragon.png';

/** The Generate form as n8n gives it when only what is required was filled in. */
export function formOf(values: Partial<VideoForm> = {}): VideoForm {
	return {
		prompt: 'a woman points at the words',
		startImageSource: 'url',
		startImageUrl: PICTURE_URL,
		startImageField: 'data',
		mode: 'standard',
		duration: 5,
		endImageSource: 'none',
		endImageUrl: '',
		endImageField: 'data',
		...values,
	};
}

const REMOTE: FormContext = { providerIsLocal: false, waits: true };

/** The request a form becomes; throws with its problems if it becomes none. */
export function requestFrom(provider: Provider, values: Partial<VideoForm> = {}, context = REMOTE): VideoRequest {
	const parsed = parseForm(provider.name, formOf(values), context);
	if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
	return parsed.request;
}

export function inputFrom(provider: Provider, values: Partial<VideoForm> = {}): JsonObject {
	return requestFrom(provider, values).input;
}

/** Every problem of a form as "Label message"; empty if there is none. */
export function problemsOf(provider: Provider, values: Partial<VideoForm>, context = REMOTE): string[] {
	const parsed = parseForm(provider.name, formOf(values), context);
	return parsed.kind === 'problems' ? parsed.problems.map(({ field, message }) => `${field} ${message}`) : [];
}
