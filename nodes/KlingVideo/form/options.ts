import type { INodeProperties } from 'n8n-workflow';
import { modelsWith, modelsWithout } from '../../core/models';
import { choicesWith, fallbackChoices } from '../../core/providers/choices';
import {
	cancelOnStopOption,
	endpointIdOption,
	notAsTool,
	onTimeoutOption,
	optionsField,
	rawOutputOption,
	timeoutOption,
} from '../../kling/fields';

const RUNPOD = { '/provider': choicesWith('runpod') };
const FALLBACK = { '/provider': fallbackChoices };

/** An empty field. n8n 2.8's editor shows 0 in a field of numbers with the value '' (docs/n8n.md#forms-and-parameters). */
const EMPTY_NUMBER = null;
const COST_UNITS =
	'In USD with Runpod, in credits with Core.Today (1 USD is about 1,000 credits). If you change the provider, change this, too.';
const COST_PLACEHOLDER = 'A number alone, e.g. 5 or 5000';

/** The options of Generate, by label. */
export const generateOptions: INodeProperties = {
	...optionsField([
		{
			displayName: 'Additional Input',
			name: 'additionalInput',
			type: 'json',
			default: '{}',
			description: "More fields for the provider's input, as a JSON object. These values replace the fields above.",
		},
		{ ...cancelOnStopOption, displayOptions: { show: { '/completion': ['wait', 'callback'] } } },
		notAsTool({
			displayName: 'Check Picture Links',
			name: 'checkPictureLinks',
			type: 'boolean',
			default: true,
			description:
				'Whether to open each picture link before anything is submitted. The run stops if a link is broken, leads to a web page, or gives no JPEG or PNG that Kling takes. The check is on even if you do not add this option. Turn it off for links that work only once.',
		}),
		{
			displayName: 'Dry Run',
			name: 'dryRun',
			type: 'boolean',
			default: true,
			description:
				'Whether to check everything and spend nothing. Outputs the request, the estimated cost and a sample video. No credential is needed.',
		},
		{
			displayName: 'Enable Prompt Expansion',
			name: 'enablePromptExpansion',
			type: 'boolean',
			default: false,
			description: 'Whether Runpod may add to your prompt',
			displayOptions: { show: { '/model': modelsWith('enablePromptExpansion') } },
		},
		{
			displayName: 'Enable Safety Checker',
			name: 'enableSafetyChecker',
			type: 'boolean',
			default: true,
			description: 'Whether Runpod checks prompt and pictures for unsafe content',
			displayOptions: { show: RUNPOD, hide: { '/model': modelsWithout('enableSafetyChecker') } },
		},
		{ ...endpointIdOption, displayOptions: { show: FALLBACK } },
		{
			displayName: 'Fallback Max Cost',
			name: 'fallbackMaxCost',
			type: 'number',
			default: EMPTY_NUMBER,
			typeOptions: { minValue: 0 },
			placeholder: COST_PLACEHOLDER,
			hint: COST_UNITS,
			description:
				'The most that the second provider may cost in one execution. If Max Cost is set and this is not, the second provider is not used.',
			displayOptions: { show: FALLBACK },
		},
		{
			displayName: 'Guidance Scale',
			name: 'guidanceScale',
			type: 'number',
			default: 0.5,
			typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 2 },
			description: 'How closely the video follows the prompt, from 0 to 1',
			displayOptions: { show: RUNPOD, hide: { '/model': modelsWithout('guidanceScale') } },
		},
		notAsTool({
			displayName: 'Image Delivery',
			name: 'imageDelivery',
			type: 'options',
			default: 'auto',
			description: 'How a picture from a binary field gets to the provider',
			options: [
				{ name: 'Auto', value: 'auto', description: 'Upload with Core.Today, Data URI with Runpod' },
				{ name: 'Data URI', value: 'dataUri', description: 'Inside the request' },
				{
					name: 'Signed URL',
					value: 'signedUrl',
					description: 'The provider downloads it from your n8n, which must have a public address',
				},
				{ name: 'Upload', value: 'upload', description: "Uploaded to Core.Today's file storage" },
			],
		}),
		{
			displayName: 'Keep Original Sound',
			name: 'keepOriginalSound',
			type: 'boolean',
			default: true,
			description: 'Whether to keep the sound of the motion video',
			displayOptions: { show: { '/model': modelsWith('keepOriginalSound') } },
		},
		{
			displayName: 'Max Concurrency',
			name: 'maxConcurrency',
			type: 'number',
			default: 10,
			typeOptions: { minValue: 1 },
			description:
				'With Wait for Completion: how many videos to make at the same time. Otherwise: how many are submitted at the same time. It is 10 without this option.',
		},
		{
			displayName: 'Max Cost',
			name: 'maxCost',
			type: 'number',
			default: EMPTY_NUMBER,
			typeOptions: { minValue: 0 },
			placeholder: COST_PLACEHOLDER,
			hint: COST_UNITS,
			description:
				'The most that the videos of this node may cost in one execution. If they would cost more, none is submitted. Where only the lowest price is documented, the real cost may be higher. With a choice of two providers this limit is for the first one, and Fallback Max Cost for the second. If the limit is empty or not a number, the run stops.',
		},
		{
			displayName: 'Max Jobs',
			name: 'maxJobs',
			type: 'number',
			default: 10,
			typeOptions: { minValue: 0 },
			description:
				'The most videos this node may submit in one execution. If there would be more, none is submitted. If the limit is empty or not a number, the run stops.',
		},
		{ ...onTimeoutOption, displayOptions: { show: { '/completion': ['wait'] } } },
		rawOutputOption,
		{
			displayName: 'Seed',
			name: 'seed',
			type: 'number',
			default: -1,
			description: 'Use the same number again to get a similar video. -1 is a random number.',
			displayOptions: { show: { '/model': modelsWith('seed') } },
		},
		{
			displayName: 'Submit With',
			name: 'submitWith',
			type: 'options',
			default: 'run',
			description: "Which of Runpod's two calls submits the job",
			options: [
				{
					name: 'Run',
					value: 'run',
					description: 'Runpod answers at once, and keeps the job for 30 minutes after its end',
				},
				{
					name: 'Run Sync',
					value: 'runsync',
					description: 'Runpod answers after up to 90 seconds, and keeps the job for 1 minute after its end',
				},
			],
			displayOptions: { show: { ...RUNPOD, '/completion': ['wait'] } },
		},
		{ ...timeoutOption, displayOptions: { show: { '/completion': ['wait', 'callback'] } } },
	]),
	displayOptions: { show: { operation: ['generate'] } },
};
