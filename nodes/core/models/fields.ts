import type { BooleanField, ChoiceField, PictureField, TextField } from './model';

/** Kling's own limit on prompt and negative prompt, in characters (docs/providers.md#kling-limits). */
const TEXT = { kind: 'text', maxLength: 2500 } as const;

export const optionalPrompt: TextField = { ...TEXT, name: 'prompt', key: 'prompt', label: 'Prompt' };

export const prompt: TextField = { ...optionalPrompt, required: true };

export const negativePrompt: TextField = {
	...TEXT,
	name: 'negativePrompt',
	key: 'negative_prompt',
	label: 'Negative Prompt',
};

/** The picture that a video begins with, for the input key that takes it. */
export const startImage = (key: string): PictureField & { required: true } => ({
	kind: 'picture',
	name: 'startImage',
	key,
	label: 'Start Image',
	required: true,
	defaultSource: 'url',
});

export const mode = {
	kind: 'choice',
	name: 'mode',
	key: 'mode',
	label: 'Mode',
	choices: ['standard', 'pro'],
	labels: ['Standard (720p)', 'Pro (1080p)'],
	default: 'standard',
} as const satisfies ChoiceField;

export const duration: ChoiceField = {
	kind: 'choice',
	name: 'duration',
	key: 'duration',
	label: 'Duration',
	choices: [5, 10],
	default: 5,
};

export const aspectRatio = {
	kind: 'choice',
	name: 'aspectRatio',
	key: 'aspect_ratio',
	label: 'Aspect Ratio',
	choices: ['16:9', '9:16', '1:1'],
	labels: ['16:9 (Landscape)', '9:16 (Upright)', '1:1 (Square)'],
	default: '16:9',
} as const satisfies ChoiceField;

/** Whether a figure faces as in the picture or as in the video that it moves like. */
export const characterOrientation = {
	kind: 'choice',
	name: 'characterOrientation',
	key: 'character_orientation',
	label: 'Character Orientation',
	choices: ['video', 'image'],
	labels: ['As in the Video', 'As in the Picture'],
	default: 'video',
	required: true,
} as const satisfies ChoiceField;

export const safetyChecker: BooleanField = {
	kind: 'boolean',
	name: 'enableSafetyChecker',
	key: 'enable_safety_checker',
	label: 'Enable Safety Checker',
	default: true,
	isOption: true,
};
