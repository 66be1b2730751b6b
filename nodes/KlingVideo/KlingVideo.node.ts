import {
	NodeConnectionTypes,
	type IBuilderHint,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import type { Clock } from '../core/clock';
import { models } from '../core/models';
import { OTHER } from '../core/models/other';
import { providers } from '../core/providers';
import { choices, choicesWithout } from '../core/providers/choices';
import { systemClock } from '../host/clock';
import { nodeError } from '../host/context';
import { RESUME_PATH } from '../host/webhooks';
import { processMemory, type Memory } from '../kling/memory';
import { generateFields } from './form/generate';
import { hintsBeforeRun } from './form/hints';
import { jobFields } from './form/jobs';
import { OPERATION_LABELS, operationFields } from './form/operations';
import { generate } from './generate/generate';
import { answerCallback } from './generate/resume';
import { download } from './jobs/download';
import { cancel, getStatus } from './jobs/getStatus';
import { wait } from './jobs/wait';
import { createRun } from './run/run';

/** Each gives the items of each output. */
const operations = new Map([
	['generate', generate],
	['getStatus', getStatus],
	['wait', wait],
	['cancel', cancel],
	['download', download],
]);

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
	? ['Completed', 'Running', 'Failed'].map((displayName) => ({ type: 'main', displayName }))
	: ['main'] }}`;

const labelsOf = (list: ReadonlyArray<{ readonly label: string; readonly id: string }>) =>
	JSON.stringify(Object.fromEntries(list.map(({ id, label }) => [id, label])));

/**
 * What stands below the node on the canvas: "Generate · Kling v2.1 Pro · Runpod". A field that is not shown is left out.
 * n8n shows some 30 letters, so the model, which says more than the provider, comes before it.
 */
const SUBTITLE = `={{ [
	${JSON.stringify(OPERATION_LABELS)}[$parameter.operation],
	${labelsOf([...models, { id: OTHER, label: 'Other Model' }])}[$parameter.model],
	${labelsOf(choices.map(({ value, name }) => ({ id: value, label: name })))}[$parameter.provider]
].filter((part) => part).join(' · ') }}`;

/** For n8n's assistant, which builds workflows. */
const BUILDER_HINT: IBuilderHint = {
	searchHint:
		'Makes videos with Kling AI from a picture and a prompt (image to video), or from text. Generate with Wait for Completion is enough for most workflows: its output item has the video in the binary field "data" and its link in videoUrl. Each item makes one video and costs money, so set the options maxJobs and maxCost for lists of unknown length.',
	relatedNodes: [
		{
			nodeType: 'n8n-nodes-kling-video.klingVideoTrigger',
			relationHint: 'Starts another workflow when a video is ready, with Completion set to Return Job ID',
		},
		{ nodeType: 'n8n-nodes-base.httpRequest', relationHint: 'Downloads the picture that the video starts with' },
	],
};

/** Makes Kling videos. Tests give it a clock and a memory of their own; n8n gives none. */
export class KlingVideo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Kling Video',
		name: 'klingVideo',
		icon: { light: 'file:../../icons/klingVideo.svg', dark: 'file:../../icons/klingVideo.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: SUBTITLE,
		description: 'Make Kling videos from pictures and prompts with Core.Today or Runpod',
		defaults: { name: 'Kling Video' },
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS,
		usableAsTool: true,
		builderHint: BUILDER_HINT,
		waitingNodeTooltip: '={{ "Paused until the video is ready" }}',
		webhooks: resumeWebhooks,
		hints: hintsBeforeRun,
		// Not required: n8n cannot ask for one only where a choice of provider needs it. A missing one is named at the run.
		// By `hide`: the editor takes a field whose every value is in a credential's `show` for a choice of
		// authentication, and does not show it (measured on 2.8.4 and 2.41.1).
		credentials: providers.map(({ name, label, credential }) => ({
			name: credential,
			displayName: `${label} Credential`,
			required: false,
			displayOptions: { hide: { provider: choicesWithout(name), operation: ['download'] } },
		})),
		properties: [...operationFields, ...generateFields, ...jobFields],
	};

	execute: (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;
	webhook: (this: IWebhookFunctions) => Promise<IWebhookResponseData>;

	constructor(clock: Clock = systemClock, memory: Memory = processMemory) {
		this.execute = async function (this: IExecuteFunctions) {
			const name = String(this.getNodeParameter('operation', 0, 'generate'));
			const operation = operations.get(name);
			if (operation !== undefined) return await operation(createRun(this, clock, memory));
			const description = 'Choose an operation from the list.';
			throw nodeError(this, { message: `The operation "${name}" is not known`, description });
		};
		this.webhook = async function (this: IWebhookFunctions) {
			return await answerCallback(this, clock, memory);
		};
	}
}
