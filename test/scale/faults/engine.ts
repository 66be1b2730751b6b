import type { Random } from '../../../nodes/core/clock';
import { choices } from '../../../nodes/core/providers/choices';
import { seeded } from '../../bench/shapes';
import type { Execution } from '../../engine/harness/index';
import { CONTINUE, FROM_ITEM, retryOnFail, shots } from '../../engine/items';
import { createStage, type Stage } from '../../engine/stage';
import { meetStranger, type Stranger } from '../../support/stranger';
import { textsIn } from '../../support/texts';
import { judge, judgeMoney, type End } from './judge';
import { pick, spoil } from './faults';

/** Items of one execution. */
const ITEMS_EACH = 5;
/** Executions at a time, each with both APIs of its own. */
const AT_ONCE = 6;
const FACTOR = 60;
/** The only requests that may carry a key; the emulator notes which call each is. */
const API_CALLS: ReadonlyArray<string | undefined> = ['submit', 'runsync', 'status', 'cancel', 'uploadUrl'];

/** A host that is none of the two says yes to everything, as they would. */
const STRANGERS_WORD = {
	id: 'stranger-1',
	job_id: 'stranger-1',
	status: 'COMPLETED',
	output: { video_url: 'http://127.0.0.1:1/a.mp4' },
};

export interface FaultFigures {
	items: number;
	ends: Record<End, number>;
	paidJobs: number;
	/** Items, and allowed repeats. */
	allowedJobs: number;
	/** Outputs, errors, log lines and foreign requests with a key in them. */
	leaks: number;
	/** Each broken promise, with the seed. */
	broken: string[];
}

/** Runs so many items through n8n's engine, in executions of five, each with the faults of its own seed. */
export async function runEngineFaults(items: number, firstSeed: number): Promise<FaultFigures> {
	const ends = { video: 0, failure: 0, timeout: 0, unknown: 0 };
	const figures: FaultFigures = { items: 0, ends, paidJobs: 0, allowedJobs: 0, leaks: 0, broken: [] };
	const seeds = Array.from({ length: Math.ceil(items / ITEMS_EACH) }, (_, index) => firstSeed + index);
	const stranger = await meetStranger();
	stranger.answer({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(STRANGERS_WORD) });
	const work = async (): Promise<void> => {
		for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await runSeed(seed, stranger, figures);
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	await stranger.stop();
	return figures;
}

async function runSeed(seed: number, stranger: Stranger, figures: FaultFigures): Promise<void> {
	const random = seeded(seed);
	const stage = await createStage({ factor: FACTOR, callbacks: true });
	const { emulator } = stage;
	const keys = Object.values(emulator.keys);
	spoil(emulator, random, { strangerUrl: stranger.url, keys: emulator.keys });
	const { execution, logs } = await runToEnd(stage, random);
	const jobs = emulator.jobs();
	const { ends, broken } = judge(execution, ITEMS_EACH);
	const money = judgeMoney(jobs, ITEMS_EACH);
	const texts = textsIn([execution, logs]);
	const strangers = emulator.requests().filter(({ call }) => !API_CALLS.includes(call));
	const leaks = [...texts, ...textsIn(strangers), ...textsIn(stranger.requests)].filter((text) =>
		keys.some((key) => text.includes(key)),
	);
	// A lost answer leaves no id; then the item itself says so.
	const withoutReceipt = jobs.filter(({ id }) => !texts.some((text) => text.includes(id)));
	const unknowns = ends.filter((end) => end === 'unknown').length;
	const lost = withoutReceipt.length > unknowns ? [`no word of ${withoutReceipt.map(({ id }) => id).join(', ')}`] : [];
	figures.items += ITEMS_EACH;
	figures.paidJobs += jobs.length;
	figures.allowedJobs += money.allowed;
	figures.leaks += leaks.length;
	for (const end of ends) figures.ends[end] += 1;
	const leaked = leaks.map((text) => `a key in ${text.slice(0, 300)}`);
	figures.broken.push(...[...broken, ...money.broken, ...lost, ...leaked].map((text) => `seed ${seed}: ${text}`));
	await stage.close();
}

/** One execution, through a pause where there is one; `logs` are also those of callbacks. */
async function runToEnd(stage: Stage, random: Random): Promise<{ execution: Execution; logs: unknown }> {
	const completion = pick(random, ['wait', 'wait', 'callback']);
	const { value: provider } = pick(random, choices);
	const submitWith = completion === 'wait' && provider === 'runpod' && random() < 0.3 ? { submitWith: 'runsync' } : {};
	const options = {
		timeoutSeconds: 60 + Math.floor(120 * random()),
		onTimeout: pick(random, ['error', 'return']),
		...submitWith,
	};
	const settings = pick(random, [{}, retryOnFail(), CONTINUE, CONTINUE]);
	const started = await stage.start({ ...FROM_ITEM, provider, completion, options }, shots(ITEMS_EACH), settings).done;
	const execution = started.status === 'waiting' ? await resumed(stage, started) : started;
	return { execution, logs: [started, stage.engine.webhookLogs] };
}

/** The paused execution's end: by a callback, or by n8n's timer at its deadline. */
async function resumed(stage: Stage, paused: Execution): Promise<Execution> {
	const { clock, engine } = stage;
	const untilMs = paused.waitTill?.getTime() ?? clock.now();
	while (stage.resumedSoFar().length === 0 && clock.now() < untilMs) await clock.sleep(500);
	const [end] = stage.resumedSoFar();
	if (end !== undefined) return end;
	try {
		return await engine.resumeByTimer(paused);
	} catch {
		// A callback came just before: its execution is about to end.
		const [late] = await stage.allResumed();
		return late ?? paused;
	}
}
