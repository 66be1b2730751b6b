// A worker is killed and the main process restarted in the middle: nothing that was paid for is lost or paid twice.
import type { INodeExecutionData } from 'n8n-workflow';
import { itemsOf } from '../../e2e/harness/execution.ts';
import type { NewJob } from '../../emulator/types';
import type { Providers } from '../../e2e/harness/providers.cts';
import { until } from '../../e2e/harness/until.cts';
import { klingNode, node, row, webhookTrigger } from '../../e2e/harness/workflow.ts';
import { at } from '../../support/defined';
import type { Report } from '../report.ts';
import { seconds } from '../report.ts';
import type { Cluster } from './cluster.cts';
import { SLOTS_PER_WORKER, WORKERS } from './cluster.cts';
import { providersFor, publishGenerators, startShots } from './load.cts';
import type { LoadSize } from './load.cts';

/** Executions in wait mode: every slot is taken, and one more stands in the queue. */
const WAITING = WORKERS * SLOTS_PER_WORKER + 1;
/** n8n finds out about a dead worker's executions by their locks: 60 s, looked at each 30 s; or 3 min by the main. */
const CRASH_TIMEOUT_MS = 400_000;

async function start(
	cluster: Cluster,
	flows: Array<{ id: string; path: string }>,
	label: string,
	size: LoadSize,
): Promise<string[]> {
	const workflowIds = flows.map(({ id }) => id);
	for (let index = 0; index < size.executions; index += 1) {
		await startShots(cluster, at(flows, index % flows.length).path, `${label} ${index}`, size.itemsEach);
	}
	return workflowIds;
}

/** Runs it and writes down what became of every execution and job. */
export async function measureCrash(cluster: Cluster, size: LoadSize, report: Report): Promise<void> {
	const doomed = at(cluster.workers, 0);
	const logStart = doomed.log().length;
	// Paused jobs end while all is being restarted, and after it.
	const stretch = ({ input, number }: NewJob): number => (isOf('paused', input.prompt) ? 2 + (number % 3) / 2 : 1);
	const providers = await providersFor(cluster, (job) => size.jobSeconds * stretch(job));
	const { emulator } = providers;
	const pausedIds = await start(cluster, await publishGenerators(cluster, providers, 'callback'), 'paused', size);
	await untilStatuses(cluster, pausedIds, size.executions, (statuses) =>
		statuses.every((status) => status === 'waiting'),
	);
	const waitSize = { ...size, executions: WAITING };
	const waitIds = await start(cluster, await publishGenerators(cluster, providers, 'wait'), 'waiting', waitSize);
	const jobsBefore = (size.executions + WORKERS * SLOTS_PER_WORKER) * size.itemsEach;
	await until('all slots to have paid', () => emulator.jobs().length >= jobsBefore || undefined, {
		timeoutMs: 120_000,
	});
	const inDoomed = [...(await cluster.stores.statusesOf(waitIds)).keys()].filter((id) => ran(doomed.log(), id));
	const killedMs = Date.now();
	await doomed.kill('SIGKILL');
	await cluster.main.server.restart('SIGTERM');
	await doomed.launch();
	report.figure(
		'Load',
		`${size.executions} paused executions and ${WAITING} in wait mode, ${size.itemsEach} videos each`,
	);
	report.figure(
		'Killed with SIGKILL',
		`1 of ${WORKERS} workers, running ${inDoomed.length} executions; main restarted`,
	);
	const paused = await untilStatuses(cluster, pausedIds, size.executions, (statuses) => statuses.every(isOver));
	report.exactly(
		'Paused executions that completed',
		paused.filter(([, status]) => status === 'success').length,
		size.executions,
	);
	const pausedItems = await itemsIn(
		cluster,
		paused.map(([id]) => id),
	);
	report.exactly('Their videos', pausedItems.filter(isVideo).length, size.executions * size.itemsEach);
	const waited = await untilStatuses(cluster, waitIds, WAITING, (statuses) => statuses.every(isOver));
	report.figure('Until n8n knew what had become of all others', seconds(Date.now() - killedMs));
	// Crashed, if the main process misses them; error, if the process that queued them hears of the dead worker first.
	const lostOnes = waited.filter(([, status]) => status === 'crashed' || status === 'error');
	const crashed = lostOnes.map(([id]) => id);
	report.promise(
		'Ended by n8n as crashed or failed',
		lostOnes.map(([id, status]) => `${id} ${status}`).join(', '),
		`${inDoomed.join(', ')}, those of the killed worker`,
		crashed.join() === inDoomed.join() && crashed.length > 0,
	);
	const others = waited.filter(([id, status]) => !crashed.includes(id) && status === 'success');
	report.exactly('Others in wait mode that completed', others.length, WAITING - crashed.length);
	const lost = crashed.length * size.itemsEach;
	const finished = await itemsIn(
		cluster,
		[...paused, ...others].map(([id]) => id),
	);
	const finishedJobIds = new Set(finished.map(({ json }) => json.jobId));
	const receipts = receiptsIn(doomed.log().slice(logStart)).filter(({ jobId }) => !finishedJobIds.has(jobId));
	report.exactly('Job ids of these in the log', receipts.length, lost);
	report.exactly(
		'Videos that the Wait operation brought by these ids',
		await waitFor(cluster, providers, receipts),
		lost,
	);
	report.exactly('Jobs accepted in all', emulator.jobs().length, (size.executions + WAITING) * size.itemsEach);
	await providers.stop();
}

const isOf = (label: string, prompt: unknown): boolean => String(prompt).startsWith(label);

const isOver = (status: string | undefined): boolean =>
	['success', 'error', 'canceled', 'crashed'].includes(status ?? '');

/** n8n's own line of a worker that takes an execution. */
function ran(log: string, executionId: string): boolean {
	return new RegExp(`Worker started execution ${executionId}\\b`).test(log);
}

async function untilStatuses(
	{ stores }: Cluster,
	workflowIds: string[],
	count: number,
	isAsWanted: (statuses: string[]) => boolean,
): Promise<Array<[string, string]>> {
	return await until(
		`${count} executions`,
		async () => {
			const statuses = await stores.statusesOf(workflowIds);
			return statuses.size === count && isAsWanted([...statuses.values()]) ? [...statuses] : undefined;
		},
		{ timeoutMs: CRASH_TIMEOUT_MS, everyMs: 500 },
	);
}

const isVideo = ({ json, binary }: INodeExecutionData): boolean =>
	json.status === 'completed' && binary?.data?.id !== undefined;

async function itemsIn({ main }: Cluster, executionIds: string[]): Promise<INodeExecutionData[]> {
	const executions = await Promise.all(executionIds.map(async (id) => await main.execution(id)));
	return executions.flatMap((execution) => itemsOf(execution, 'Generate'));
}

interface Receipt {
	readonly jobId: string;
	readonly provider: string;
}

/** What an operator finds in a worker's log. */
function receiptsIn(log: string): Receipt[] {
	return [...log.matchAll(/Kling video job (\S+) of \S+ submitted to (\S+) for item/g)].map(
		([, jobId = '', provider = '']) => ({
			jobId,
			provider,
		}),
	);
}

/** Gives job ids to the Wait operation; how many videos it brought. */
async function waitFor(cluster: Cluster, { credentials }: Providers, jobs: Receipt[]): Promise<number> {
	const { main, call } = cluster;
	const path = `wait-${crypto.randomUUID()}`;
	const form = {
		resource: 'video',
		operation: 'wait',
		provider: 'fromInput',
		jobId: '={{ $json.jobId }}',
		downloadVideo: true,
	};
	const nodes = [
		webhookTrigger(path, 'onReceived'),
		node('Jobs', 'splitOut', { fieldToSplitOut: 'body.jobs' }),
		klingNode('Wait', form, { credentials: { ...credentials } }),
	];
	const workflowId = await main.workflow(row(path, nodes), { publish: true });
	await call(path, { jobs });
	const [id] = at(await untilStatuses(cluster, [workflowId], 1, (statuses) => statuses.every(isOver)), 0);
	return itemsOf(await main.execution(id), 'Wait').filter(isVideo).length;
}
