import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import type { Clock } from '../core/clock';
import { endpointIdOption, providerOptions, rawOutputOption, withEndpoints } from '../kling/fields';
import { providers } from '../core/providers';
import { systemClock } from '../host/clock';
import { processMemory, type Memory } from '../kling/memory';
import { startOnEndedJob } from './endedJob';

/** Nothing is registered at a provider: the workflow's URL goes into each submit's Callback URL. */
async function nothingToRegister(): Promise<boolean> {
	return true;
}

/** Starts a workflow when a Kling job has ended. Tests give it a clock and a memory of their own; n8n gives none. */
export class KlingVideoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Kling Video Trigger',
		name: 'klingVideoTrigger',
		icon: { light: 'file:../../icons/klingVideo.svg', dark: 'file:../../icons/klingVideo.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ [$parameter.events].flat().join(", ") }}',
		description: 'Starts the workflow when a Kling video is ready, or its job has failed',
		defaults: { name: 'Kling Video Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		eventTriggerDescription: 'Waiting for a provider to call the URL above',
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive:
					"<b>Publish the workflow</b>, then put the production URL into Callback URL of the Kling Video node. n8n listens at the test URL for two minutes only, and a job takes longer.<br><br><b>While building</b>, submit a job with Return Job ID, ask for it with Get Status once it has ended, and paste that item into this node's output as pinned data.",
				active:
					'The production URL goes into Callback URL of the Kling Video node. Its executions are in the executions list.',
			},
			activationHint: 'Publish the workflow, then put its production URL into Callback URL of the Kling Video node.',
		},
		credentials: providers.map(({ name, credential }) => ({
			name: credential,
			required: true,
			// By `hide`, as `show` would make the editor hide Provider (see the other node).
			displayOptions: {
				hide: { provider: providers.filter((other) => other.name !== name).map((other) => other.name) },
			},
		})),
		webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'kling' }],
		properties: [
			{
				displayName:
					"Publish the workflow, then put this node's production URL into Callback URL of a Kling Video node that returns the job ID. The test URL ends after two minutes, before most jobs do. Query parameters that you append to the URL come out as query.",
				name: 'notice',
				type: 'notice',
				default: '',
			},
			{
				displayName: 'Provider',
				name: 'provider',
				type: 'options',
				noDataExpression: true,
				default: 'coreToday',
				description: 'Where the jobs run',
				options: providerOptions,
			},
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				required: true,
				default: ['completed', 'failed'],
				description: 'Which ends of a job start the workflow',
				options: [
					{ name: 'Cancelled', value: 'cancelled', description: 'The job was cancelled' },
					{ name: 'Completed', value: 'completed', description: 'The video is ready' },
					{ name: 'Failed', value: 'failed', description: 'There will be no video' },
				],
			},
			{
				displayName: 'Download Video',
				name: 'downloadVideo',
				type: 'boolean',
				default: true,
				description: 'Whether to put the finished video into a binary field of the item',
			},
			{
				displayName: 'Put Output in Field',
				name: 'outputField',
				type: 'string',
				default: 'data',
				placeholder: 'e.g. data',
				hint: 'The name of the output binary field to put the video in',
				displayOptions: { show: { downloadVideo: [true] } },
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [{ ...endpointIdOption, displayOptions: { show: { '/provider': withEndpoints } } }, rawOutputOption],
			},
		],
	};

	webhookMethods = {
		default: {
			checkExists: async () => await nothingToRegister(),
			create: async () => await nothingToRegister(),
			delete: async () => await nothingToRegister(),
		},
	};

	webhook: (this: IWebhookFunctions) => Promise<IWebhookResponseData>;

	constructor(clock: Clock = systemClock, memory: Memory = processMemory) {
		this.webhook = async function (this: IWebhookFunctions) {
			return await startOnEndedJob(this, clock, memory);
		};
	}
}
