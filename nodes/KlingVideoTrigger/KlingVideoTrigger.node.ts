import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import type { Clock } from '../core/clock';
import {
	downloadVideoField,
	putOutputInField,
	endpointIdOption,
	optionsField,
	providerOptions,
	rawOutputOption,
	withEndpoints,
} from '../kling/fields';
import { providers } from '../core/providers';
import { systemClock } from '../host/clock';
import { processMemory, type Memory } from '../kling/memory';
import { startOnEndedJob } from './endedJob';

const EVENT_LABELS = { cancelled: 'Cancelled', completed: 'Completed', failed: 'Failed' };

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
		subtitle: `={{ [$parameter.events].flat().map((event) => (${JSON.stringify(EVENT_LABELS)})[event] ?? event).join(', ') }}`,
		description: 'Make Kling videos, or start a workflow when one is ready',
		defaults: { name: 'Kling Video Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		eventTriggerDescription: 'Waiting for the provider to call the URL above',
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive:
					'When a video is ready or has failed: the provider then calls the <b>production URL</b> of the published workflow.<br><br>The test URL works for two minutes only, and a video usually takes longer. <b>While building</b>, run Get Status elsewhere, copy its output, and set it here as mock data.',
				active:
					"Put the <b>production URL</b> into Callback URL of the Kling Video node. The executions that it starts are in the workflow's list of executions.",
			},
			activationHint: 'Publish the workflow, then put its production URL into Callback URL of the Kling Video node.',
		},
		credentials: providers.map(({ name, label, credential }) => ({
			name: credential,
			displayName: `${label} Credential`,
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
					'Publish the workflow, and copy the production URL of this node. In a Kling Video node set Completion to Return Job ID, and paste the URL into Callback URL. Add ?row=42 to the URL to get 42 back under query.row.',
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
				description: 'Which provider makes the videos',
				options: providerOptions,
			},
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				required: true,
				default: ['completed', 'failed'],
				description: 'Which results start the workflow',
				options: [
					{
						name: EVENT_LABELS.cancelled,
						value: 'cancelled',
						description: 'The job was cancelled. Core.Today reports no cancellation, so this is for Runpod only.',
						action: 'On video cancelled',
					},
					{
						name: EVENT_LABELS.completed,
						value: 'completed',
						description: 'The video is ready',
						action: 'On video ready',
					},
					{
						name: EVENT_LABELS.failed,
						value: 'failed',
						description: 'The video could not be made',
						action: 'On video failed',
					},
				],
			},
			downloadVideoField,
			{ ...putOutputInField, displayOptions: { show: { downloadVideo: [true] } } },
			optionsField([
				{ ...endpointIdOption, displayOptions: { show: { '/provider': withEndpoints } } },
				rawOutputOption,
			]),
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
