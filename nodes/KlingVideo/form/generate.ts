import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import type { ProviderName } from '../../core/job';
import { without } from '../../core/json';
import { choicesOf, defaultModelOf, modelsWith, modelsWithout } from '../../core/models';
import { aspectRatio, mode } from '../../core/models/fields';
import { OTHER } from '../../core/models/other';
import { providers } from '../../core/providers';
import { choices } from '../../core/providers/choices';
import { NOT_AS_TOOL, notAsTool, onlyAsTool, optionsOf, outputFields } from '../../kling/fields';
import { GENERATE, type Conditions } from './conditions';
import { generateOptions } from './options';
import {
	endImageFields,
	MODELS_WITH_OPTIONAL_START,
	motionFields,
	referenceImageFields,
	startImageFields,
} from './pictures';

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

const ASPECT_RATIO: INodeProperties = {
	displayName: 'Aspect Ratio',
	name: 'aspectRatio',
	type: 'options',
	default: '16:9',
	description: 'The shape of the video',
	options: optionsOf(aspectRatio),
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
		'The length of the video. At Runpod, Kling v2.1 costs 0.45 USD for 5 seconds and 0.90 USD for 10. At Core.Today it costs at least 375 credits; 10 seconds may cost more.',
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
	description: 'The resolution of the video. Pro may cost more; how much is not documented.',
	options: optionsOf(mode),
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
			{
				name: 'Pause Until Callback',
				value: 'callback',
				description:
					'The workflow is paused by n8n and continues when the video is ready. Your n8n must have a public address.',
				displayOptions: NOT_AS_TOOL,
			},
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

/** What a request is read from, beside the options. */
export const requestFields: INodeProperties[] = [
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
	...requestFields,
	...completionFields,
	generateOptions,
];
