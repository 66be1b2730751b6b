import { parse } from 'flatted';
import type { ExecutionStatus, INodeExecutionData, IRunExecutionData, ITaskData } from 'n8n-workflow';

/** An execution as n8n's REST API gives it: `data` is text in flatted's format. */
export interface StoredExecution {
	id: string;
	workflowId: string;
	status: ExecutionStatus;
	mode: string;
	/** ISO 8601, as `stoppedAt` is. */
	startedAt: string;
	stoppedAt?: string | null;
	retryOf?: string;
	waitTill?: string | null;
	data: string;
}

export interface Execution extends Omit<StoredExecution, 'data'> {
	data: IRunExecutionData;
}

/** Unpacks n8n's stored form. */
export function readExecution(stored: StoredExecution): Execution {
	// flatted gives back what n8n flattened, and n8n's own type for that is IRunExecutionData.
	return { ...stored, data: parse(stored.data) as IRunExecutionData };
}

/** True once nothing more will happen in the execution. */
export function hasEnded({ status }: { status: ExecutionStatus }): boolean {
	return status === 'success' || status === 'error' || status === 'canceled' || status === 'crashed';
}

/** True while the execution is paused in n8n's database. */
export function isPaused({ status }: { status: ExecutionStatus }): boolean {
	return status === 'waiting';
}

/** All runs of a node, in order; empty if it did not run. */
export function runsOf(execution: Execution, nodeName: string): ITaskData[] {
	return execution.data.resultData.runData[nodeName] ?? [];
}

/** The items a node gave by one output, in its last run or in run number `run`. */
export function itemsOf(
	execution: Execution,
	nodeName: string,
	{ output = 0, run = -1, kind = 'main' } = {},
): INodeExecutionData[] {
	return runsOf(execution, nodeName).at(run)?.data?.[kind]?.[output] ?? [];
}

/** The JSON of those items. */
export function jsonOf(
	execution: Execution,
	nodeName: string,
	from: { output?: number; run?: number; kind?: string } = {},
): Array<INodeExecutionData['json']> {
	return itemsOf(execution, nodeName, from).map(({ json }) => json);
}

/** The error that ended the execution, as n8n shows it: message, then description. */
export function errorOf(execution: Execution): string | undefined {
	const error = execution.data.resultData.error;
	if (!error) return undefined;
	const description = 'description' in error && typeof error.description === 'string' ? error.description : '';
	return [error.message, description].filter((text) => text !== '').join('\n');
}
