import type { INodeExecutionData } from 'n8n-workflow';
import { errorOf, hasEnded, readExecution } from './execution.ts';
import type { Execution, StoredExecution } from './execution.ts';
import { Server } from './server.cts';
import type { Installation, ServerOptions } from './server.cts';
import { RestError, Session } from './session.cts';
import { until } from './until.cts';
import type { WorkflowDefinition } from './workflow.ts';

/** A stored credential, in the form in which a node refers to it. */
export interface CredentialReference {
	id: string;
	name: string;
}

export interface WebhookReply {
	httpStatus: number;
	/** The parsed body, or its text where it is not JSON. */
	body: unknown;
}

interface SavedWorkflow {
	id: string;
	versionId: string;
	nodes: Array<{ name: string; type: string }>;
}

/** One scenario's hands on a running n8n: what its user does by the editor, its webhooks, and its admin by signals. */
export class Host {
	/** The workflows made by these hands. */
	private readonly workflowIds: string[] = [];

	constructor(
		readonly server: Server,
		private readonly session: Session,
	) {}

	/** Starts an n8n of its own, with an owner who is logged in. */
	static async start(installation: Installation, options: ServerOptions): Promise<Host> {
		const server = await Server.start(installation, options);
		const session = new Session(server.url);
		await session.setUpOwner();
		return new Host(server, session);
	}

	/** Fresh hands on the same server, for the next scenario. */
	forScenario(): Host {
		return new Host(this.server, this.session);
	}

	/** Calls n8n's REST API as the logged-in editor; see Session. */
	async rest<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
		return await this.session.rest<T>(method, path, body);
	}

	/** Gets a page or file of n8n's, below its URL, as the logged-in browser does. */
	async get(path: string): Promise<Response> {
		return await this.session.get(path);
	}

	/** Stores a credential. */
	async credential(type: string, data: object, name = type): Promise<CredentialReference> {
		const { id } = await this.rest<CredentialReference>('POST', '/credentials', { name, type, data });
		return { id, name };
	}

	/** Stores a credential and tests it, as the editor does when one is saved. */
	async testCredential(type: string, data: object): Promise<{ status: 'OK' | 'Error'; message: string }> {
		const reference = await this.credential(type, data);
		return await this.rest('POST', '/credentials/test', { credentials: { ...reference, type, data } });
	}

	/** Imports a workflow, and publishes it if asked to, so that its webhooks and triggers listen. Returns its id. */
	async workflow(definition: WorkflowDefinition, { publish = false } = {}): Promise<string> {
		const saved = await this.rest<SavedWorkflow>('POST', '/workflows', definition);
		this.workflowIds.push(saved.id);
		if (publish) await this.publish(saved);
		return saved.id;
	}

	private async publish({ id, versionId }: SavedWorkflow): Promise<void> {
		await this.rest('POST', `/workflows/${id}/activate`, { versionId });
		await until(`workflow ${id} to be published`, async () => {
			const status = await this.publicationStatus(id);
			if (status === 'failed' || status === 'partial') throw new Error(`the triggers of workflow ${id} do not start`);
			return status === 'published' || undefined;
		});
	}

	// 2.41 publishes in the background; 2.8 has done it by the time it answers, and knows no status of it.
	private async publicationStatus(workflowId: string): Promise<string> {
		try {
			return (await this.rest<{ status: string }>('GET', `/workflows/${workflowId}/publication-status`)).status;
		} catch (error) {
			if (error instanceof RestError && error.httpStatus === 404) return 'published';
			throw error;
		}
	}

	/** The editor's "Execute workflow": starts from the first trigger, or from the named one. Returns the execution's id. */
	async runManually(workflowId: string, options: { trigger?: string } = {}): Promise<string> {
		const workflowData = await this.rest<SavedWorkflow>('GET', `/workflows/${workflowId}`);
		const trigger = options.trigger ?? workflowData.nodes.find(({ type }) => /trigger$/i.test(type))?.name;
		// 2.8 takes the workflow from the call, 2.41 from its database; each ignores what it does not know.
		const call = { workflowData, triggerToStartFrom: { name: trigger } };
		const { executionId } = await this.rest<{ executionId?: string }>('POST', `/workflows/${workflowId}/run`, call);
		if (executionId === undefined) throw new Error(`running workflow ${workflowId} by "${trigger}" started nothing`);
		return executionId;
	}

	/** Imports a workflow, runs it by its manual trigger, and gives its execution once that has ended. */
	async run(definition: WorkflowDefinition, timeoutMs?: number): Promise<Execution> {
		const executionId = await this.runManually(await this.workflow(definition));
		return await this.waitForExecution(executionId, hasEnded, timeoutMs);
	}

	/** The editor's Stop. */
	async stopExecution(executionId: string): Promise<void> {
		await this.rest('POST', `/executions/${executionId}/stop`);
	}

	/** The editor's "Retry with original workflow" (or with the saved one); resolves when the retry has ended, with its id. */
	async retryExecution(executionId: string, { loadWorkflow = false } = {}): Promise<string> {
		const { id } = await this.rest<{ id: string }>('POST', `/executions/${executionId}/retry`, { loadWorkflow });
		return id;
	}

	/** The execution as stored by now; a running one has little data. */
	async execution(executionId: string): Promise<Execution> {
		return readExecution(await this.rest<StoredExecution>('GET', `/executions/${executionId}`));
	}

	/** All executions of a workflow, oldest first. */
	async executionsOf(workflowId: string): Promise<Execution[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const found = await this.rest<{ results: Array<{ id: string }> }>('GET', `/executions?limit=100&filter=${filter}`);
		const ids = found.results.map(({ id }) => Number(id)).sort((left, right) => left - right);
		return await Promise.all(ids.map(async (id) => await this.execution(String(id))));
	}

	/** Looks at the execution until it is as wanted; throws with its state and error after `timeoutMs`. */
	async waitForExecution(
		executionId: string,
		isAsWanted: (execution: Execution) => boolean = hasEnded,
		timeoutMs = 60_000,
	): Promise<Execution> {
		const look = async () => {
			const execution = await this.execution(executionId);
			return isAsWanted(execution) ? execution : undefined;
		};
		return await until(`execution ${executionId}`, look, { timeoutMs });
	}

	/** Waits until something outside n8n has come true. */
	async until(what: string, isTrue: () => boolean, timeoutMs?: number): Promise<void> {
		await until(what, () => isTrue() || undefined, { timeoutMs });
	}

	/** Calls a published workflow's webhook; `path` is the webhook node's. */
	async webhook(path: string, body: unknown = {}): Promise<WebhookReply> {
		const reply = await fetch(`${this.server.url}/webhook/${path}`, {
			method: 'POST',
			headers: { connection: 'close', 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
		const text = await reply.text();
		const isJson = reply.headers.get('content-type')?.includes('json') && text !== '';
		return { httpStatus: reply.status, body: isJson ? JSON.parse(text) : text };
	}

	/** The bytes of an item's binary field: held in the item itself, or fetched as the editor's download button does. */
	async binary(item: INodeExecutionData, field = 'data'): Promise<Buffer> {
		const stored = item.binary?.[field];
		if (!stored) throw new Error(`the item has no binary in "${field}": ${JSON.stringify(item)}`);
		const { id, data } = stored;
		if (id === undefined) return Buffer.from(data, 'base64');
		const reply = await this.get(`/rest/binary-data?action=download&id=${encodeURIComponent(id)}`);
		if (!reply.ok) throw new Error(`n8n answered ${reply.status} for the binary ${id}`);
		return Buffer.from(await reply.arrayBuffer());
	}

	/** Every execution of these hands' workflows, with its state and error: what to print when a scenario fails. */
	async explain(): Promise<string> {
		const executions = (await Promise.all(this.workflowIds.map(async (id) => await this.executionsOf(id)))).flat();
		return executions
			.map((execution) => `execution ${execution.id}: ${execution.status}\n${errorOf(execution) ?? ''}`.trimEnd())
			.join('\n');
	}
}
