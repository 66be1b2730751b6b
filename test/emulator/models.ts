import type { ProviderName } from '../../nodes/core/job';
import { asNumber, type JsonObject } from '../../nodes/core/json';
import type { Schema } from './schemas';
import type { Price } from './types';

/** What one model takes and costs, written by hand from its provider's document. */
export interface Model {
	readonly input: Schema;
	/** The keys of the input that hold a picture, or a list of them. */
	readonly pictureKeys: readonly string[];
	/** The keys of the input that hold the link of a clip. */
	readonly clipKeys: readonly string[];
	/** `clipSeconds`: how long the emulator takes every clip to be. */
	price(input: JsonObject, clipSeconds: number): Price;
}

/** Kling's own limits, which no page of either provider repeats; docs/providers.md. */
const PROMPT = { type: 'string', minLength: 1, maxLength: 2500 };
const OPTIONAL_TEXT = { type: 'string', maxLength: 2500 };
const DURATION = { enum: [5, 10] };
const ASPECT_RATIO = { enum: ['16:9', '9:16', '1:1'] };
const FLAG = { type: 'boolean' };
/** A link or a data URI: no page names the latter, and the vendors' own clients send it; docs/providers.md. */
const PICTURE = { type: 'string', pattern: '^(https?://|data:image/(png|jpe?g);base64,)' };
const CLIP = { type: 'string', pattern: '^https?://' };

/** Core.Today, llms.txt of `kwaivgi/kling-v2.1`; 375 credits is a base price, what pro or 10 s add is unknown. */
const KLING_V2_1: Model = {
	input: {
		type: 'object',
		required: ['prompt', 'start_image'],
		additionalProperties: false,
		properties: {
			prompt: PROMPT,
			start_image: PICTURE,
			mode: { enum: ['standard', 'pro'] },
			duration: DURATION,
			end_image: PICTURE,
			negative_prompt: OPTIONAL_TEXT,
		},
		if: { required: ['end_image'] },
		then: { required: ['mode'], properties: { mode: { const: 'pro' } } },
	},
	pictureKeys: ['start_image', 'end_image'],
	clipKeys: [],
	price: () => ({ amount: 375, unit: 'credits' }),
};

/** Core.Today, llms.txt of `kwaivgi/kling-v2.5-turbo-pro`: "525 per request", pricing type "fixed". */
const KLING_V2_5_TURBO_PRO: Model = {
	input: {
		type: 'object',
		required: ['prompt'],
		additionalProperties: false,
		properties: {
			prompt: PROMPT,
			start_image: PICTURE,
			// "Deprecated: Use start_image instead".
			image: PICTURE,
			aspect_ratio: ASPECT_RATIO,
			duration: DURATION,
			negative_prompt: OPTIONAL_TEXT,
		},
	},
	pictureKeys: ['start_image', 'image'],
	clipKeys: [],
	price: () => ({ amount: 525, unit: 'credits' }),
};

/** Runpod docs, "Kling v2.1 I2V Pro": $0.45 for 5 s, $0.90 for 10 s. */
const KLING_V2_1_I2V_PRO: Model = {
	input: {
		type: 'object',
		required: ['prompt', 'image'],
		additionalProperties: false,
		properties: {
			prompt: PROMPT,
			image: PICTURE,
			negative_prompt: OPTIONAL_TEXT,
			guidance_scale: { type: 'number', minimum: 0, maximum: 1 },
			duration: DURATION,
			enable_safety_checker: FLAG,
		},
	},
	pictureKeys: ['image'],
	clipKeys: [],
	price: (input) => usd(secondsOf(input) * 0.09),
};

/** Runpod docs, "Kling Video O1 R2V": $0.112 per second of video. */
const KLING_VIDEO_O1_R2V: Model = {
	input: {
		type: 'object',
		required: ['prompt', 'images'],
		additionalProperties: false,
		properties: {
			prompt: PROMPT,
			images: { type: 'array', minItems: 1, maxItems: 10, items: PICTURE },
			video: CLIP,
			negative_prompt: OPTIONAL_TEXT,
			aspect_ratio: ASPECT_RATIO,
			duration: { type: 'integer', minimum: 3, maximum: 10 },
			seed: { type: 'integer' },
			enable_prompt_expansion: FLAG,
			enable_safety_checker: FLAG,
		},
	},
	pictureKeys: ['images'],
	clipKeys: ['video'],
	price: (input) => usd(secondsOf(input) * 0.112),
};

/** Runpod docs, "Kling v2.6 Motion Control": by the clip's length, in steps of 3 s, and no more than $0.63 is documented. */
const KLING_V2_6_STD_MOTION_CONTROL: Model = {
	input: {
		type: 'object',
		required: ['image', 'video', 'character_orientation'],
		additionalProperties: false,
		properties: {
			image: PICTURE,
			video: CLIP,
			character_orientation: { enum: ['video', 'image'] },
			prompt: OPTIONAL_TEXT,
			negative_prompt: OPTIONAL_TEXT,
			keep_original_sound: FLAG,
		},
	},
	pictureKeys: ['image'],
	clipKeys: ['video'],
	price: (_input, clipSeconds) => usd(0.21 * Math.min(3, Math.max(1, Math.ceil(clipSeconds / 3)))),
};

/** Every model and endpoint that the documents name, by the IDs that are sent. */
export const MODELS: Readonly<Record<ProviderName, Readonly<Record<string, Model>>>> = {
	coreToday: {
		'kwaivgi/kling-v2.1': KLING_V2_1,
		'replicate/kwaivgi/kling-v2.1': KLING_V2_1,
		'kwaivgi/kling-v2.5-turbo-pro': KLING_V2_5_TURBO_PRO,
		'replicate/kwaivgi/kling-v2.5-turbo-pro': KLING_V2_5_TURBO_PRO,
	},
	runpod: {
		'kling-v2-1-i2v-pro': KLING_V2_1_I2V_PRO,
		'kling-video-o1-r2v': KLING_VIDEO_O1_R2V,
		'kling-v2-6-std-motion-control': KLING_V2_6_STD_MOTION_CONTROL,
	},
};

/** The duration that was asked for, or the default that every document names. */
function secondsOf(input: JsonObject): number {
	return asNumber(input.duration) ?? 5;
}

/** Whole tenths of a cent, as every documented price has. */
function usd(amount: number): Price {
	return { amount: Math.round(amount * 1000) / 1000, unit: 'USD' };
}

/** The model of that ID; own keys only, so that `constructor` is none. */
export function modelOf(provider: ProviderName, id: string): Model | undefined {
	return Object.hasOwn(MODELS[provider], id) ? MODELS[provider][id] : undefined;
}
