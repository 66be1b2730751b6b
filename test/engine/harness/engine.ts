import type { EngineOptions, RunningExecution } from './host';
import { Host, prepareContainer } from './host';
import { Container } from '@n8n/di';
import { BinaryDataService, WAITING_TOKEN_QUERY_PARAM } from 'n8n-core';
import type { INodeExecutionData, WorkflowExecuteMode } from 'n8n-workflow';
import { createRunExecutionData } from 'n8n-workflow';
import { present } from '../../../nodes/core/json';
import type { LogLine } from './environment.cts';
import type { Execution } from './execution';
import type { WebhookResponse } from './response';
import type { WebhookCall, WebhookRequest } from './webhooks';
import { callTrigger, callWaiting, findWebhook, refuse, webhookPath } from './webhooks';
import type { WorkflowJson } from './workflow';

export interface RunInput {
	/** What the first node gets; one empty item if absent, as n8n's Manual Trigger gives. */
	readonly items?: INodeExecutionData[];
	/** `trigger` if absent: a production execution. */
	readonly mode?: WorkflowExecuteMode;
	/** Counted up from 1 if absent. */
	readonly executionId?: string;
}

/** What a webhook call led to. */
export interface WebhookOutcome {
	readonly response: WebhookResponse;
	/** The execution it started or resumed, at its end. */
	readonly execution?: Execution;
}

/** n8n's own engine around given nodes: workflow JSON and items in, executions out. */
export class Engine {
	private readonly triggers = new Map<string, { workflow: WorkflowJson; nodeName: string }>();

	constructor(private readonly host: Host) {}

	/** Lines that nodes logged in their `webhook()`, of all calls. */
	get webhookLogs(): readonly LogLine[] {
		return this.host.webhookLogs;
	}

	/** Runs a workflow from its first node to its end, or until it pauses. */
	async run(workflow: WorkflowJson, input: RunInput = {}): Promise<Execution> {
		return await this.start(workflow, input).done;
	}

	/** The same, to be stopped meanwhile. Throws at once if the workflow has issues, e.g. an empty required parameter. */
	start(workflow: WorkflowJson, input: RunInput = {}): RunningExecution {
		const { items = [{ json: {} }], mode = 'trigger', executionId = this.host.nextId() } = input;
		const node = this.host.open(workflow).getNode(workflow.nodes[0]?.name ?? '');
		if (node === null) throw new Error('The workflow has no node');
		const nodeExecutionStack = [{ node, data: { main: [items] }, source: null }];
		const data = createRunExecutionData({ executionData: { nodeExecutionStack } });
		return this.host.launch({ workflow, id: executionId, mode, data });
	}

	/**
	 * "Execute step" on the second node, with rows pinned at the first one after it had run: n8n hands over the pinned
	 * rows, and still knows what the node gave before.
	 */
	async runStepOfPinned(
		workflow: WorkflowJson,
		{ before, pinned }: { before: INodeExecutionData[]; pinned: INodeExecutionData[] },
	): Promise<Execution> {
		const [first, second] = workflow.nodes.map(({ name }) => name);
		const node = this.host.open(workflow).getNode(second ?? '');
		if (first === undefined || node === null) throw new Error('The workflow has no second node');
		const source = { main: [{ previousNode: first }] };
		const ran = { data: { main: [before] }, source: [], startTime: 0, executionTime: 0, executionIndex: 0 };
		const data = createRunExecutionData({
			executionData: { nodeExecutionStack: [{ node, data: { main: [pinned] }, source }] },
			resultData: { runData: { [first]: [ran] } },
		});
		return await this.host.launch({ workflow, id: this.host.nextId(), mode: 'manual', data }).done;
	}

	/**
	 * The editor's "Retry execution": a new execution over the stored data of one that did not succeed, from where it
	 * failed. With `workflow`, "Retry with currently saved workflow".
	 */
	async retry(execution: Execution, workflow?: WorkflowJson): Promise<Execution> {
		if (execution.run.finished === true) throw new Error('The execution succeeded, so it cannot be retried');
		const data = execution.readStored();
		const { lastNodeExecuted, runData } = data.resultData;
		if (lastNodeExecuted !== undefined) {
			delete data.resultData.error;
			const runs = runData[lastNodeExecuted];
			if (runs?.at(-1)?.error !== undefined) runs.pop();
		}
		const saved = workflow && this.host.open(workflow);
		for (const entry of data.executionData?.nodeExecutionStack ?? []) {
			entry.node = saved?.getNode(entry.node.name) ?? entry.node;
		}
		const id = this.host.nextId();
		return await this.host.launch({ workflow: workflow ?? execution.workflow, id, mode: 'retry', data }).done;
	}

	/** n8n's timer on a paused execution, at once: the node is not run again, its stored input is its output. */
	async resumeByTimer(execution: Execution): Promise<Execution> {
		if (!this.host.claim(execution)) throw new Error(`The execution is not waiting but ${execution.status}`);
		const { id, workflow, run } = execution;
		const data = execution.readStored();
		return await this.host.launch({ workflow, id, mode: run.mode, data, resumed: true }).done;
	}

	/** A call of a paused execution's resume URL, past n8n's token check. */
	async resumeByWebhook(execution: Execution, request: WebhookRequest): Promise<WebhookOutcome> {
		return await outcome(this.resume(execution.id, request));
	}

	/** A call of a trigger's production URL; the node is the workflow's first. */
	async runWebhook(workflow: WorkflowJson, request: WebhookRequest): Promise<WebhookOutcome> {
		return await outcome(callTrigger(this.host, workflow, workflow.nodes[0]?.name ?? '', request));
	}

	/** Registers a workflow's webhook triggers, as Publish does. Returns the production URL of its first node. */
	activate(workflow: WorkflowJson): string {
		const opened = this.host.open(workflow);
		const [path] = Object.values(opened.nodes).flatMap((node) => {
			const description = findWebhook(this.host, node, false);
			if (description === undefined) return [];
			const registered = webhookPath(opened, node, description);
			this.triggers.set(registered, { workflow, nodeName: node.name });
			return [registered];
		});
		if (path === undefined) throw new Error('The workflow has no webhook trigger');
		return `${this.host.publicUrl}webhook/${path}`;
	}

	/** Any call of one of this engine's URLs, with n8n's checks: 401, 404, 409 and all. */
	receive(url: string, request: Omit<WebhookRequest, 'query' | 'suffix'>): WebhookCall {
		const { pathname, searchParams } = new URL(url, this.host.publicUrl);
		const query = Object.fromEntries(searchParams);
		const [, kind, ...rest] = pathname.split('/');
		const path = rest.join('/');
		if (kind === 'webhook-waiting') {
			const [id = '', suffix = ''] = rest;
			return this.checkToken(id, { ...request, query, suffix });
		}
		const trigger = kind === 'webhook' ? this.triggers.get(path) : undefined;
		if (trigger === undefined) return refuse(404, `The requested webhook "${pathname}" is not registered.`);
		return callTrigger(this.host, trigger.workflow, trigger.nodeName, { ...request, query });
	}

	/** Believes to be reached at this URL (with a slash at its end) from now on. */
	publishAt(publicUrl: string): void {
		this.host.publicUrl = publicUrl;
	}

	/** A file in an item's binary field, wherever n8n keeps it. */
	async binary(item: INodeExecutionData | undefined, field = 'data'): Promise<StoredFile> {
		const stored = item?.binary?.[field];
		if (stored === undefined) throw new Error(`The item has no binary field "${field}"`);
		const bytes = await Container.get(BinaryDataService).getAsBuffer(stored);
		return { bytes, mimeType: stored.mimeType, ...present({ fileName: stored.fileName }) };
	}

	private checkToken(id: string, request: WebhookRequest): WebhookCall {
		const token = this.host.executions.get(id)?.readStored().resumeToken;
		if (token !== undefined && request.query?.[WAITING_TOKEN_QUERY_PARAM] !== token)
			return refuse(401, 'Invalid token');
		return this.resume(id, request);
	}

	private resume(id: string, request: WebhookRequest): WebhookCall {
		if (!this.host.executions.has(id)) return refuse(404, `The execution "${id}" does not exist.`);
		const execution = this.host.executions.get(id);
		if (execution === undefined) return refuse(409, `The execution "${id}" is running already.`);
		if (execution.status !== 'waiting') return refuse(409, `The execution "${id}" has finished already.`);
		return callWaiting(this.host, execution, request);
	}
}

export interface StoredFile {
	readonly bytes: Buffer;
	readonly mimeType: string;
	readonly fileName?: string;
}

/** An engine for these nodes. Engines of one process share n8n's container: its binary mode is the last one's. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
	await prepareContainer(options.binaryMode ?? 'filesystem');
	return new Engine(new Host(options));
}

async function outcome({ response, done }: WebhookCall): Promise<WebhookOutcome> {
	const execution = await done;
	return { response: await response, ...(execution && { execution }) };
}
