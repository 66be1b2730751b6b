import type { INodeExecutionData } from 'n8n-workflow';
import type { JobOrFailure } from '../../core/job';
import { asObject } from '../../core/json';
import { failureError } from '../../core/output';
import { isTool } from '../../host/context';
import { jobItem } from '../../kling/item';
import type { Result } from '../run/items';
import type { Run } from '../run/run';
import { checkJob, doJobs, type JobToAsk } from './job';

/** Asks for the status of each job, whatever it is. With Route by Status the items leave by three outputs. */
export async function getStatus(run: Run): Promise<INodeExecutionData[][]> {
	const ask = async (item: JobToAsk) =>
		await resultOf(run, item, item.seen ?? (await run.getStatus(item.api, item.handle)));
	const output = await doJobs(run, checkJob, ask);
	const isRouted = run.context.getNodeParameter('routeByStatus', 0, false) === true && !isTool(run.context);
	return isRouted ? routed(output) : [output];
}

/** Cancels each job and gives its status afterwards. */
export async function cancel(run: Run): Promise<INodeExecutionData[][]> {
	const ask = async (item: JobToAsk) => await resultOf(run, item, await run.cancel(item.api, item.handle));
	return [await doJobs(run, checkJob, ask)];
}

/** A job is data here, whatever has become of it; only where the provider does not say is the item an error. */
async function resultOf(run: Run, { handle, output, extras }: JobToAsk, answer: JobOrFailure): Promise<Result> {
	if (answer.kind === 'job') return await jobItem(run, answer.job, output, extras);
	return { kind: 'error', error: failureError(answer.failure, { provider: handle.provider, handle }) };
}

/** Completed, running and failed items, in the order of the outputs that workflows depend on. */
function routed(items: readonly INodeExecutionData[]): INodeExecutionData[][] {
	const outputs: [INodeExecutionData[], INodeExecutionData[], INodeExecutionData[]] = [[], [], []];
	for (const item of items) {
		const status = asObject(item.json)?.status;
		if (status === 'completed') outputs[0].push(item);
		else if (status === 'pending' || status === 'processing') outputs[1].push(item);
		else outputs[2].push(item);
	}
	return outputs;
}
