import type { INodeProperties } from 'n8n-workflow';
import { modelsWith, modelsWithout } from '../../core/models';
import { choicesWith, fallbackChoices } from '../../core/providers/choices';
import {
	cancelOnStopOption,
	endpointIdOption,
	onTimeoutOption,
	rawOutputOption,
	timeoutOption,
} from '../../kling/fields';

const RUNPOD = { '/provider': choicesWith('runpod') };
const FALLBACK = { '/provider': fallbackChoices };

const shown = (
	property: INodeProperties,
	show: Record<string, string[]>,
	hide: Record<string, string[]> = {},
): INodeProperties => ({
	...property,
	displayOptions: Object.keys(hide).length === 0 ? { show } : { show, hide },
});

/** The options of Generate, by label. */
export const generateOptions: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: { show: { operation: ['generate'] } },
	options: [
		{
			displayName: 'Additional Input',
			name: 'additionalInput',
			type: 'json',
			default: '{}',
			description: "More fields for the provider's input, as a JSON object. They win over the fields of this form.",
		},
		shown(cancelOnStopOption, { '/completion': ['wait', 'callback'] }),
		{
			displayName: 'Dry Run',
			name: 'dryRun',
			type: 'boolean',
			default: true,
			description:
				'Whether to check everything and spend nothing: outputs the request, its estimate and a sample video',
		},
		{
			displayName: 'Enable Prompt Expansion',
			name: 'enablePromptExpansion',
			type: 'boolean',
			default: false,
			description: 'Whether Runpod may write more into the prompt than you did',
			displayOptions: { show: { '/model': modelsWith('enablePromptExpansion') } },
		},
		shown(
			{
				displayName: 'Enable Safety Checker',
				name: 'enableSafetyChecker',
				type: 'boolean',
				default: true,
				description: 'Whether Runpod checks the content for safety',
			},
			RUNPOD,
			{ '/model': modelsWithout('enableSafetyChecker') },
		),
		shown(endpointIdOption, FALLBACK),
		shown(
			{
				displayName: 'Fallback Max Cost',
				name: 'fallbackMaxCost',
				type: 'number',
				default: 0,
				typeOptions: { minValue: 0 },
				description:
					'The most that the second provider may cost in this execution, in its own unit. With Max Cost set and this one not, there is no fallback.',
			},
			FALLBACK,
		),
		shown(
			{
				displayName: 'Guidance Scale',
				name: 'guidanceScale',
				type: 'number',
				default: 0.5,
				typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 2 },
				description: 'How closely to follow the prompt, from 0 to 1. Runpod only.',
			},
			RUNPOD,
			{ '/model': modelsWithout('guidanceScale') },
		),
		{
			displayName: 'Image Delivery',
			name: 'imageDelivery',
			type: 'options',
			default: 'auto',
			description: 'How a binary picture reaches the provider',
			options: [
				{ name: 'Auto', value: 'auto', description: 'Upload for Core.Today, Data URI for Runpod' },
				{ name: 'Data URI', value: 'dataUri', description: 'Inside the request' },
				{
					name: 'Signed URL',
					value: 'signedUrl',
					description: 'The provider fetches it from this n8n, which has to be public',
				},
				{ name: 'Upload', value: 'upload', description: "To Core.Today's file storage" },
			],
		},
		{
			displayName: 'Keep Original Sound',
			name: 'keepOriginalSound',
			type: 'boolean',
			default: true,
			description: 'Whether the video has the sound of the motion video',
			displayOptions: { show: { '/model': modelsWith('keepOriginalSound') } },
		},
		{
			displayName: 'Max Concurrency',
			name: 'maxConcurrency',
			type: 'number',
			default: 10,
			typeOptions: { minValue: 1 },
			description: 'How many jobs may be unfinished at once; without waiting, how many submits may run at once',
		},
		{
			displayName: 'Max Cost',
			name: 'maxCost',
			type: 'number',
			default: 0,
			typeOptions: { minValue: 0 },
			description:
				"The most this node may spend in one execution, in the provider's own unit (USD at Runpod, credits at Core.Today). If the run would cost more, nothing of it is submitted.",
		},
		{
			displayName: 'Max Jobs',
			name: 'maxJobs',
			type: 'number',
			default: 10,
			typeOptions: { minValue: 0 },
			description:
				'The most jobs this node may submit in one execution. If the run would submit more, nothing of it is submitted.',
		},
		shown(onTimeoutOption, { '/completion': ['wait'] }),
		rawOutputOption,
		{
			displayName: 'Seed',
			name: 'seed',
			type: 'number',
			default: -1,
			description: 'The same number makes a similar video again. -1 takes a random one.',
			displayOptions: { show: { '/model': modelsWith('seed') } },
		},
		shown(
			{
				displayName: 'Submit With',
				name: 'submitWith',
				type: 'options',
				default: 'run',
				description: 'Which of the two Runpod calls submits the job',
				options: [
					{ name: 'Run', value: 'run', description: 'Answers at once; the record lives 30 minutes after the end' },
					{
						name: 'Run Sync',
						value: 'runsync',
						description: 'Holds the call for up to 90 seconds; the record lives 1 minute',
					},
				],
			},
			{ ...RUNPOD, '/completion': ['wait'] },
		),
		shown(timeoutOption, { '/completion': ['wait', 'callback'] }),
	],
};
