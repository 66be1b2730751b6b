import { duration, negativePrompt, prompt, safetyChecker, startImage } from './fields';
import type { Model } from './model';

/** Kling v2.1 I2V Pro at Runpod (docs/providers.md#runpod-kling-v21-i2v-pro). */
export const runpodV21: Model = {
	provider: 'runpod',
	id: 'kling-v2-1-i2v-pro',
	label: 'Kling v2.1 Pro',
	description: 'Makes a video from a picture, in 1080p. 0.45 USD for 5 seconds, 0.90 USD for 10.',
	fields: [
		prompt,
		startImage('image'),
		duration,
		{
			kind: 'number',
			name: 'guidanceScale',
			key: 'guidance_scale',
			label: 'Guidance Scale',
			min: 0,
			max: 1,
			default: 0.5,
			isOption: true,
		},
		safetyChecker,
		negativePrompt,
	],
	// 0.45 USD for 5 seconds, 0.90 for 10. The 0.36 of the documented reply is out of date.
	price: { unit: 'USD', least: 0.09, most: 0.09, isPerSecond: true },
};
