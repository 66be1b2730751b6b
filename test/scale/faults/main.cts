// Items under faults: by the thousands in the pure core, by the hundreds in n8n's engine.
import { CORE_FAULTS, runCoreFaults } from '../coreFaults.ts';
import { ENDS, type End, type FaultFigures } from '../faultFigures.ts';
import { faultyModels } from '../faultyModels.ts';
import { Report } from '../report.ts';
import { ENGINE_FAULTS, runEngineFaults } from './engine.ts';

const SEED = 1;
const RUNS = { full: { core: 10_000, engine: 500 }, quick: { core: 1_000, engine: 60 } };
/** Broken promises that are printed; one is enough to fail. */
const SHOWN = 10;
const MODELS = faultyModels.map(({ id }) => id);

/** Runs both and gives a report for each. */
export async function measure({ quick }: { quick: boolean }, give: (report: Report) => void): Promise<void> {
	const runs = RUNS[quick ? 'quick' : 'full'];
	const rejections: unknown[] = [];
	process.on('unhandledRejection', (reason) => rejections.push(reason));
	const core = new Report('Faults, in the core on virtual time');
	try {
		const figures = await runCoreFaults(runs.core, SEED);
		giveFigures(core, figures, { items: runs.core, kinds: CORE_FAULTS, isShort: quick });
	} catch (error) {
		core.fail(String(error));
	}
	give(core);
	const engine = new Report("Faults, in n8n's engine");
	const figures = await runEngineFaults(runs.engine, SEED);
	const { leaks, lostJobs, broken } = figures;
	giveFigures(engine, figures, { items: runs.engine, kinds: ENGINE_FAULTS, isShort: quick });
	engine.exactly('Job IDs that were lost', lostJobs, 0);
	engine.exactly('Outputs, errors, log lines and foreign requests with a key in them', leaks, 0);
	engine.exactly('Unhandled rejections, those of the core among them', rejections.length, 0);
	engine.exactly('Broken promises', broken.length, 0);
	if (broken.length + rejections.length > 0)
		engine.fail([...broken, ...rejections.map(String)].slice(0, SHOWN).join('\n'));
	give(engine);
}

interface Asked {
	readonly items: number;
	/** Every kind of fault that is drawn. */
	readonly kinds: readonly string[];
	/** Too short for each kind to be met. */
	readonly isShort: boolean;
}

function giveFigures(report: Report, figures: FaultFigures, { items, kinds, isShort }: Asked): void {
	const { ends, met, paidJobs, allowedJobs } = figures;
	report.exactly('Items', figures.items, items);
	// Object.keys gives them as texts.
	const names = Object.keys(ENDS) as End[];
	for (const name of names) report.figure(`… that ended as ${ENDS[name]}`, ends.of(name));
	const ended = names.reduce((sum, name) => sum + ends.of(name), 0);
	report.exactly('… as anything else', figures.items - ended, 0);
	report.promise(
		'Jobs accepted, which is to say paid',
		paidJobs,
		`≤ ${allowedJobs}, items and allowed repeats`,
		paidJobs <= allowedJobs,
	);
	const missing = figures.notMet(kinds);
	if (isShort) report.figure('Kinds of fault that items met', `${kinds.length - missing.length} of ${kinds.length}`);
	else report.promise('Kinds of fault that no item met', missing.join(', ') || 0, 0, missing.length === 0);
	const byModel = (row: string, tally: FaultFigures['ends']) => MODELS.map((model) => tally.of(row, model));
	report.table(
		'Items by how they ended',
		MODELS,
		names.map((name) => [ENDS[name], byModel(name, ends)]),
	);
	report.table(
		'Items that met a kind of fault',
		MODELS,
		kinds.map((kind) => [kind, byModel(kind, met)]),
	);
}
