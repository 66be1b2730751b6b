// Looks at a running cluster from outside: who holds a worker's slot, who is paused, how soon others get through.
import { setTimeout as sleep } from 'node:timers/promises';
import { node, row, webhookTrigger } from '../../e2e/harness/workflow.ts';
import { until } from '../../e2e/harness/until.cts';
import type { Cluster } from './cluster.cts';
import { SLOTS_PER_WORKER, WORKERS } from './cluster.cts';

const LOOK_EVERY_MS = 500;
const LOOKS_PER_PROBE = 2;
/** A trivial execution may have to stand in the queue until a slot is free. */
const PROBE_TIMEOUT_MS = 240_000;
const ENDED = ['success', 'error', 'canceled', 'crashed'];

export interface Watched {
	/** Time that executions of the load held a worker's slot, all slots together. */
	slotMs: number;
	looks: number;
	/** The most executions that were paused at once. */
	mostPaused: number;
	/** Times that a paused execution was found in a slot, at two looks in a row. */
	pausedInSlots: number;
	/** How long each execution of an unrelated, trivial workflow took meanwhile, the queue included. */
	probeMs: number[];
}

/** A workflow that does nothing; its id and its webhook's path. */
async function publishProbe({ main }: Cluster): Promise<{ id: string; path: string }> {
	const path = `probe-${crypto.randomUUID()}`;
	// Not answered by its last node: under load n8n 2.41.1 misses the end of a short execution, and never answers then.
	const nodes = [webhookTrigger(path, 'onReceived'), node('Nothing', 'noOp')];
	return { id: await main.workflow(row('Probe', nodes), { publish: true }), path };
}

/** Resolves once executions have run in the workers: the first one loads all nodes. */
export async function warmUp(cluster: Cluster): Promise<void> {
	const { id, path } = await publishProbe(cluster);
	for (let count = 0; count < 2 * WORKERS * SLOTS_PER_WORKER; count += 1) await cluster.call(path, {});
	await endOf(cluster, [id]);
}

async function endOf({ stores }: Cluster, workflowIds: string[]): Promise<void> {
	const areOver = async () => {
		const statuses = [...(await stores.statusesOf(workflowIds)).values()];
		return (statuses.length > 0 && statuses.every((status) => ENDED.includes(status))) || undefined;
	};
	await until('the trivial executions to end', areOver, { timeoutMs: PROBE_TIMEOUT_MS });
}

interface Load {
	readonly workflowIds: readonly string[];
	readonly count: number;
	readonly timeoutMs: number;
	/** Ends the watch where the load cannot be started. */
	readonly signal: AbortSignal;
}

/** Watches the executions of these workflows until `count` of them have ended; throws after `timeoutMs`. */
export async function watch(cluster: Cluster, load: Load): Promise<Watched> {
	const watched: Watched = { slotMs: 0, looks: 0, mostPaused: 0, pausedInSlots: 0, probeMs: [] };
	const probe = await publishProbe(cluster);
	const deadlineMs = Date.now() + load.timeoutMs;
	let lastMs = Date.now();
	let heldBefore = new Set<string>();
	for (let ended = 0; ended < load.count; watched.looks += 1) {
		await sleep(LOOK_EVERY_MS, undefined, { signal: load.signal });
		if (watched.looks % LOOKS_PER_PROBE === 0) await cluster.call(probe.path, {});
		const look = await lookAt(cluster, load.workflowIds);
		watched.slotMs += look.inSlots.length * (Date.now() - lastMs);
		watched.mostPaused = Math.max(watched.mostPaused, look.paused.size);
		// For a moment n8n has an execution in both places: before it gives the slot back, and when it resumes.
		const held = new Set(look.inSlots.filter((id) => look.paused.has(id)));
		watched.pausedInSlots += [...held].filter((id) => heldBefore.has(id)).length;
		lastMs = Date.now();
		heldBefore = held;
		ended = look.ended;
		if (ended < load.count && lastMs > deadlineMs)
			throw new Error(`after ${load.timeoutMs / 1000} s only ${ended} of ${load.count} executions have ended`);
	}
	await endOf(cluster, [probe.id]);
	watched.probeMs = await cluster.stores.durationsMs(probe.id);
	return watched;
}

interface Look {
	readonly paused: Set<string>;
	readonly ended: number;
	/** Executions of the load in workers' slots. */
	readonly inSlots: string[];
}

async function lookAt({ stores }: Cluster, workflowIds: readonly string[]): Promise<Look> {
	const inSlots = await stores.executionsInSlots();
	const statuses = await stores.statusesOf(workflowIds);
	const withStatus = (wanted: readonly string[]) =>
		[...statuses].filter(([, status]) => wanted.includes(status)).map(([id]) => id);
	return {
		paused: new Set(withStatus(['waiting'])),
		ended: withStatus(ENDED).length,
		inSlots: inSlots.filter((id) => statuses.has(id)),
	};
}
