import type { INodeProperties } from 'n8n-workflow';
import { providers } from '../core/providers';

/** The query parameter of a trigger's URL that says which model a job is of, where its provider's callback does not. */
export const MODEL_PARAMETER = 'klingModel';

/** Every provider by its label, for a list of the form. */
export const providerOptions = providers.map(({ name, label }) => ({ name: label, value: name }));

/** The providers whose jobs are named by their endpoint, too. */
export const withEndpoints = providers.filter(({ takesEndpointId }) => takesEndpointId).map(({ name }) => name);

/** Put Output in Field: shown where a video is downloaded. */
export const outputFields = (operation: string, show: Record<string, string[]> = {}): INodeProperties[] => [
	{
		displayName: 'Download Video',
		name: 'downloadVideo',
		type: 'boolean',
		default: true,
		description: 'Whether to put the finished video into a binary field of the item',
		displayOptions: { show: { operation: [operation], ...show } },
	},
	{
		displayName: 'Put Output in Field',
		name: 'outputField',
		type: 'string',
		default: 'data',
		placeholder: 'e.g. data',
		hint: 'The name of the output binary field to put the video in',
		displayOptions: { show: { operation: [operation], downloadVideo: [true], ...show } },
	},
];

export const rawOutputOption: INodeProperties = {
	displayName: 'Output',
	name: 'output',
	type: 'options',
	default: 'simplified',
	description: 'What each item contains',
	options: [
		{ name: 'Simplified', value: 'simplified', description: 'The job in the same form for every provider' },
		{ name: 'Raw', value: 'raw', description: "The same, with the provider's last reply under raw" },
	],
};

export const endpointIdOption: INodeProperties = {
	displayName: 'Endpoint ID',
	name: 'endpointId',
	type: 'string',
	default: 'kling-v2-1-i2v-pro',
	placeholder: 'e.g. kling-v2-1-i2v-pro',
	description: "Runpod's ID of the endpoint, for when it has moved or you use another one",
};

export const cancelOnStopOption: INodeProperties = {
	displayName: 'Cancel on Stop',
	name: 'cancelOnStop',
	type: 'boolean',
	default: true,
	description:
		"Whether to cancel the provider's jobs when the execution is stopped or reaches the workflow timeout. Has no effect while the execution is parked.",
};

export const onTimeoutOption: INodeProperties = {
	displayName: 'On Timeout',
	name: 'onTimeout',
	type: 'options',
	default: 'error',
	description: 'What to do when a job has not ended in time. The job itself is never cancelled by a timeout.',
	options: [
		{ name: 'Error', value: 'error', description: 'The item is an error that carries the job ID' },
		{ name: 'Return the Job', value: 'return', description: 'The item is the job as it stands, with timedOut' },
	],
};

export const timeoutOption: INodeProperties = {
	displayName: 'Timeout (Seconds)',
	name: 'timeoutSeconds',
	type: 'number',
	default: 1200,
	typeOptions: { minValue: 10 },
	description: 'How long to wait for each job, counted from its own submit. A timeout never cancels a job.',
};
