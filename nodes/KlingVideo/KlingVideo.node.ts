import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import type { Clock } from '../core/clock';
import { systemClock } from '../host/clock';
import { RESUME_PATH } from '../host/webhooks';
import { answerCallback } from './generate/resume';
import { processMemory, type Memory } from '../kling/memory';
import { runOperation } from './operations';
import { providers } from '../core/providers';
import { choicesWithout } from '../core/providers/choices';
import { generateFields } from './form/generate';
import { hintsBeforeRun } from './form/hints';
import { jobFields } from './form/jobs';

/** The provider's callback to a paused execution. */
const resumeWebhooks: IWebhookDescription[] = [
	{
		name: 'default',
		httpMethod: 'POST',
		path: RESUME_PATH,
		restartWebhook: true,
		responseMode: 'onReceived',
		responseData: '',
	},
];

/** One main output, or three where Get Status routes by status. Evaluated by n8n, hence an expression. */
const OUTPUTS = `={{ $parameter.operation === 'getStatus' && $parameter.routeByStatus
	? ['Completed', 'Running', 'Not Completed'].map((displayName) => ({ type: 'main', displayName }))
	: ['main'] }}`;

/** Makes Kling v2.1 videos. Tests give it a clock and a memory of their own; n8n gives none. */
export class KlingVideo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Kling Video',
		name: 'klingVideo',
		icon: { light: 'file:../../icons/klingVideo.svg', dark: 'file:../../icons/klingVideo.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter.operation }}',
		description: 'Turn a picture and a prompt into a Kling v2.1 video with Core.Today or Runpod',
		defaults: { name: 'Kling Video' },
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS,
		usableAsTool: true,
		waitingNodeTooltip: '={{ "Waiting for the provider to call back when the video is ready" }}',
		webhooks: resumeWebhooks,
		hints: hintsBeforeRun,
		// Not required: n8n cannot ask for one only where a choice of provider needs it. A missing one is named at the run.
		// By `hide`: the editor takes a field whose every value is in a credential's `show` for a choice of
		// authentication, and does not show it (measured on 2.8.4 and 2.41.1).
		credentials: providers.map(({ name, credential }) => ({
			name: credential,
			required: false,
			displayOptions: { hide: { provider: choicesWithout(name), operation: ['download'] } },
		})),
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				default: 'video',
				options: [{ name: 'Video', value: 'video' }],
			},
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				noDataExpression: true,
				default: 'generate',
				displayOptions: { show: { resource: ['video'] } },
				options: [
					{
						name: 'Cancel',
						value: 'cancel',
						description: 'Cancel a job and say what became of it',
						action: 'Cancel a video job',
					},
					{
						name: 'Download',
						value: 'download',
						description: 'Fetch a finished video again by its link',
						action: 'Download a video',
					},
					{
						name: 'Generate',
						value: 'generate',
						description: 'Make a video from a picture and a prompt',
						action: 'Generate a video',
					},
					{
						name: 'Get Status',
						value: 'getStatus',
						description: 'Ask how a job is doing',
						action: 'Get the status of a video job',
					},
					{
						name: 'Wait',
						value: 'wait',
						description: 'Wait for a job that was submitted before',
						action: 'Wait for a video job',
					},
				],
			},
			...generateFields,
			...jobFields,
		],
	};

	execute: (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;
	webhook: (this: IWebhookFunctions) => Promise<IWebhookResponseData>;

	constructor(clock: Clock = systemClock, memory: Memory = processMemory) {
		this.execute = async function (this: IExecuteFunctions) {
			return await runOperation(this, clock, memory);
		};
		this.webhook = async function (this: IWebhookFunctions) {
			return await answerCallback(this, clock, memory);
		};
	}
}
