import { characterOrientation, negativePrompt, optionalPrompt, startImage } from './fields';
import type { Model } from './model';

/** Kling v2.6 Standard Motion Control at Runpod (docs/providers.md#runpod-kling-v26-motion-control): a picture moves as a clip does. */
export const runpodV26MotionControl: Model = {
	provider: 'runpod',
	id: 'kling-v2-6-std-motion-control',
	label: 'Kling v2.6 Motion Control',
	description: 'Makes a picture move as in another video. 0.21 to 0.63 USD, depending on the length of that video.',
	fields: [
		optionalPrompt,
		startImage('image'),
		{ kind: 'videoLink', name: 'motionVideoUrl', key: 'video', label: 'Motion Video URL', required: true },
		characterOrientation,
		{
			kind: 'boolean',
			name: 'keepOriginalSound',
			key: 'keep_original_sound',
			label: 'Keep Original Sound',
			default: true,
			isOption: true,
		},
		negativePrompt,
	],
	// By the length of the clip, which is not known before: up to 3 seconds, up to 6, and longer.
	price: { unit: 'USD', least: 0.21, most: 0.63 },
};
