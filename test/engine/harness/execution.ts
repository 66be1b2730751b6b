import { parse, stringify } from 'flatted';
import type {
	ExecutionError,
	ExecutionStatus,
	IExecuteContextData,
	INodeExecutionData,
	IRun,
	IRunExecutionData,
	ITaskData,
} from 'n8n-workflow';
import type { LogLine } from './environment.cts';
import type { WorkflowJson } from './workflow';

/** Execution data in the form n8n's database holds it. */
export function store(data: IRunExecutionData): string {
	return stringify(data);
}

/** One execution after its run ended or paused, with what n8n's database would hold of it. */
export class Execution {
	private stoppedWhilePaused = false;

	constructor(
		readonly id: string,
		/** The workflow as it was when the execution started. */
		readonly workflow: WorkflowJson,
		readonly run: IRun,
		readonly logs: readonly LogLine[],
		/** The run's data as n8n saved it (see `store`); retry and resume read nothing else. */
		private readonly stored: string,
	) {}

	get status(): ExecutionStatus {
		return this.stoppedWhilePaused ? 'canceled' : this.run.status;
	}

	/** What nodes logged beside this message, line by line. */
	logged(message: string): Array<LogLine['meta']> {
		return this.logs.filter((line) => line.message === message).map(({ meta }) => meta);
	}

	/** When n8n's timer would resume a paused execution. */
	get waitTill(): Date | undefined {
		return this.run.waitTill ?? undefined;
	}

	/** What nodes keep in `getContext`; the key of a node is `node:<name>`. */
	get contextData(): IExecuteContextData {
		return this.run.data.executionData?.contextData ?? {};
	}

	/** A node's runs, oldest first; [] if it never ran. Retry On Fail's tries are one run. */
	runs(nodeName: string): ITaskData[] {
		return this.run.data.resultData.runData[nodeName] ?? [];
	}

	/** What a node's run put on one of its outputs. A tool's items are on output 0. */
	items(nodeName: string, outputIndex = 0, runIndex = 0): INodeExecutionData[] {
		const data = this.runs(nodeName)[runIndex]?.data;
		return (data?.main ?? data?.ai_tool)?.[outputIndex] ?? [];
	}

	/** The error of a node's last run, or of the whole execution. */
	error(nodeName?: string): ExecutionError | undefined {
		return nodeName === undefined ? this.run.data.resultData.error : this.runs(nodeName).at(-1)?.error;
	}

	/** A fresh copy of the stored data, as a restarted n8n reads it. */
	readStored(): IRunExecutionData {
		// What `store` wrote is what is read.
		return parse(this.stored) as IRunExecutionData;
	}

	/** The user's Stop on a paused execution: no node hears of it, and it cannot be resumed any more. */
	stop(): void {
		if (this.status === 'waiting') this.stoppedWhilePaused = true;
	}
}
