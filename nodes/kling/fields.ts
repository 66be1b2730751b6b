import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { ChoiceField } from '../core/models/model';
import { providers } from '../core/providers';

/** The query parameter of a trigger's URL that says which model a job is of, where its provider's callback does not. */
export const MODEL_PARAMETER = 'klingModel';

/** Every provider by its label, for a list of the form. */
export const providerOptions = providers.map(({ name, label }) => ({ name: label, value: name }));

/** A model's choices as a list of the form. */
export const optionsOf = ({ choices, labels = [] }: ChoiceField): INodePropertyOptions[] =>
	choices.map((value, at) => ({ name: labels[at] ?? String(value), value }));

/** The providers whose jobs are named by their endpoint, too. */
export const withEndpoints = providers.filter(({ takesEndpointId }) => takesEndpointId).map(({ name }) => name);

/** Not shown where the node is a tool of an AI Agent, which cannot do this: it gets no files, and must not pause. */
export const NOT_AS_TOOL: IDisplayOptions = { hide: { '@tool': [true] } };

/** The field, hidden where the node is a tool of an AI Agent. */
export const notAsTool = (field: INodeProperties): INodeProperties => ({
	...field,
	displayOptions: { ...field.displayOptions, hide: { ...field.displayOptions?.hide, ...NOT_AS_TOOL.hide } },
});

/**
 * Shown only where the node is a tool of an AI Agent. The condition comes first: at an expression in one of the others n8n
 * stops reading and shows the field.
 */
export const onlyAsTool = (field: INodeProperties): INodeProperties => ({
	...field,
	displayOptions: { ...field.displayOptions, show: { '@tool': [true], ...field.displayOptions?.show } },
});

export const downloadVideoField: INodeProperties = {
	displayName: 'Download Video',
	name: 'downloadVideo',
	type: 'boolean',
	default: true,
	description: 'Whether to download the finished video into a binary field of the item',
};

export const putOutputInField: INodeProperties = {
	displayName: 'Put Output in Field',
	name: 'outputField',
	type: 'string',
	default: 'data',
	placeholder: 'e.g. data',
	hint: 'The name of the output binary field to put the video in',
};

/** Download Video, and the field to put the video in where it is downloaded. */
export const outputFields = (operation: string, show: Record<string, string[]> = {}): INodeProperties[] => [
	notAsTool({ ...downloadVideoField, displayOptions: { show: { operation: [operation], ...show } } }),
	notAsTool({
		...putOutputInField,
		displayOptions: { show: { operation: [operation], downloadVideo: [true], ...show } },
	}),
];

/** The list of options that can be added. */
export const optionsField = (options: INodeProperties[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options,
});

export const rawOutputOption: INodeProperties = {
	displayName: 'Output',
	name: 'output',
	type: 'options',
	default: 'simplified',
	description: 'What each item contains',
	options: [
		{ name: 'Raw', value: 'raw', description: "As Simplified, plus the provider's own reply under raw" },
		{ name: 'Simplified', value: 'simplified', description: 'The same fields for every provider' },
	],
};

export const endpointIdOption: INodeProperties = {
	displayName: 'Endpoint ID',
	name: 'endpointId',
	type: 'string',
	default: 'kling-v2-1-i2v-pro',
	placeholder: 'e.g. kling-v2-1-i2v-pro',
	description:
		"Runpod's ID of the model's endpoint. Change it if Runpod has renamed the endpoint, or to use another one.",
};

export const cancelOnStopOption: INodeProperties = {
	displayName: 'Cancel on Stop',
	name: 'cancelOnStop',
	type: 'boolean',
	default: true,
	description:
		"Whether to cancel the running jobs at the provider when you stop the execution or it reaches the workflow's timeout. They are cancelled even if you do not add this option. Has no effect while the execution is paused.",
};

export const onTimeoutOption: INodeProperties = {
	displayName: 'On Timeout',
	name: 'onTimeout',
	type: 'options',
	default: 'error',
	description: 'What to do when a video is not ready in time. The job is not cancelled: it goes on at the provider.',
	options: [
		{ name: 'Error', value: 'error', description: 'Treat the item as an error that has the job ID' },
		{ name: 'Return the Job', value: 'return', description: 'Return the unfinished job, marked timedOut: true' },
	],
};

export const timeoutOption: INodeProperties = {
	displayName: 'Timeout (Seconds)',
	name: 'timeoutSeconds',
	type: 'number',
	default: 1200,
	typeOptions: { minValue: 10 },
	description:
		'How long to wait for each video, counted from when its job was submitted. When the time is over, the job is not cancelled.',
};
