import { aspectRatio, negativePrompt, prompt, safetyChecker } from './fields';
import type { Model } from './model';

/** Kling Video O1 at Runpod (docs/providers.md#runpod-kling-o1): from reference pictures and text. */
export const runpodO1: Model = {
	provider: 'runpod',
	id: 'kling-video-o1-r2v',
	label: 'Kling O1',
	description: 'Makes a video from 1 to 10 reference pictures. 0.112 USD a second.',
	fields: [
		prompt,
		{ kind: 'pictures', name: 'referenceImages', key: 'images', label: 'Reference Images', required: true, max: 10 },
		{ kind: 'videoLink', key: 'video', label: 'Additional Input: video' },
		aspectRatio,
		{
			kind: 'number',
			name: 'duration',
			key: 'duration',
			label: 'Duration',
			min: 3,
			max: 10,
			isWhole: true,
			isSeconds: true,
			default: 5,
		},
		{ kind: 'number', name: 'seed', key: 'seed', label: 'Seed', isWhole: true, default: -1, isOption: true },
		{
			kind: 'boolean',
			name: 'enablePromptExpansion',
			key: 'enable_prompt_expansion',
			label: 'Enable Prompt Expansion',
			default: false,
			isOption: true,
		},
		safetyChecker,
		negativePrompt,
	],
	price: { unit: 'USD', least: 0.112, most: 0.112, isPerSecond: true },
};
