import { duration, mode, negativePrompt, prompt, startImage } from './fields';
import type { Model } from './model';

/** Kling v2.1 at Core.Today (docs/providers.md#coretoday-kling-v21). */
export const coreTodayV21: Model = {
	provider: 'coreToday',
	id: 'kwaivgi/kling-v2.1',
	label: 'Kling v2.1',
	description: 'Makes a video from a picture, in 720p or 1080p. At least 375 credits (about 0.38 USD) a video.',
	fields: [
		prompt,
		startImage('start_image'),
		{ kind: 'picture', name: 'endImage', key: 'end_image', label: 'End Image', defaultSource: 'none' },
		mode,
		duration,
		negativePrompt,
	],
	// A base price: what pro or 10 seconds cost is not documented.
	price: { unit: 'credits', least: 375 },
	rule: (draft) => {
		const { mode: chosen } = draft.input;
		if (!draft.has('end_image') || !(chosen === undefined || chosen === 'standard')) return;
		draft.refuse('End Image', 'needs Mode set to Pro. Choose Pro, or set End Image to None.');
	},
};
