import type { INodeProperties } from 'n8n-workflow';
import { NOT_AS_TOOL, onlyAsTool } from '../../kling/fields';

/** Each operation in words: for the canvas, which shows the operation below the node. */
export const OPERATION_LABELS = {
	cancel: 'Cancel',
	download: 'Download',
	generate: 'Generate',
	getStatus: 'Get Status',
	wait: 'Wait',
} as const;

const VIDEO = { resource: ['video'] };

const operationField: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	default: 'generate',
	displayOptions: { show: VIDEO },
	options: [
		{
			name: OPERATION_LABELS.cancel,
			value: 'cancel',
			description: 'Cancel a running job and return its status afterwards',
			action: 'Cancel a video job',
		},
		{
			name: OPERATION_LABELS.download,
			value: 'download',
			description: 'Download a finished video by its link',
			action: 'Download a video',
			displayOptions: NOT_AS_TOOL,
		},
		{
			name: OPERATION_LABELS.generate,
			value: 'generate',
			description: 'Make a video from a prompt and a picture',
			action: 'Generate a video',
		},
		{
			name: OPERATION_LABELS.getStatus,
			value: 'getStatus',
			description: 'Ask whether a video is ready',
			action: 'Get the status of a video job',
		},
		{
			name: OPERATION_LABELS.wait,
			value: 'wait',
			description: 'Wait for a video that was submitted before',
			action: 'Wait for a video job',
		},
	],
};

/** What an AI Agent is told of the tool. Without it n8n tells the agent only "Generate a video in Kling Video". */
const TOOL_DESCRIPTIONS = {
	generate:
		'Makes a short video (MP4) with Kling AI from a text prompt and, for most models, the public link of a JPEG or PNG picture that the video starts with. Each call costs money (0.2 to 1.2 USD) and takes one to five minutes. Returns jobId, status and, once status is "completed", videoUrl. For a video that was started before, use its jobId instead of another call.',
	getStatus:
		'Gives the status of a Kling video by its jobId: "pending", "processing", "completed" with videoUrl, "failed" with the reason, or "cancelled". Makes no new video.',
	wait: 'Waits for a Kling video that was started before, by its jobId, which can take some minutes. Returns status and, once status is "completed", videoUrl. Makes no new video.',
	cancel: 'Cancels a Kling video that is being made, by its jobId, and returns its status afterwards.',
};

const toolDescriptions = Object.entries(TOOL_DESCRIPTIONS).map(([operation, description]) =>
	onlyAsTool({
		displayName: 'Description',
		name: 'toolDescription',
		type: 'string',
		required: true,
		default: description,
		typeOptions: { rows: 4 },
		description: 'What the AI Agent is told about this tool',
		displayOptions: { show: { operation: [operation] } },
	}),
);

/** What the node does, which the rest of the form depends on. */
export const operationFields: INodeProperties[] = [
	...toolDescriptions,
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		default: 'video',
		options: [{ name: 'Video', value: 'video' }],
	},
	operationField,
];
