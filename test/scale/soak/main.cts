// A quarter of an hour of mixed load on one n8n: nothing that the node does may stay behind.
import { setTimeout as sleep } from 'node:timers/promises';
import { Host } from '../../e2e/harness/host.cts';
import { startProviders } from '../../e2e/harness/providers.cts';
import { onlyInstallation } from '../../e2e/harness/settings.cts';
import { hasEnded } from '../../e2e/harness/execution.ts';
import { until } from '../../e2e/harness/until.cts';
import { at } from '../../support/defined';
import type { Settings } from '../main.cts';
import { median, Report } from '../report.ts';
import type { Flow } from './flows.cts';
import { publishFlows } from './flows.cts';
import type { Holdings } from './inspector.cts';
import { inspectorUrl, openInspector } from './inspector.cts';

const LASTS_MS = 15 * 60_000;
/** n8n loads what it needs when it is first needed; a resumed execution is remembered for a minute (resume.ts). */
const WARM_UP_MS = 90_000;
const LOOK_EVERY_MS = 10_000;
const START_EVERY_MS = 500;
const ITEMS_EACH = 2;
/** Long enough that an execution has paused before its callback comes. */
const JOB_TIMES = { queueMs: 1_000, runMs: 4_000 };
const ENDS_TIMEOUT_MS = 180_000;
const VIDEO_BYTES = 1_000_000;
/** What a heap or a number of handles may grow by from the first third of the time to the last. */
const MAY_GROW = 1.1;

/** Measures the soak; one report. */
export async function measure(settings: Settings, give: (report: Report) => void): Promise<void> {
	const report = new Report('Soak');
	if (settings.quick) {
		report.skip('Its point is that it takes a quarter of an hour: in the full run only.');
		return give(report);
	}
	// Any free port; the task runners that n8n starts get their own.
	const host = await Host.start(onlyInstallation(settings), {
		tarball: settings.tarball,
		env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
	});
	const cleaners: Array<() => Promise<unknown>> = [async () => await host.server.end()];
	const afterwards = (clean: () => Promise<unknown>): void => void cleaners.push(clean);
	try {
		const providers = await startProviders({ host, afterwards }, { videoBytes: VIDEO_BYTES, jobTimes: JOB_TIMES });
		const flows = await publishFlows(host, providers);
		const load = startLoad(host, flows);
		await sleep(WARM_UP_MS);
		const looks = await lookFor(LASTS_MS, LOOK_EVERY_MS, inspectorUrl(host.server.log()));
		const started = await load.stop();
		report.figure('Lasted', `${LASTS_MS / 60_000} min, after ${WARM_UP_MS / 1000} s of warming up`);
		report.figure('Executions', started);
		report.figure(
			'Videos',
			`${providers.emulator.jobs().filter(({ phase }) => phase === 'completed').length} of ${VIDEO_BYTES / 1e6} MB`,
		);
		compare(report, looks);
		await checkEnds(report, host, flows);
	} catch (error) {
		report.fail(
			`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${host.server.lastLogLines()}`,
		);
	} finally {
		for (const clean of cleaners.reverse()) await clean();
	}
	give(report);
}

interface Load {
	/** Resolves with the number of executions that were started, when n8n has answered the last start. */
	stop(): Promise<number>;
}

/** Starts one workflow after the other, for as long as it is not stopped. */
function startLoad(host: Host, flows: readonly Flow[]): Load {
	let isOver = false;
	const run = async (): Promise<number> => {
		let started = 0;
		for (; !isOver; started += 1) {
			const shots = Array.from({ length: ITEMS_EACH }, (_, index) => ({ prompt: `Soak ${started} shot ${index}` }));
			const { httpStatus, body } = await host.webhook(at(flows, started % flows.length).path, { shots });
			if (httpStatus !== 200) throw new Error(`n8n answered a start with ${httpStatus}: ${JSON.stringify(body)}`);
			await sleep(START_EVERY_MS);
		}
		return started;
	};
	const running = run();
	// Its failure is told by stop().
	running.catch(() => undefined);
	return {
		stop: async () => {
			isOver = true;
			return await running;
		},
	};
}

async function lookFor(lastsMs: number, everyMs: number, url: string): Promise<Holdings[]> {
	const inspector = await openInspector(url);
	const looks: Holdings[] = [];
	for (const endMs = Date.now() + lastsMs; Date.now() < endMs; await sleep(everyMs)) looks.push(await inspector.look());
	inspector.close();
	return looks;
}

function compare(report: Report, looks: readonly Holdings[]): void {
	const third = Math.floor(looks.length / 3);
	const [first, last] = [looks.slice(0, third), looks.slice(-third)];
	const growth = (name: string, of: (look: Holdings) => number, text: (value: number) => string): void => {
		const [before, after] = [median(first.map(of)), median(last.map(of))];
		const ratio = after / before;
		report.promise(
			`${name}, median of the first third → of the last`,
			`${text(before)} → ${text(after)}, × ${ratio.toFixed(3)}`,
			`≤ × ${MAY_GROW}`,
			ratio <= MAY_GROW,
		);
	};
	report.figure('Looks, each after garbage collection', looks.length);
	growth(
		'Heap',
		({ heapBytes }) => heapBytes,
		(bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
	);
	growth(
		'Open handles',
		({ handles }) => handles,
		(handles) => String(handles),
	);
	report.figure('Handles at the first look', kindsText(looks.at(0)));
	report.figure('Handles at the last look', kindsText(looks.at(-1)));
}

function kindsText(look: Holdings | undefined): string {
	return Object.entries(look?.kinds ?? {})
		.map(([kind, count]) => `${count} ${kind}`)
		.join(', ');
}

/** The latest executions of each workflow ended as they should. */
async function checkEnds(report: Report, host: Host, flows: readonly Flow[]): Promise<void> {
	for (const { id, name, endsAs } of flows) {
		const look = async () => {
			const found = await host.executionsOf(id);
			return found.every(hasEnded) ? found : undefined;
		};
		const executions = await until(`the executions of ${name}`, look, { timeoutMs: ENDS_TIMEOUT_MS, everyMs: 2_000 });
		const right = executions.filter(({ status }) => status === endsAs).length;
		report.exactly(`The latest of ${name} that ended as ${endsAs}`, right, executions.length);
	}
}
