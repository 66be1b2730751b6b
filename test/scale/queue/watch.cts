// Looks at a running cluster from outside: who holds a worker's slot, who is parked, how soon others get through.
import { setTimeout as sleep } from 'node:timers/promises';
import { node, row, webhookTrigger } from '../../e2e/harness/workflow.ts';
import { until } from '../../e2e/harness/until.cts';
import type { Cluster } from './cluster.cts';

const LOOK_EVERY_MS = 500;
const PROBE_EVERY_MS = 1_000;
const FIRST_CALL_TIMEOUT_MS = 5_000;
const ENDED = ['success', 'error', 'canceled', 'crashed'];

export interface Watched {
	/** Time that executions of the load held a worker's slot, all slots together. */
	slotMs: number;
	looks: number;
	/** The most executions that were parked at once. */
	mostParked: number;
	/** Times that a parked execution was found in a slot, at two looks in a row. */
	parkedInSlots: number;
	/** How long each call of an unrelated, trivial workflow took meanwhile. */
	probeMs: number[];
}

/**
 * A workflow that does nothing, for `watch` to call; its path. It has been called already: a webhook process may leave
 * its very first call unanswered for ever (n8n 2.41.1), and a first call is slow.
 */
export async function publishProbe({ main, call }: Cluster): Promise<string> {
	const path = `probe-${crypto.randomUUID()}`;
	await main.workflow(row('Probe', [webhookTrigger(path), node('Nothing', 'noOp')]), { publish: true });
	const answered = async () =>
		await call(path, {}, FIRST_CALL_TIMEOUT_MS).then(
			() => true,
			() => undefined,
		);
	await until('a trivial workflow to be answered', answered);
	return path;
}

/** Watches the executions of these workflows until `count` of them have ended; throws after `timeoutMs`. */
export async function watch(
	cluster: Cluster,
	load: {
		readonly workflowIds: readonly string[];
		readonly count: number;
		readonly probePath: string;
		readonly timeoutMs: number;
	},
): Promise<Watched> {
	const watched: Watched = {
		slotMs: 0,
		looks: 0,
		mostParked: 0,
		parkedInSlots: 0,
		probeMs: [],
	};
	let isOver = false;
	let probeError: unknown;
	const probing = probe(cluster, load.probePath, watched, () => isOver).catch((error: unknown) => {
		probeError = error;
	});
	try {
		const deadlineMs = Date.now() + load.timeoutMs;
		let lastMs = Date.now();
		let heldBefore = new Set<string>();
		while (!isOver) {
			const look = await lookAt(cluster, load.workflowIds);
			watched.looks += 1;
			watched.slotMs += look.inSlots.length * (Date.now() - lastMs);
			watched.mostParked = Math.max(watched.mostParked, look.parked.size);
			// For a moment n8n has an execution in both places: before it gives the slot back, and when it resumes.
			const held = new Set(look.inSlots.filter((id) => look.parked.has(id)));
			watched.parkedInSlots += [...held].filter((id) => heldBefore.has(id)).length;
			lastMs = Date.now();
			heldBefore = held;
			if (probeError !== undefined) throw probeError;
			isOver = look.ended === load.count;
			if (!isOver && lastMs > deadlineMs)
				throw new Error(`after ${load.timeoutMs / 1000} s only ${look.ended} of ${load.count} executions have ended`);
			await sleep(LOOK_EVERY_MS);
		}
	} finally {
		isOver = true;
		await probing;
	}
	return watched;
}

interface Look {
	readonly parked: Set<string>;
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
		parked: new Set(withStatus(['waiting'])),
		ended: withStatus(ENDED).length,
		inSlots: inSlots.filter((id) => statuses.has(id)),
	};
}

async function probe(cluster: Cluster, path: string, { probeMs }: Watched, isOver: () => boolean): Promise<void> {
	while (!isOver()) {
		const startMs = Date.now();
		await cluster.call(path, {});
		probeMs.push(Date.now() - startMs);
		await sleep(PROBE_EVERY_MS);
	}
}
