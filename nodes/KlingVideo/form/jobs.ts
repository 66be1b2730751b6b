import type { INodeProperties } from 'n8n-workflow';
import {
	cancelOnStopOption,
	endpointIdOption,
	notAsTool,
	onTimeoutOption,
	optionsField,
	putOutputInField,
	outputFields,
	providerOptions,
	rawOutputOption,
	timeoutOption,
	withEndpoints,
} from '../../kling/fields';

const JOB_OPERATIONS = ['getStatus', 'wait', 'cancel'];

/** Offered where the job may be at a provider with endpoints. */
const endpointOfJobOption: INodeProperties = {
	...endpointIdOption,
	displayOptions: {
		show: {
			'/provider': [...withEndpoints, 'fromInput'],
		},
	},
};

/** Nobody here knows when the job was submitted. */
const timeoutOfWaitOption: INodeProperties = {
	...timeoutOption,
	description:
		'How long to wait for each video, counted from when this node first asks for its job. When the time is over, the job is not cancelled.',
};

const optionsOf = (operation: string, options: INodeProperties[]): INodeProperties => ({
	...optionsField(options),
	displayOptions: { show: { operation: [operation] } },
});

/** Get Status is asked often, so it downloads only if that is asked for. */
const statusOutputFields = outputFields('getStatus').map((field) =>
	field.type === 'boolean' ? { ...field, default: false } : field,
);

/** The form of the operations on jobs and videos that exist. */
export const jobFields: INodeProperties[] = [
	{
		displayName: 'Provider',
		name: 'provider',
		type: 'options',
		noDataExpression: true,
		default: 'fromInput',
		description: 'Which provider has the job',
		options: [
			{
				name: 'From Input',
				value: 'fromInput',
				description: 'The provider that made the video, as the item from Generate says',
			},
			...providerOptions,
		],
		displayOptions: { show: { operation: JOB_OPERATIONS } },
	},
	{
		displayName:
			'The provider is read from each item. At the top, select the credential of the provider that made the videos; the other one can stay as it is.',
		name: 'providerFromInput',
		type: 'notice',
		default: '',
		displayOptions: { show: { operation: JOB_OPERATIONS, provider: ['fromInput'] } },
	},
	{
		displayName: 'Job ID',
		name: 'jobId',
		type: 'string',
		required: true,
		default: '={{ $json.jobId }}',
		placeholder: 'e.g. abc123',
		description: 'The jobId that Generate returned',
		displayOptions: { show: { operation: JOB_OPERATIONS } },
	},
	{
		displayName: 'Video URL',
		name: 'videoUrl',
		type: 'string',
		required: true,
		default: '={{ $json.videoUrl }}',
		placeholder: 'e.g. https://video.example.com/output.mp4',
		description:
			'The videoUrl that Generate, Wait or Get Status returned. It works even after the provider has deleted the job.',
		displayOptions: { show: { operation: ['download'] } },
	},
	{ ...putOutputInField, displayOptions: { show: { operation: ['download'] } } },
	notAsTool({
		displayName: 'Route by Status',
		name: 'routeByStatus',
		type: 'boolean',
		noDataExpression: true,
		default: false,
		description: 'Whether to give the node three outputs: Completed, Running and Failed (cancelled jobs, too)',
		displayOptions: { show: { operation: ['getStatus'] } },
	}),
	...statusOutputFields,
	...outputFields('wait'),
	optionsOf('getStatus', [endpointOfJobOption, rawOutputOption]),
	optionsOf('wait', [cancelOnStopOption, endpointOfJobOption, onTimeoutOption, rawOutputOption, timeoutOfWaitOption]),
	optionsOf('cancel', [endpointOfJobOption, rawOutputOption]),
];
