import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Clock } from '../core/clock';
import { nodeError } from '../host/context';
import type { Memory } from '../kling/memory';
import { generate } from './generate/generate';
import { download } from './jobs/download';
import { cancel, getStatus } from './jobs/getStatus';
import { wait } from './jobs/wait';
import { createRun } from './run/run';

const operations = new Map([
	['generate', generate],
	['getStatus', getStatus],
	['wait', wait],
	['cancel', cancel],
	['download', download],
]);

/** Runs the node's operation over all its items. Gives the items of each output. */
export async function runOperation(
	context: IExecuteFunctions,
	clock: Clock,
	memory: Memory,
): Promise<INodeExecutionData[][]> {
	const name = String(context.getNodeParameter('operation', 0, 'generate'));
	const operation = operations.get(name);
	if (operation !== undefined) return await operation(createRun(context, clock, memory));
	throw nodeError(context, {
		message: `The operation "${name}" is not known`,
		description: 'Choose an operation from the list.',
	});
}
