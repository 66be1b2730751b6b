import type { IDisplayOptions, INodeProperties, INodePropertyOptions, NodeParameterValue } from 'n8n-workflow';
import type { ProviderName } from '../../core/job';
import { without } from '../../core/json';
import { choicesOf, defaultModelOf, modelsWith, modelsWithout } from '../../core/models';
import { OTHER } from '../../core/models/other';
import { providers } from '../../core/providers';
import { choices, fallbackChoices } from '../../core/providers/choices';
import { notAsTool, onlyAsTool, outputFields } from '../../kling/fields';
import { generateOptions } from './options';

type Conditions = Record<string, NodeParameterValue[]>;

const GENERATE = { operation: ['generate'] };
const FALLBACK = { ...GENERATE, provider: fallbackChoices };

/*
 * Model is hidden with a fallback choice, which makes v2.1 at both providers, and n8n takes a hidden parameter for one
 * without a value. So a field that v2.1 has is hidden for the models without it; one that v2.1 does not have is shown for
 * the models with it; and where neither will do the field is there twice, once for the fallback choices.
 */
const MODEL: INodeProperties = {
	displayName: 'Model',
	name: 'model',
	type: 'options',
	noDataExpression: true,
	default: '',
	description: 'Which Kling model makes the video',
	builderHint: {
		propertyHint:
			'Each provider has models of its own. Keep the default unless the user asks for another one. "other" takes any model by its ID in modelId; its price is not known, so maxCost refuses it.',
	},
};

const modelField = (provider: ProviderName): INodeProperties => ({
	...MODEL,
	default: defaultModelOf(provider).id,
	options: choicesOf(provider).map(({ id, label, description }) => ({ name: label, value: id, description })),
	displayOptions: { show: { ...GENERATE, provider: [provider] } },
});

const modelFields: INodeProperties[] = [
	...providers.map(({ name }) => modelField(name)),
	{
		displayName: 'Model ID',
		name: 'modelId',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. kling-v2-1-i2v-pro',
		description:
			"The provider's ID of the model. If it needs more than the fields below, add the Additional Input option. Its price is not known.",
		displayOptions: { show: { ...GENERATE, model: [OTHER] } },
	},
];

const PROMPT: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	default: '',
	typeOptions: { rows: 4 },
	placeholder: 'e.g. The camera moves slowly around the product while steam rises',
	description: 'What happens in the video, in up to 2500 characters',
};

const MODELS_WITHOUT_NEED_OF_PROMPT = modelsWith('prompt', ({ required }) => required !== true);

const promptFields: INodeProperties[] = [
	{ ...PROMPT, required: true, displayOptions: { show: GENERATE, hide: { model: MODELS_WITHOUT_NEED_OF_PROMPT } } },
	{ ...PROMPT, displayOptions: { show: { ...GENERATE, model: MODELS_WITHOUT_NEED_OF_PROMPT } } },
];

const URL_SOURCE = { name: 'URL', value: 'url', description: 'A public link' };
const BINARY: INodePropertyOptions = notAsTool({
	name: 'Binary',
	value: 'binary',
	description: 'A picture from the previous node',
});

const fieldName = (name: string, label: string, show: Conditions, hide: Conditions = {}): INodeProperties => ({
	displayName: 'Input Data Field Name',
	name,
	type: 'string',
	required: true,
	default: 'data',
	placeholder: 'e.g. data',
	hint: `The name of the input binary field with the ${label}: a JPEG or PNG of up to 10 MB`,
	displayOptions: { show, hide },
});

const urlField = (name: string, displayName: string, show: Conditions, hide: Conditions = {}): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. https://example.com/picture.png',
	description: 'A public link to a JPEG or PNG picture, at least 300 px on both sides and up to 10 MB',
	displayOptions: { show, hide },
});

const WITHOUT_START_IMAGE = { model: modelsWithout('startImage') };
const MODELS_WITH_OPTIONAL_START = modelsWith('startImage', ({ required }) => required !== true);

const startImageFields: INodeProperties[] = [
	{
		displayName: 'Start Image',
		name: 'startImageSource',
		type: 'options',
		default: 'url',
		description: 'The picture that the video starts with. The video has the shape of this picture.',
		options: [
			URL_SOURCE,
			BINARY,
			{
				name: 'None',
				value: 'none',
				description: 'Make the video from the prompt alone',
				displayOptions: { show: { model: MODELS_WITH_OPTIONAL_START } },
			},
		],
		displayOptions: { show: GENERATE, hide: WITHOUT_START_IMAGE },
	},
	urlField('startImageUrl', 'Start Image URL', { ...GENERATE, startImageSource: ['url'] }, WITHOUT_START_IMAGE),
	fieldName('startImageField', 'first frame', { ...GENERATE, startImageSource: ['binary'] }, WITHOUT_START_IMAGE),
];

const WITH_REFERENCES = { ...GENERATE, model: modelsWith('referenceImages') };

const referenceImageFields: INodeProperties[] = [
	{
		displayName: 'Reference Images',
		name: 'referenceImagesSource',
		type: 'options',
		default: 'url',
		description: 'The 1 to 10 pictures that show what is to be in the video',
		options: [
			{ name: 'URL', value: 'url', description: 'Public links' },
			notAsTool({ name: 'Binary', value: 'binary', description: 'Pictures from the previous node' }),
		],
		displayOptions: { show: WITH_REFERENCES },
	},
	{
		displayName: 'Reference Image URLs',
		name: 'referenceImageUrls',
		type: 'string',
		required: true,
		default: '',
		typeOptions: { rows: 3 },
		placeholder: 'e.g. https://example.com/person.png',
		description:
			'Public links to JPEG or PNG pictures, one on each line, or an expression that returns a list of links',
		displayOptions: { show: { ...WITH_REFERENCES, referenceImagesSource: ['url'] } },
	},
	{
		displayName: 'Input Data Field Names',
		name: 'referenceImageFields',
		type: 'string',
		required: true,
		default: 'data',
		placeholder: 'e.g. person, product',
		hint: 'The names of the input binary fields with the pictures, separated by commas',
		displayOptions: { show: { ...WITH_REFERENCES, referenceImagesSource: ['binary'] } },
	},
];

const WITH_MOTION = { ...GENERATE, model: modelsWith('motionVideoUrl') };

const motionFields: INodeProperties[] = [
	{
		displayName: 'Motion Video URL',
		name: 'motionVideoUrl',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. https://example.com/dance.mp4',
		description:
			'A public link to the video whose movement the picture is to copy. The price depends on the length of that video.',
		displayOptions: { show: WITH_MOTION },
	},
	{
		displayName: 'Character Orientation',
		name: 'characterOrientation',
		type: 'options',
		default: 'video',
		description: 'Whether the character faces as in the video or as in the picture',
		options: [
			{ name: 'As in the Video', value: 'video' },
			{ name: 'As in the Picture', value: 'image' },
		],
		displayOptions: { show: WITH_MOTION },
	},
];

const ASPECT_RATIO: INodeProperties = {
	displayName: 'Aspect Ratio',
	name: 'aspectRatio',
	type: 'options',
	default: '16:9',
	description: 'The shape of the video',
	options: [
		{ name: '16:9 (Landscape)', value: '16:9' },
		{ name: '9:16 (Upright)', value: '9:16' },
		{ name: '1:1 (Square)', value: '1:1' },
	],
};

/** An AI Agent can fill in a text or a number, but no list (docs/n8n.md). So as a tool each of these has a twin. */
const withTwin = (list: INodeProperties, twin: Partial<INodeProperties>, shown: IDisplayOptions): INodeProperties[] => {
	const property: INodeProperties = { ...list, displayOptions: shown };
	return [notAsTool(property), onlyAsTool({ ...without(property, 'options'), ...twin })];
};

const aspectRatioAs = (show: Conditions): INodeProperties[] =>
	withTwin(
		ASPECT_RATIO,
		{
			type: 'string',
			placeholder: 'e.g. 9:16',
			description: 'The shape of the video: 16:9 (landscape), 9:16 (upright) or 1:1 (square)',
		},
		{ show },
	);

/** Without a start image the form says the shape; with one, the video has the picture's. */
const aspectRatioFields: INodeProperties[] = [
	...aspectRatioAs({ startImageSource: ['none'], ...GENERATE, model: MODELS_WITH_OPTIONAL_START }),
	...aspectRatioAs({
		...GENERATE,
		model: modelsWith('aspectRatio').filter((id) => !modelsWith('startImage').includes(id)),
	}),
];

const FREE_DURATION = modelsWith('duration', ({ kind }) => kind === 'number');

const DURATION: INodeProperties = {
	displayName: 'Duration',
	name: 'duration',
	type: 'options',
	default: 5,
	description:
		'The length of the video. Kling v2.1 at Runpod costs 0.45 USD for 5 seconds and 0.90 USD for 10. At Core.Today it costs at least 375 credits; what 10 seconds cost there is not documented.',
	options: [
		{ name: '5 Seconds', value: 5 },
		{ name: '10 Seconds', value: 10 },
	],
};

const durationFields: INodeProperties[] = [
	...withTwin(
		DURATION,
		{
			displayName: 'Duration (Seconds)',
			type: 'number',
			description: 'The length of the video: 5 or 10 seconds. At Runpod, 10 seconds cost twice as much.',
		},
		{ show: GENERATE, hide: { model: modelsWithout('duration', ({ kind }) => kind === 'choice') } },
	),
	{
		displayName: 'Duration (Seconds)',
		name: 'duration',
		type: 'number',
		default: 5,
		typeOptions: { minValue: 3, maxValue: 10 },
		description: 'The length of the video, from 3 to 10 seconds. Each second costs 0.112 USD.',
		displayOptions: { show: { ...GENERATE, model: FREE_DURATION } },
	},
];

const MODE: INodeProperties = {
	displayName: 'Mode',
	name: 'mode',
	type: 'options',
	default: 'standard',
	description: 'The resolution of the video. What Pro costs more is not documented.',
	options: [
		{ name: 'Standard (720p)', value: 'standard' },
		{ name: 'Pro (1080p)', value: 'pro' },
	],
};

/** Where Runpod comes first Mode would change nothing: Core.Today is then asked for what Runpod makes. */
const WITH_MODE: Conditions[] = [
	{ ...GENERATE, provider: ['coreToday'], model: modelsWith('mode') },
	{ ...GENERATE, provider: ['coreTodayThenRunpod'] },
];
const MODE_AS_TEXT: Partial<INodeProperties> = {
	type: 'string',
	placeholder: 'e.g. pro',
	description: 'The resolution of the video: standard (720p) or pro (1080p)',
};
const modeFields = WITH_MODE.flatMap((show) => withTwin(MODE, MODE_AS_TEXT, { show }));

const END_IMAGE: INodeProperties = {
	displayName: 'End Image',
	name: 'endImageSource',
	type: 'options',
	default: 'none',
	description: 'The picture that the video ends with. Only Core.Today takes one, and only with Mode set to Pro.',
	options: [{ name: 'None', value: 'none' }, URL_SOURCE, BINARY],
};
const WITH_END_IMAGE = [{ ...GENERATE, provider: ['coreToday'], model: modelsWith('endImage') }, FALLBACK];
/** The source first: at an expression n8n stops reading and shows the field. */
const withEndImageFrom = (sources: string[]): Conditions[] =>
	WITH_END_IMAGE.map((show) => ({ endImageSource: sources, ...show }));

/** Shown wherever it can be set, also where it will be refused: n8n drops the value of a hidden field without saying so. */
const endImageFields: INodeProperties[] = [
	...WITH_END_IMAGE.map((show) => ({ ...END_IMAGE, displayOptions: { show } })),
	...withEndImageFrom(['url']).map((show) => urlField('endImageUrl', 'End Image URL', show)),
	...withEndImageFrom(['binary']).map((show) => fieldName('endImageField', 'last frame', show)),
	{
		displayName: 'An end image needs Mode set to Pro. With Standard the node stops with an error.',
		name: 'endImageNeedsPro',
		type: 'notice',
		default: '',
		displayOptions: { show: { endImageSource: ['url', 'binary'], ...GENERATE, mode: ['standard'] } },
	},
	{
		displayName:
			'Runpod takes no end image, so the node stops with an error. Choose Core.Today as the first provider, or set End Image to None.',
		name: 'endImageNotAtRunpod',
		type: 'notice',
		default: '',
		displayOptions: { show: { endImageSource: ['url', 'binary'], ...GENERATE, provider: ['runpodThenCoreToday'] } },
	},
];

const negativePromptField: INodeProperties = {
	displayName: 'Negative Prompt',
	name: 'negativePrompt',
	type: 'string',
	default: '',
	placeholder: 'e.g. blur, distortion, text',
	description: 'What should not be in the video, in up to 2500 characters',
	displayOptions: { show: GENERATE },
};

const completionFields: INodeProperties[] = [
	{
		displayName: 'Completion',
		name: 'completion',
		type: 'options',
		noDataExpression: true,
		default: 'wait',
		description: 'Whether the node waits for the videos, and how',
		builderHint: {
			propertyHint:
				'"wait" for manual runs, small batches and AI agents. "callback" for production, if n8n has a public address: n8n pauses the workflow and continues when the videos are ready. "jobId" only submits; add the Kling Video Trigger in a second workflow, or Get Status or Wait further on.',
		},
		options: [
			{
				name: 'Wait for Completion',
				value: 'wait',
				description: 'Wait in this node until all videos are ready. The execution keeps running.',
			},
			notAsTool({
				name: 'Pause Until Callback',
				value: 'callback',
				description:
					'The workflow is paused by n8n and continues when the video is ready. Your n8n must have a public address.',
			}),
			{
				name: 'Return Job ID',
				value: 'jobId',
				description:
					'Submit and continue without the video. Get it later with Get Status, Wait or the Kling Video Trigger.',
			},
		],
		displayOptions: { show: GENERATE },
	},
	{
		displayName: 'Callback URL',
		name: 'callbackUrl',
		type: 'string',
		default: '',
		placeholder: 'e.g. https://n8n.example.com/webhook/kling',
		description:
			'The provider calls this URL when the video is ready or has failed. Use the production URL of a Kling Video Trigger, or leave it empty.',
		displayOptions: { show: { ...GENERATE, completion: ['jobId'] } },
	},
	...outputFields('generate', { completion: ['wait', 'callback'] }),
];

/** The form of Generate. */
export const generateFields: INodeProperties[] = [
	{
		displayName: 'Provider',
		name: 'provider',
		type: 'options',
		noDataExpression: true,
		default: 'coreToday',
		description: 'Who makes and bills the video',
		builderHint: {
			propertyHint:
				'Choose the one the user has an account with. The two fallback choices need a credential for both providers and make Kling v2.1.',
		},
		options: choices.map((choice) => without(choice, 'chain')),
		displayOptions: { show: GENERATE },
	},
	...modelFields,
	...promptFields,
	...startImageFields,
	...referenceImageFields,
	...motionFields,
	...aspectRatioFields,
	...durationFields,
	...modeFields,
	...endImageFields,
	negativePromptField,
	...completionFields,
	generateOptions,
];
