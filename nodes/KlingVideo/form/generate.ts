import type { INodeProperties } from 'n8n-workflow';
import { without } from '../../core/json';
import { choices, choicesWith } from '../../core/providers/choices';
import { outputFields } from '../../kling/fields';
import { generateOptions } from './options';

const GENERATE = { operation: ['generate'] };
const WITH_CORE_TODAY = { ...GENERATE, provider: choicesWith('coreToday') };
const WITH_END_IMAGE = { ...WITH_CORE_TODAY, mode: ['pro'] };
/** The source first: at an expression n8n stops reading and shows the field, so Mode by expression would demand it. */
const withEndImageFrom = (source: string) => ({ endImageSource: [source], ...WITH_END_IMAGE });

const providerChoices = choices.map((choice) => without(choice, 'chain'));

const fieldName = (name: string, label: string, show: Record<string, string[]>): INodeProperties => ({
	displayName: 'Input Data Field Name',
	name,
	type: 'string',
	required: true,
	default: 'data',
	placeholder: 'e.g. data',
	hint: `The name of the input binary field that holds the ${label}, a JPEG or PNG of up to 10 MB`,
	displayOptions: { show },
});

const urlField = (name: string, displayName: string, show: Record<string, string[]>): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. https://example.com/picture.png',
	description: 'A public link to a JPEG or PNG picture, at least 300 px on both sides and up to 10 MB',
	displayOptions: { show },
});

const pictureFields: INodeProperties[] = [
	{
		displayName: 'Start Image',
		name: 'startImageSource',
		type: 'options',
		default: 'url',
		description: 'Where the first frame of the video comes from',
		options: [
			{ name: 'URL', value: 'url', description: 'A public link' },
			{ name: 'Binary', value: 'binary', description: 'A picture from the previous node' },
		],
		displayOptions: { show: GENERATE },
	},
	urlField('startImageUrl', 'Start Image URL', { ...GENERATE, startImageSource: ['url'] }),
	fieldName('startImageField', 'first frame', { ...GENERATE, startImageSource: ['binary'] }),
];

const endImageFields: INodeProperties[] = [
	{
		displayName: 'End Image',
		name: 'endImageSource',
		type: 'options',
		default: 'none',
		description: 'Where the last frame of the video comes from. Core.Today only.',
		options: [
			{ name: 'None', value: 'none' },
			{ name: 'URL', value: 'url', description: 'A public link' },
			{ name: 'Binary', value: 'binary', description: 'A picture from the previous node' },
		],
		displayOptions: { show: WITH_END_IMAGE },
	},
	urlField('endImageUrl', 'End Image URL', withEndImageFrom('url')),
	fieldName('endImageField', 'last frame', withEndImageFrom('binary')),
];

const completionFields: INodeProperties[] = [
	{
		displayName: 'Completion',
		name: 'completion',
		type: 'options',
		noDataExpression: true,
		default: 'wait',
		description: 'When this node is done',
		options: [
			{
				name: 'Wait for Completion',
				value: 'wait',
				description: 'Follow all jobs until they have ended. Holds the execution, and a worker in queue mode.',
			},
			{
				name: 'Pause Until Callback',
				value: 'callback',
				description:
					'Park the execution until the provider calls back. Holds no worker and survives a restart; n8n has to be reachable by the provider.',
			},
			{
				name: 'Return Job ID',
				value: 'jobId',
				description: 'Submit and go on. Finish later with Get Status, Wait or the Kling Video Trigger.',
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
			'Called by the provider when the job has ended, e.g. the production URL of a Kling Video Trigger. Leave empty for none.',
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
		options: providerChoices,
		displayOptions: { show: GENERATE },
	},
	{
		displayName: 'Prompt',
		name: 'prompt',
		type: 'string',
		required: true,
		default: '',
		typeOptions: { rows: 4 },
		placeholder: 'e.g. The camera moves slowly around the product while steam rises',
		description: 'What happens in the video, in up to 2500 characters',
		displayOptions: { show: GENERATE },
	},
	...pictureFields,
	{
		displayName: 'Mode',
		name: 'mode',
		type: 'options',
		default: 'standard',
		description: 'The resolution of the video. Runpod always makes 1080p.',
		options: [
			{ name: 'Standard (720p)', value: 'standard' },
			{ name: 'Pro (1080p)', value: 'pro' },
		],
		displayOptions: { show: WITH_CORE_TODAY },
	},
	{
		displayName: 'Duration',
		name: 'duration',
		type: 'options',
		default: 5,
		description: 'The length of the video',
		options: [
			{ name: '5 Seconds', value: 5 },
			{ name: '10 Seconds', value: 10 },
		],
		displayOptions: { show: GENERATE },
	},
	...endImageFields,
	...completionFields,
	generateOptions,
];
