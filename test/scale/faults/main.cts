// Items under faults: by the thousands in the pure core, by the hundreds in n8n's engine.
import { runCoreFaults } from '../coreFaults.ts';
import { Report } from '../report.ts';
import { runEngineFaults } from './engine.ts';

const SEED = 1;
const RUNS = { full: { core: 10_000, engine: 500 }, quick: { core: 1_000, engine: 60 } };
/** Broken promises that are printed; one is enough to fail. */
const SHOWN = 10;

/** Runs both and gives a report for each. */
export async function measure({ quick }: { quick: boolean }, give: (report: Report) => void): Promise<void> {
	const runs = RUNS[quick ? 'quick' : 'full'];
	const core = new Report('Faults, in the core on virtual time');
	try {
		const figures = await runCoreFaults(runs.core, SEED);
		core.exactly('Items', figures.runs, runs.core);
		giveEnds(core, figures);
	} catch (error) {
		core.fail(String(error));
	}
	give(core);
	const rejections: unknown[] = [];
	process.on('unhandledRejection', (reason) => rejections.push(reason));
	const engine = new Report("Faults, in n8n's engine");
	const { ends, items, paidJobs, allowedJobs, leaks, broken } = await runEngineFaults(runs.engine, SEED);
	engine.exactly('Items', items, runs.engine);
	const { video, failure, timeout, unknown } = ends;
	giveEnds(engine, {
		videos: video,
		failures: failure,
		timeouts: timeout,
		unknown,
		paidJobs,
		allowedPaid: allowedJobs,
	});
	engine.exactly('Items that are none of these', items - video - failure - timeout - unknown, 0);
	engine.exactly('Outputs, errors, log lines and foreign requests with a key in them', leaks, 0);
	engine.exactly('Unhandled rejections', rejections.length, 0);
	engine.exactly('Other broken promises', broken.length, 0);
	if (broken.length + rejections.length > 0)
		engine.fail([...broken, ...rejections.map(String)].slice(0, SHOWN).join('\n'));
	give(engine);
}

interface Ends {
	readonly videos: number;
	readonly failures: number;
	readonly timeouts: number;
	readonly unknown: number;
	readonly paidJobs: number;
	readonly allowedPaid: number;
}

function giveEnds(report: Report, { videos, failures, timeouts, unknown, paidJobs, allowedPaid }: Ends): void {
	report.figure('… that ended as a video', videos);
	report.figure('… as a clear failure', failures);
	report.figure('… as a timeout with the job ID', timeouts);
	report.figure('… as a submit whose answer was lost, and which was not repeated', unknown);
	report.promise(
		'Jobs accepted, which is to say paid',
		paidJobs,
		`≤ ${allowedPaid}, items and allowed repeats`,
		paidJobs <= allowedPaid,
	);
}
