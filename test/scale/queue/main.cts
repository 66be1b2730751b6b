import { onlyInstallation } from '../../e2e/harness/settings.cts';
import type { Settings } from '../main.cts';
import { Report, seconds } from '../report.ts';
import { SLOTS_PER_WORKER, startCluster, WEBHOOK_PROCESSES, WORKERS } from './cluster.cts';
import { measureCrash } from './crash.cts';
import { measureLoad } from './load.cts';
import type { LoadSize } from './load.cts';
import { openStores } from './stores.cts';
import { warmUp } from './watch.cts';

interface Sizes {
	readonly callback: LoadSize;
	/** Of the same jobs; fewer executions, as each holds its slot until its last job has ended: 100 take over an hour. */
	readonly wait: LoadSize;
	/** Absent where time is short: n8n takes a minute to notice a dead worker. */
	readonly crash?: LoadSize;
}

/**
 * Jobs of one to three minutes, as at the providers, and executions started at an even pace, as a schedule or a shop's
 * orders would. Each callback costs n8n 2.41.1 itself some 100 ms of a processor (docs/n8n.md#processor-time-of-a-callback),
 * whatever the node does: where a thousand of them come within a minute, two cores are busy for longer than that, and n8n
 * answers later than a provider waits.
 */
const SIZES: Record<'full' | 'quick', Sizes> = {
	full: {
		callback: { executions: 200, itemsEach: 5, jobSeconds: 60, startEveryMs: 1_500 },
		wait: { executions: 8, itemsEach: 5, jobSeconds: 60 },
		crash: { executions: 20, itemsEach: 5, jobSeconds: 40 },
	},
	quick: {
		callback: { executions: 6, itemsEach: 4, jobSeconds: 4 },
		wait: { executions: 6, itemsEach: 4, jobSeconds: 4 },
	},
};

/** Measures n8n's queue mode; a report for each scene, given as soon as there is one. */
export async function measure(settings: Settings, give: (report: Report) => void): Promise<void> {
	const { tarball, quick, sameLoad } = settings;
	const installation = onlyInstallation(settings);
	const stores = await openStores(installation);
	if ('missing' in stores) {
		const skipped = new Report('Queue mode');
		skipped.skip(`${stores.missing}. \`docker compose up --detach --wait\` starts both.`);
		return give(skipped);
	}
	const sizes = SIZES[quick ? 'quick' : 'full'];
	try {
		const startMs = Date.now();
		const cluster = await startCluster(installation, tarball, stores);
		const workers = `${WORKERS} workers with ${SLOTS_PER_WORKER} slots each`;
		const processes = `one main, ${workers}, ${WEBHOOK_PROCESSES} webhook processes`;
		console.log(`n8n ${installation.version}, ${processes}: up after ${seconds(Date.now() - startMs)}`);
		try {
			await warmUp(cluster);
			const scene = async (title: string, measure: (report: Report) => Promise<void>): Promise<void> => {
				const report = new Report(`Queue mode, ${title}`);
				await measure(report).catch((error: unknown) => {
					const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
					report.fail(`${reason}\n${cluster.lastWords()}`);
				});
				give(report);
			};
			const { callback, crash } = sizes;
			const wait = sameLoad ? callback : sizes.wait;
			await scene('Pause Until Callback', async (report) => await measureLoad(cluster, 'callback', callback, report));
			await scene('Wait for Completion', async (report) => await measureLoad(cluster, 'wait', wait, report));
			await scene('a worker killed', async (report) => {
				if (crash === undefined) report.skip('n8n takes a minute to notice a dead worker: in the full run only.');
				else await measureCrash(cluster, crash, report);
			});
		} finally {
			await cluster.end();
		}
	} finally {
		await stores.end();
	}
}
