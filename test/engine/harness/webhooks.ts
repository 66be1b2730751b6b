import { WebhookContext } from 'n8n-core';
import type {
	IDataObject,
	IExecuteData,
	IHttpRequestMethods,
	INode,
	IRunExecutionData,
	ITaskData,
	IWebhookData,
	IWebhookDescription,
	IWebhookFunctions,
	IWebhookResponseData,
	IWorkflowExecuteAdditionalData,
	Workflow,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { createRunExecutionData, NodeHelpers } from 'n8n-workflow';
import { logScope } from './environment.cts';
import type { Execution } from './execution';
import type { Host, RunningExecution } from './host';
import { RecordedResponse } from './response';
import type { WebhookResponse } from './response';
import type { WorkflowJson } from './workflow';

/** An HTTP request as n8n's webhook server has parsed it. */
export interface WebhookRequest {
	readonly method?: IHttpRequestMethods;
	/** Parsed where it is JSON, else as it came. */
	readonly body?: unknown;
	/** Names in lower case. */
	readonly headers?: Readonly<Record<string, string>>;
	readonly query?: Readonly<Record<string, string>>;
	/** What follows the execution's id in the path of a resume URL. */
	readonly suffix?: string;
}

/** A webhook call under way: n8n may answer long before the execution it started ends. */
export interface WebhookCall {
	/** Rejected if nobody ever answers. */
	readonly response: Promise<WebhookResponse>;
	/** The started or resumed execution's end; undefined if there was none. */
	readonly done: Promise<Execution | undefined>;
}

interface Target {
	readonly host: Host;
	readonly workflow: Workflow;
	readonly node: INode;
	readonly description: IWebhookDescription;
	readonly mode: WorkflowExecuteMode;
	readonly additionalData: IWorkflowExecuteAdditionalData;
	readonly data: IRunExecutionData | null;
	/** Starts or resumes the execution; undefined if another call was faster. */
	launch(data: IRunExecutionData): RunningExecution | undefined;
}

/** The node's webhook for a method: the one that resumes, or the one that starts the workflow. */
export function findWebhook(
	host: Host,
	node: INode,
	restarts: boolean,
	method?: IHttpRequestMethods,
): IWebhookDescription | undefined {
	const { webhooks = [] } = host.nodeTypes.getByNameAndVersion(node.type).description;
	return webhooks.find(
		({ restartWebhook = false, httpMethod }) =>
			restartWebhook === restarts && (method === undefined || httpMethod === method),
	);
}

/** A call of a paused execution's resume URL, as n8n's WaitingWebhooks handles it. */
export function callWaiting(host: Host, execution: Execution, request: WebhookRequest): WebhookCall {
	const data = execution.readStored();
	const paused = onTop(data);
	// n8n marks the stored copy disabled: on resume the engine passes its data on instead of running it.
	paused.node.disabled = true;
	delete data.waitTill;
	popLastRun(data);
	const workflow = host.open(execution.workflow);
	const node = workflow.getNode(paused.node.name);
	const description = node && findWebhook(host, node, true, request.method ?? 'POST');
	if (!node || description?.path !== (request.suffix ?? '')) {
		return refuse(404, 'There is no waiting webhook with a matching path/method');
	}
	const { id } = execution;
	const { mode } = execution.run;
	const launch = (resumed: IRunExecutionData) => {
		if (!host.claim(execution)) return undefined;
		return host.launch({ workflow: execution.workflow, id, mode, data: resumed, resumed: true });
	};
	return call(
		{ host, workflow, node, description, mode, additionalData: host.additionalData(id), data, launch },
		request,
	);
}

/** A call of a trigger's production URL, as n8n's LiveWebhooks handles it. */
export function callTrigger(host: Host, json: WorkflowJson, nodeName: string, request: WebhookRequest): WebhookCall {
	const workflow = host.open(json);
	const node = workflow.getNode(nodeName);
	const description = node && findWebhook(host, node, false, request.method ?? 'POST');
	if (!node || !description) return refuse(404, 'There is no webhook of this method');
	const mode = 'webhook';
	const launch = (data: IRunExecutionData) => host.launch({ workflow: json, id: host.nextId(), mode, data });
	const additionalData = host.additionalData();
	return call({ host, workflow, node, description, mode, additionalData, data: null, launch }, request);
}

/** What n8n answers without asking any node. */
export function refuse(status: number, message: string): WebhookCall {
	const response = Promise.resolve({ status, body: { code: status, message }, headers: {} });
	return { response, done: Promise.resolve(undefined) };
}

function call(target: Target, request: WebhookRequest): WebhookCall {
	const recorded = new RecordedResponse();
	const { additionalData } = target;
	const { method = 'POST', body = {}, headers = {}, query = {} } = request;
	// Express' own types are not installed: these are the fields that n8n and nodes read.
	additionalData.httpRequest = {
		method,
		body,
		headers,
		query,
		params: {},
		url: '/',
	} as typeof additionalData.httpRequest;
	// Likewise: the methods that nodes call.
	additionalData.httpResponse = recorded as typeof additionalData.httpResponse;
	const running = handle(target, recorded);
	const over = async (begun?: RunningExecution) => {
		recorded.close();
		return await begun?.done;
	};
	return { response: recorded.sent, done: running.then(over) };
}

async function handle(target: Target, response: RecordedResponse): Promise<RunningExecution | undefined> {
	const { host, workflow, data } = target;
	const failed: Partial<IRunExecutionData> = {};
	let result: IWebhookResponseData;
	try {
		result = await runWebhook(target);
	} catch (error) {
		response.answer(500, { code: 0, message: 'Workflow Webhook Error: Workflow could not be started!' });
		// n8n wipes the run data and goes on with one empty item.
		failed.resultData = { runData: {}, lastNodeExecuted: target.node.name, error: asStoredError(error) };
		result = { noWebhookResponse: true, workflowData: [[{ json: {} }]] };
	}
	host.saveStaticData(workflow);
	const { workflowData, webhookResponse } = result;
	if (workflowData === undefined) {
		if (result.noWebhookResponse !== true)
			response.answer(200, webhookResponse ?? { message: 'Webhook call received' });
		return undefined;
	}
	const resumed = Object.assign(data === null ? started(target.node) : data, failed);
	const top = onTop(resumed);
	top.data.main = workflowData;
	if (data !== null) top.metadata = { ...top.metadata, forwardAllOutputs: true };
	const running = target.launch(resumed);
	if (running === undefined) response.answer(500, { code: 0, message: 'There was a problem executing the workflow' });
	else if (result.noWebhookResponse !== true) {
		if (response.headersSent) throw new Error('Cannot set headers after they are sent to the client');
		response.answer(200, webhookResponse ?? { message: 'Workflow was started' });
	}
	return running;
}

/** One call of the node's own method. */
async function runWebhook({
	host,
	workflow,
	node,
	additionalData,
	mode,
	...rest
}: Target): Promise<IWebhookResponseData> {
	const type = host.nodeTypes.getByNameAndVersion(node.type);
	if (type.webhook === undefined) throw new Error(`${node.type} has no webhook()`);
	const webhookData: IWebhookData = {
		httpMethod: 'POST',
		node: node.name,
		path: '',
		webhookDescription: rest.description,
		workflowId: workflow.id,
		workflowExecuteAdditionalData: additionalData,
	};
	const context = new WebhookContext(workflow, node, additionalData, mode, webhookData, [], rest.data);
	// n8n's own class for this type, built without exactOptionalPropertyTypes: only undefined names differ.
	const given = context as IWebhookFunctions;
	return (await logScope.run(host.webhookLogs, async () => await type.webhook?.call(given))) ?? {};
}

type StoredError = NonNullable<IRunExecutionData['resultData']['error']>;

function asStoredError(error: unknown): StoredError {
	const { message, stack } = error instanceof Error ? error : new Error(String(error));
	// n8n stores an error as a plain object: its own fields, its message and its stack.
	return { ...(error as object), message, stack } as StoredError;
}

function started(node: INode): IRunExecutionData {
	const nodeExecutionStack = [{ node, data: { main: [] }, source: null }];
	return createRunExecutionData({ executionData: { nodeExecutionStack } });
}

function onTop(data: IRunExecutionData): IExecuteData {
	const top = data.executionData?.nodeExecutionStack[0];
	if (top === undefined) throw new Error('No node is waiting in this execution');
	return top;
}

function popLastRun({ resultData }: IRunExecutionData): void {
	const runs: ITaskData[] = resultData.runData[resultData.lastNodeExecuted ?? ''] ?? [];
	const last = runs.pop();
	if (last?.inputOverride === undefined) return;
	const { source, inputOverride } = last;
	runs.push({ startTime: 0, executionTime: 0, executionIndex: 0, source, inputOverride });
}

/** The part of the URL after `webhook/`. */
export function webhookPath(workflow: Workflow, node: INode, description: IWebhookDescription): string {
	const keys: IDataObject = {};
	const path = workflow.expression.getSimpleParameterValue(node, description.path, 'internal', keys);
	return NodeHelpers.getNodeWebhookPath(workflow.id, node, String(path), description.isFullPath === true);
}
