import type { VideoForm } from '../../nodes/core/form';
import type { ProviderName } from '../../nodes/core/job';
import type { JsonObject } from '../../nodes/core/json';

/** What tells one video of a model from another: texts and links, or the expressions that bring them. */
export interface Wanted {
	readonly prompt: string;
	readonly negative: string;
	readonly picture: string;
	readonly clip: string;
}

/**
 * One documented model (docs/providers.md#models) with the form of a video and the request that has to come of it. Both
 * are written by hand: what the product's own tables say is what is tested.
 */
export interface FaultyModel {
	readonly id: string;
	readonly provider: ProviderName;
	/** The path of the submit, below the base URL. */
	readonly path: string;
	form(wanted: Wanted): VideoForm;
	/** What the form says instead where the picture is in the input item's binary field `data`. */
	readonly fromBinary: VideoForm;
	body(wanted: Wanted): JsonObject;
}

const START_FROM_BINARY = { startImageSource: 'binary', startImageField: 'data' };

export const faultyModels: readonly FaultyModel[] = [
	{
		id: 'kwaivgi/kling-v2.1',
		provider: 'coreToday',
		path: '/predictions',
		form: ({ prompt, negative, picture }) => ({
			prompt,
			negativePrompt: negative,
			startImageUrl: picture,
			mode: 'pro',
			duration: 10,
		}),
		fromBinary: START_FROM_BINARY,
		body: ({ prompt, negative, picture }) => ({
			model: 'kwaivgi/kling-v2.1',
			input: { prompt, negative_prompt: negative, start_image: picture, mode: 'pro', duration: 10 },
		}),
	},
	{
		id: 'kwaivgi/kling-v2.5-turbo-pro',
		provider: 'coreToday',
		path: '/predictions',
		form: ({ prompt, negative, picture }) => ({
			prompt,
			negativePrompt: negative,
			startImageUrl: picture,
			duration: 5,
		}),
		fromBinary: START_FROM_BINARY,
		body: ({ prompt, negative, picture }) => ({
			model: 'kwaivgi/kling-v2.5-turbo-pro',
			input: { prompt, negative_prompt: negative, start_image: picture, duration: 5 },
		}),
	},
	{
		id: 'kling-v2-1-i2v-pro',
		provider: 'runpod',
		path: '/kling-v2-1-i2v-pro/run',
		form: ({ prompt, negative, picture }) => ({
			prompt,
			negativePrompt: negative,
			startImageUrl: picture,
			duration: 10,
		}),
		fromBinary: START_FROM_BINARY,
		body: ({ prompt, negative, picture }) => ({
			input: { prompt, negative_prompt: negative, image: picture, duration: 10 },
		}),
	},
	{
		id: 'kling-video-o1-r2v',
		provider: 'runpod',
		path: '/kling-video-o1-r2v/run',
		form: ({ prompt, negative, picture }) => ({
			prompt,
			negativePrompt: negative,
			referenceImageUrls: picture,
			aspectRatio: '9:16',
			duration: 7,
		}),
		fromBinary: { referenceImagesSource: 'binary', referenceImageFields: 'data' },
		body: ({ prompt, negative, picture }) => ({
			input: { prompt, negative_prompt: negative, images: [picture], aspect_ratio: '9:16', duration: 7 },
		}),
	},
	{
		id: 'kling-v2-6-std-motion-control',
		provider: 'runpod',
		path: '/kling-v2-6-std-motion-control/run',
		form: ({ prompt, negative, picture, clip }) => ({
			prompt,
			negativePrompt: negative,
			startImageUrl: picture,
			motionVideoUrl: clip,
			characterOrientation: 'image',
		}),
		fromBinary: START_FROM_BINARY,
		body: ({ prompt, negative, picture, clip }) => ({
			input: { prompt, negative_prompt: negative, image: picture, video: clip, character_orientation: 'image' },
		}),
	},
];
