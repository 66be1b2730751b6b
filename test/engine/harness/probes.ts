import type {
	ICredentialType,
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { Readable } from '../../support/node.cts';
import { describeNode, parameter, probe } from './simpleNodes';

/** A header credential, as ours are. */
export const keyCredential: ICredentialType = {
	name: 'keyApi',
	displayName: 'Key API',
	properties: [
		{ displayName: 'API Key', name: 'apiKey', type: 'string', default: '' },
		{ displayName: 'Prefix', name: 'prefix', type: 'string', default: 'Bearer' },
	],
	authenticate: {
		type: 'generic',
		properties: { headers: { Authorization: '={{$credentials.prefix}} {{$credentials.apiKey}}' } },
	},
};

/** Counts its tries in its context and fails until the given one. */
export const flaky = probe('flaky', failUntil, { properties: [parameter('succeedsAt', 'number', 1)] });

async function failUntil(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const context = this.getContext('node');
	context.tries = Number(context.tries ?? 0) + 1;
	this.logger.info('flaky: try', { number: context.tries });
	if (Number(context.tries) < Number(this.getNodeParameter('succeedsAt', 0))) throw new Error('not yet');
	return [[{ json: { tries: Number(context.tries) } }]];
}

/** Runs until n8n signals the end of the execution; says when it waits. */
export function untilStopped(onWaiting: () => void): INodeType {
	return probe('untilStopped', async function (this: IExecuteFunctions) {
		this.getContext('node').seen = true;
		const signal = this.getExecutionCancelSignal();
		await new Promise<void>((resolve) => {
			signal?.addEventListener('abort', () => resolve());
			onWaiting();
		});
		this.logger.info('untilStopped: told', { aborted: signal?.aborted });
		return [[{ json: { told: true } }]];
	});
}

/** Turns each item with a `fault` into an error item. */
export const faulty = probe('faulty', async function (this: IExecuteFunctions) {
	const toItem = ({ json }: INodeExecutionData, item: number): INodeExecutionData => ({
		json: json.fault === undefined ? json : { error: { message: String(json.fault), jobId: 'job-1' } },
		pairedItem: { item },
	});
	return [this.getInputData().map(toItem)];
});

/** What a node can learn of its own run; its context counts how often it ran. */
export const curious = probe(
	'curious',
	async function (this: IExecuteFunctions) {
		const context = this.getContext('node');
		context.runs = Number(context.runs ?? 0) + 1;
		const proxy = this.getWorkflowDataProxy(0);
		this.logger.info('curious', {
			runIndex: proxy.$runIndex,
			runs: context.runs,
			type: this.getNode().type,
			rewired: this.getNode().rewireOutputLogTo,
			asTool: this.isToolExecution?.(),
			resumeUrl: this.evaluateExpression('{{ $execution.resumeUrl }}', 0),
			proxyUrl: proxy.$execution.resumeUrl,
		});
		return [this.getInputData().map(({ json }, item) => ({ json, pairedItem: { item } }))];
	},
	{ usableAsTool: true },
);

/** Asks a server with its credential; the answer is the item. */
export const asking = probe(
	'asking',
	async function (this: IExecuteFunctions) {
		const url = String(this.getNodeParameter('url', 0));
		return [[{ json: await this.helpers.httpRequestWithAuthentication.call(this, 'keyApi', { url, json: true }) }]];
	},
	{ credentials: [{ name: 'keyApi' }], properties: [parameter('url', 'string', '')] },
);

/** Stores a stream of ten chunks as a file. */
export const storing = probe('storing', async function (this: IExecuteFunctions) {
	const chunks = Array.from({ length: 10 }, (_, index) => Buffer.alloc(1000, index));
	const data = await this.helpers.prepareBinaryData(Readable.from(chunks), 'clip.mp4', 'video/mp4');
	return [[{ json: {}, binary: { data } }]];
});

/** Pauses; a callback `{ done: true }` resumes it, `{ crash: true }` makes its webhook throw, any other is only told. */
export const pausing: INodeType = {
	description: describeNode('pausing', {
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				path: '',
				restartWebhook: true,
				responseMode: 'onReceived',
				responseData: '',
			},
		],
	}),
	async execute(this: IExecuteFunctions) {
		const items = this.getInputData();
		for (const item of items) item.json = { paused: item.json };
		this.getContext('node').jobId = 'job-1';
		this.logger.info('pausing', { resumeUrl: this.evaluateExpression('{{ $execution.resumeUrl }}', 0) });
		await this.putExecutionToWait(new Date(Date.now() + 3_600_000));
		return [[...items]];
	},
	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const body = this.getBodyData();
		if (body.crash === true) throw new Error('the webhook crashed');
		const jobId = String(this.evaluateExpression('{{ $node["Pause"].context.jobId }}'));
		if (body.done !== true) return { webhookResponse: { heard: jobId } };
		return { workflowData: [[{ json: { resumed: jobId }, pairedItem: { item: 0 } }]] };
	},
};

/** Starts the workflow once per job id; answers for itself. */
export const onceTrigger: INodeType = {
	description: describeNode('onceTrigger', {
		group: ['trigger'],
		inputs: [],
		webhooks: [{ name: 'default', httpMethod: 'POST', path: 'once', responseMode: 'onReceived' }],
	}),
	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { jobId } = this.getBodyData();
		const seen = this.getWorkflowStaticData('node');
		this.getResponseObject()
			.status(202)
			.json({ known: seen[String(jobId)] === true });
		if (seen[String(jobId)] === true) return { noWebhookResponse: true };
		seen[String(jobId)] = true;
		return { noWebhookResponse: true, workflowData: [[{ json: { jobId, row: this.getQueryData() } }]] };
	},
};
