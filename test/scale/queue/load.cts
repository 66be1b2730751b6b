// Many videos by n8n's workers: paused until each callback, and, for comparison, waited for inside a worker's slot.
import { setTimeout as sleep } from 'node:timers/promises';
import { providers } from '../../../nodes/core/providers';
import type { NewJob } from '../../emulator/types';
import { itemsOf } from '../../e2e/harness/execution.ts';
import { expectVideoOf } from '../../e2e/harness/kling.cts';
import { startProviders } from '../../e2e/harness/providers.cts';
import type { Providers } from '../../e2e/harness/providers.cts';
import { klingNode, node, row, webhookTrigger } from '../../e2e/harness/workflow.ts';
import { at } from '../../support/defined';
import type { Report } from '../report.ts';
import { median, seconds } from '../report.ts';
import { noteCallbacks, takenBy, untilCalledBack } from './callbacks.cts';
import type { Cluster } from './cluster.cts';
import { SLOTS_PER_WORKER, WORKERS } from './cluster.cts';
import type { Watched } from './watch.cts';
import { watch } from './watch.cts';

export type Completion = 'callback' | 'wait';

export interface LoadSize {
	readonly executions: number;
	readonly itemsEach: number;
	/** From submit to end of the shortest job; the longest takes three times as long, as at the providers. */
	readonly jobSeconds: number;
	/** All at once if left out; otherwise one after the other, so far apart. */
	readonly startEveryMs?: number;
}

/** For what n8n does beside: far more than it has ever taken. */
const SLACK_MS = 600_000;
/** The videos that are compared byte for byte: each is fetched through n8n. */
const COMPARED_EVERY = 10;

/** A published workflow, and the path of its webhook. */
interface Flow {
	readonly id: string;
	readonly path: string;
}

/** A workflow for each provider: Webhook → one item per shot → Generate. */
export async function publishGenerators(
	{ main }: Cluster,
	{ credentials, emulator }: Providers,
	completion: Completion,
): Promise<Flow[]> {
	const publish = async (provider: string) => {
		const path = `${completion}-${provider}-${crypto.randomUUID()}`;
		const form = {
			resource: 'video',
			operation: 'generate',
			provider,
			completion,
			prompt: '={{ $json.prompt }}',
			startImageUrl: emulator.imageUrl,
		};
		const nodes = [
			webhookTrigger(path, 'onReceived'),
			node('Shots', 'splitOut', { fieldToSplitOut: 'body.shots' }),
			klingNode('Generate', form, { credentials: { ...credentials } }),
		];
		return { id: await main.workflow(row(path, nodes), { publish: true }), path };
	};
	return await Promise.all(providers.map(async ({ name }) => await publish(name)));
}

/** Starts an execution by a webhook; its items' prompts are `<label> shot <number>`. */
export async function startShots({ call }: Cluster, path: string, label: string, count: number): Promise<void> {
	await call(path, { shots: Array.from({ length: count }, (_, index) => ({ prompt: `${label} shot ${index}` })) });
}

/** An emulator for one scene, ended by `stop`. */
export async function providersFor(
	{ main }: Cluster,
	secondsOf: (job: NewJob) => number,
): Promise<Providers & { stop(): Promise<void> }> {
	const cleaners: Array<() => Promise<unknown>> = [];
	const afterwards = (clean: () => Promise<unknown>): void => void cleaners.push(clean);
	const jobTimes = (job: NewJob) => ({ queueMs: secondsOf(job) * 200, runMs: secondsOf(job) * 800 });
	const providers = await startProviders({ host: main, afterwards }, { jobTimes });
	const stop = async (): Promise<void> => void (await Promise.all(cleaners.map(async (clean) => await clean())));
	return { ...providers, stop };
}

/** Where each execution holds its slot until its longest job has ended, the others stand in line. */
function timeoutMs(completion: Completion, { executions, jobSeconds, startEveryMs = 0 }: LoadSize): number {
	const rounds = completion === 'wait' ? Math.ceil(executions / (WORKERS * SLOTS_PER_WORKER)) : 1;
	return executions * startEveryMs + rounds * 3 * jobSeconds * 1000 + SLACK_MS;
}

/** Runs the load and writes down what it took. */
export async function measureLoad(
	cluster: Cluster,
	completion: Completion,
	size: LoadSize,
	report: Report,
): Promise<void> {
	const providers = await providersFor(cluster, ({ number }) => size.jobSeconds * (1 + ((number * 37) % 100) / 50));
	const { emulator } = providers;
	try {
		const flows = await publishGenerators(cluster, providers, completion);
		const before = takenBy(cluster);
		const startMs = Date.now();
		const watched = await runLoad(cluster, completion, size, flows);
		const lastedMs = Date.now() - startMs;
		if (completion === 'callback') await untilCalledBack(emulator);
		noteLoad(size, report);
		await noteResults(cluster, providers, flows, size, report);
		if (completion === 'callback') noteCallbacks(cluster, emulator, before, report);
		report.figure('From first start to last end', seconds(lastedMs));
		report.figure('Slot time per execution', seconds(watched.slotMs / size.executions));
		noteWatched(watched, completion, report);
	} finally {
		await providers.stop();
	}
}

/** Starts the executions and watches them until all have ended. If one cannot be started, both end. */
async function runLoad(cluster: Cluster, completion: Completion, size: LoadSize, flows: Flow[]): Promise<Watched> {
	const { executions, itemsEach, startEveryMs = 0 } = size;
	const ending = new AbortController();
	const { signal } = ending;
	const start = async (index: number): Promise<void> => {
		await sleep(index * startEveryMs);
		if (signal.aborted) return;
		await startShots(cluster, at(flows, index % flows.length).path, `${completion} ${index}`, itemsEach);
	};
	const starts = Array.from({ length: executions }, async (_, index) => await start(index));
	const workflowIds = flows.map(({ id }) => id);
	const load = { workflowIds, count: executions, timeoutMs: timeoutMs(completion, size), signal };
	try {
		const [watched] = await Promise.all([watch(cluster, load), ...starts]);
		return watched;
	} finally {
		ending.abort();
	}
}

function noteLoad({ executions, itemsEach, jobSeconds, startEveryMs }: LoadSize, report: Report): void {
	const jobs = `jobs of ${jobSeconds} to ${3 * jobSeconds} s`;
	report.figure('Load', `${executions * itemsEach} videos in ${executions} executions, ${jobs}`);
	report.figure(
		'Executions started',
		startEveryMs === undefined ? 'all at once' : `one every ${seconds(startEveryMs)}`,
	);
	report.figure('Slots', `${WORKERS} workers × ${SLOTS_PER_WORKER}`);
}

function noteWatched(watched: Watched, completion: Completion, report: Report): void {
	const { looks, mostPaused, pausedInSlots, probeMs } = watched;
	const slots = WORKERS * SLOTS_PER_WORKER;
	if (completion === 'callback') {
		report.promise('Paused at once, at most', mostPaused, `more than the ${slots} slots`, mostPaused > slots);
		report.exactly(`Paused executions that held a slot, in ${looks} looks`, pausedInSlots, 0);
	}
	report.figure(`An unrelated workflow meanwhile, median of ${probeMs.length}`, seconds(median(probeMs)));
	report.figure('The same, slowest', seconds(Math.max(...probeMs)));
}

async function noteResults(
	{ main, stores }: Cluster,
	{ emulator }: Providers,
	flows: Flow[],
	{ executions, itemsEach }: LoadSize,
	report: Report,
): Promise<void> {
	const statuses = await stores.statusesOf(flows.map(({ id }) => id));
	const jobs = new Map(emulator.jobs().map((job) => [job.id, job]));
	let videos = 0;
	for (const [index, id] of [...statuses.keys()].entries()) {
		const items = itemsOf(await main.execution(id), 'Generate');
		if (index % COMPARED_EVERY === 0) await expectVideoOf(main, items[0], jobs.get(String(items[0]?.json.jobId)));
		videos += items.filter(({ json, binary }) => json.status === 'completed' && binary?.data?.id !== undefined).length;
	}
	const countOf = (wanted: string): number => [...statuses.values()].filter((status) => status === wanted).length;
	report.exactly('Executions that succeeded', countOf('success'), executions);
	report.exactly('Executions still paused at the end', countOf('waiting'), 0);
	report.exactly('Videos stored by n8n', videos, executions * itemsEach);
	report.exactly('Jobs accepted, which is to say paid', jobs.size, executions * itemsEach);
}
