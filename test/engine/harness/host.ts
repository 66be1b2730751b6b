// First, since n8n-core reads its environment when it is loaded.
import type { LogLine } from './environment.cts';
import { after, logScope } from './environment.cts';
import { Container } from '@n8n/di';
import {
	BinaryDataConfig,
	BinaryDataService,
	ExecutionLifecycleHooks,
	ExternalSecretsProxy,
	WorkflowExecute,
} from 'n8n-core';
import type {
	IDataObject,
	INodeType,
	IRun,
	IRunExecutionData,
	IWorkflowBase,
	IWorkflowExecuteAdditionalData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { deepCopy, Workflow } from 'n8n-workflow';
import { present } from '../../../nodes/core/json';
import type { EngineCredential } from './credentials';
import { EngineCredentials } from './credentials';
import { Execution, store } from './execution';
import { captureLogs } from './logs';
import { EngineNodeTypes } from './nodeTypes';
import { simpleNodes } from './simpleNodes';
import type { WorkflowJson } from './workflow';

export interface EngineOptions {
	/** Real node instances by their type's short name; the simple nodes are always there. */
	readonly nodeTypes: Readonly<Record<string, INodeType>>;
	/** By credential type. */
	readonly credentials?: Readonly<Record<string, EngineCredential>>;
	/** Where binary data goes: files (n8n's default) or memory. One mode per process: the last engine's. */
	readonly binaryMode?: 'filesystem' | 'default';
	/** What n8n believes to be reached at, with a slash at its end. */
	readonly publicUrl?: string;
}

/** An execution under way. */
export interface RunningExecution {
	readonly id: string;
	readonly done: Promise<Execution>;
	/** The user's Stop. The cancel signal fires; `done` resolves when the running node has returned. */
	stop(): void;
	/** What was logged so far. */
	readonly logs: readonly LogLine[];
}

interface Launch {
	readonly workflow: WorkflowJson;
	readonly id: string;
	readonly mode: WorkflowExecuteMode;
	readonly data: IRunExecutionData;
	readonly resumed?: boolean;
}

/** What a running n8n has besides its engine: node types, credentials, addresses, stored executions, static data. */
export class Host {
	readonly nodeTypes: EngineNodeTypes;
	/** Executions by id, as the database has them; undefined while one runs. */
	readonly executions = new Map<string, Execution | undefined>();
	/** What nodes log in their `webhook()`: there is no execution yet to hold it. */
	readonly webhookLogs: LogLine[] = [];
	publicUrl: string;
	private readonly credentials: EngineCredentials;
	private readonly staticData = new Map<string, string>();
	private lastId = 0;

	constructor(options: EngineOptions) {
		this.nodeTypes = new EngineNodeTypes({ ...simpleNodes, ...options.nodeTypes });
		this.credentials = new EngineCredentials(options.credentials ?? {});
		this.publicUrl = options.publicUrl ?? 'http://n8n.test:5678/';
	}

	nextId(): string {
		this.lastId += 1;
		return String(this.lastId);
	}

	/** Takes a paused execution for resuming; false if it is not paused (any more). */
	claim(execution: Execution): boolean {
		if (this.executions.get(execution.id) !== execution || execution.status !== 'waiting') return false;
		this.executions.set(execution.id, undefined);
		return true;
	}

	/** The workflow as n8n instantiates it for one execution or one webhook call. */
	open(json: WorkflowJson): Workflow {
		const { id = 'workflow', name = id, nodes, connections, settings, ...first } = deepCopy(json);
		const saved = this.staticData.get(id);
		// What saveStaticData wrote is what is read.
		const staticData = saved === undefined ? first.staticData : (JSON.parse(saved) as IDataObject);
		return new Workflow({
			id,
			name,
			nodes,
			connections,
			...present({ settings, staticData }),
			active: true,
			nodeTypes: this.nodeTypes,
		});
	}

	/** n8n saves the static data whole, and only if the workflow changed it. */
	saveStaticData(workflow: Workflow): void {
		if (workflow.staticData.__dataChanged === true) {
			this.staticData.set(workflow.id, JSON.stringify(workflow.staticData));
		}
	}

	additionalData(executionId?: string): IWorkflowExecuteAdditionalData {
		const at = (path: string) => `${this.publicUrl}${path}`;
		const unsupported = async () => await Promise.reject(new Error('The engine cannot do this'));
		return {
			credentialsHelper: this.credentials,
			...present({ executionId }),
			currentNodeExecutionIndex: 0,
			restApiUrl: at('rest'),
			instanceBaseUrl: this.publicUrl,
			formBaseUrl: at('form'),
			formWaitingBaseUrl: at('form-waiting'),
			formTestBaseUrl: at('form-test'),
			webhookBaseUrl: at('webhook'),
			webhookWaitingBaseUrl: at('webhook-waiting'),
			webhookTestBaseUrl: at('webhook-test'),
			mcpBaseUrl: at('mcp'),
			mcpTestBaseUrl: at('mcp-test'),
			variables: {},
			logAiEvent: () => undefined,
			externalSecretsProxy: Container.get(ExternalSecretsProxy),
			executeWorkflow: unsupported,
			getRunExecutionData: async (id) => this.executions.get(id)?.readStored(),
			getRuntimeCredential: async () => undefined,
			startRunnerTask: unsupported,
		};
	}

	/** Runs execution data as n8n's main process does. Throws if the workflow has issues. */
	launch({ workflow: json, id, mode, data, resumed = false }: Launch): RunningExecution {
		const workflow = this.open(json);
		const additionalData = this.additionalData(id);
		if (resumed) additionalData.restartExecutionId = id;
		const timeoutSeconds = json.settings?.executionTimeout ?? -1;
		if (timeoutSeconds > 0) additionalData.executionTimeoutTimestamp = Date.now() + timeoutSeconds * 1000;
		const hooks = new ExecutionLifecycleHooks(mode, id, asSaved(workflow, json));
		const atStart = store(data);
		let stored = atStart;
		hooks.addHandler('workflowExecuteAfter', (run) => {
			// When cancelled this comes before the running node returns: what it does afterwards is not saved.
			stored = store(run.data);
			this.saveStaticData(workflow);
		});
		additionalData.hooks = hooks;
		const logs: LogLine[] = [];
		const execute = new WorkflowExecute(additionalData, mode, data);
		const running = logScope.run(logs, () => execute.processRunExecutionData(workflow));
		this.executions.set(id, undefined);
		const clearTimeout = timeoutSeconds > 0 ? after(timeoutSeconds * 1000, () => running.cancel()) : () => undefined;
		const finish = async (run: IRun) => {
			clearTimeout();
			const execution = new Execution(id, json, run, logs, stored);
			this.executions.set(id, execution);
			return execution;
		};
		const stop = () => {
			running.cancel();
			// n8n writes what it read before cancelling over what the engine's hook saved (ExecutionService.stopDuringRun).
			stored = atStart;
		};
		return { id, done: Promise.resolve(running).then(finish), stop, logs };
	}
}

function asSaved({ id, name = id }: Workflow, { nodes, connections, settings }: WorkflowJson): IWorkflowBase {
	const now = new Date();
	const rest = { isArchived: false, createdAt: now, updatedAt: now, activeVersionId: null };
	return { id, name, active: true, nodes, connections, ...present({ settings }), ...rest };
}

/** Makes n8n's container ready: its one logger and its binary store, in this process' own folder. */
export async function prepareContainer(binaryMode: 'filesystem' | 'default'): Promise<void> {
	captureLogs();
	Container.get(BinaryDataConfig).mode = binaryMode;
	await Container.get(BinaryDataService).init();
}
