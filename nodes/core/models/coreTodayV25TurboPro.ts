import { without } from '../json';
import { aspectRatio, duration, negativePrompt, prompt, startImage } from './fields';
import type { Model } from './model';

/** Kling v2.5 Turbo Pro at Core.Today (docs/providers.md#coretoday-kling-v25-turbo-pro): from a picture, or from text alone. */
export const coreTodayV25TurboPro: Model = {
	provider: 'coreToday',
	id: 'kwaivgi/kling-v2.5-turbo-pro',
	label: 'Kling v2.5 Turbo Pro',
	description: 'Makes a video from a picture, or from the prompt alone. 525 credits (about 0.53 USD) a video.',
	fields: [
		prompt,
		without(startImage('start_image'), 'required'),
		// An old name of the start image, which the API still takes.
		{ kind: 'picture', key: 'image', label: 'Additional Input: image' },
		aspectRatio,
		duration,
		negativePrompt,
	],
	price: { unit: 'credits', least: 525, most: 525 },
	rule: (draft) => {
		// The video has the picture's shape then, and the API ignores an aspect ratio.
		if (draft.has('start_image') || draft.has('image')) delete draft.input.aspect_ratio;
	},
};
