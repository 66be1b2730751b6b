import { seeded } from '../../bench/shapes';
import type { Strike } from '../../emulator/index';
import { node, row, type Execution } from '../../engine/harness/index';
import { createStage, type Stage } from '../../engine/stage';
import { startBodyLimitProxy, type BodyLimitProxy } from '../../support/bodyLimitProxy';
import { meetStranger, type Stranger } from '../../support/stranger';
import { textsIn } from '../../support/texts';
import { asObject } from '../../../nodes/core/json';
import { FaultFigures } from '../faultFigures';
import { judge, judgeMoney } from './judge';
import { PASSING_MESSAGE, SPOILT, spoil } from './faults';
import { drawScene, indexOf, isLong, itemsOfScene, OF_SCENES, type Scene } from './scene';

/** Items of one execution. */
const ITEMS_EACH = 5;
/** Executions at a time, each with both APIs of its own. */
const AT_ONCE = 6;
const FACTOR = 60;
/** The only requests that may carry a key; the emulator notes which call each is. */
const API_CALLS: ReadonlyArray<string | undefined> = ['submit', 'runsync', 'status', 'cancel', 'uploadUrl'];
const SUBMITS: ReadonlyArray<string | undefined> = ['submit', 'runsync'];
const PATHS = { coreToday: '/core-today/v1', runpod: '/runpod/v2' };

/** A host that is none of the two says yes to everything, as they would. */
const STRANGERS_WORD = {
	id: 'stranger-1',
	job_id: 'stranger-1',
	status: 'COMPLETED',
	output: { video_url: 'http://127.0.0.1:1/a.mp4' },
};

/** Every kind of fault that is drawn here. */
export const ENGINE_FAULTS: readonly string[] = [...SPOILT, ...OF_SCENES];

export class EngineFigures extends FaultFigures {
	/** Outputs, errors, log lines and foreign requests with a key in them. */
	leaks = 0;
	/** Jobs whose ID nothing names, and whose submit is not known to be unclear. */
	lostJobs = 0;
	/** Each broken promise, with the seed. */
	readonly broken: string[] = [];
}

/** Runs so many items through n8n's engine, in executions of five of one model, each with the faults of its own seed. */
export async function runEngineFaults(items: number, firstSeed: number): Promise<EngineFigures> {
	const figures = new EngineFigures();
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

async function runSeed(seed: number, stranger: Stranger, figures: EngineFigures): Promise<void> {
	const random = seeded(seed);
	const scene = drawScene(seed, random, ITEMS_EACH);
	const { stage, proxy } = await createStageOf(scene);
	const { emulator } = stage;
	const kinds = spoil(emulator, random, { strangerUrl: stranger.url, keys: emulator.keys });
	const { execution, logs } = await runToEnd(stage, scene);
	const strikes = emulator.strikes();
	const jobs = emulator.jobs();
	const { ends, broken } = judge(execution, jobs, ITEMS_EACH);
	const money = judgeMoney(jobs, ITEMS_EACH, saidToFail(stage, strikes));
	const texts = textsIn([execution, logs]);
	const leaks = leaksIn(stage, stranger, texts);
	const lost = jobs.filter(({ id, input }) => {
		// A lost answer leaves no ID; then the item itself says so.
		const isUnknown = ends[indexOf(input.prompt) ?? -1] === 'unknown';
		return !isUnknown && !texts.some((text) => text.includes(id));
	});
	figures.items += ITEMS_EACH;
	figures.paidJobs += jobs.length;
	figures.allowedJobs += money.allowed;
	figures.leaks += leaks.length;
	figures.lostJobs += lost.length;
	for (const end of ends) if (end !== undefined) figures.ends.add(end, scene.model.id);
	for (const [kind, items] of metIn(stage, scene, kinds, proxy)) figures.met.add(kind, scene.model.id, items.size);
	const leaked = leaks.map((text) => `a key in ${text.slice(0, 300)}`);
	const unnamed = lost.map(({ id }) => `no word of ${id}`);
	figures.broken.push(...[...broken, ...money.broken, ...unnamed, ...leaked].map((text) => `seed ${seed}: ${text}`));
	await stage.close();
	await proxy?.stop();
}

/** The stage, and the proxy that stands before its API or its n8n. */
async function createStageOf({ proxy, model }: Scene): Promise<{ stage: Stage; proxy?: BodyLimitProxy }> {
	const options = { factor: FACTOR, callbacks: true };
	if (proxy === undefined) return { stage: await createStage(options) };
	let target = '';
	const started = await startBodyLimitProxy({ ...proxy, target: () => target });
	const { provider } = model;
	const credentials = { [provider]: { baseUrl: started.url + PATHS[provider] } };
	const stage = await createStage(proxy.isForCallbacks ? options : { ...options, credentials });
	target = proxy.isForCallbacks ? String(stage.webhooksUrl).replace(/\/$/, '') : stage.emulator.url;
	if (proxy.isForCallbacks) stage.engine.publishAt(`${started.url}/`);
	return { stage, proxy: started };
}

/** Texts and foreign requests with a key in them. */
function leaksIn({ emulator }: Stage, stranger: Stranger, texts: readonly string[]): string[] {
	const keys = Object.values(emulator.keys);
	const strangers = emulator.requests().filter(({ call }) => !API_CALLS.includes(call));
	const all = [...texts, ...textsIn(strangers), ...textsIn(stranger.requests)];
	return all.filter((text) => keys.some((key) => text.includes(key)));
}

/** The jobs that are called completed, but say that they failed in a way that allows another. */
function saidToFail({ emulator }: Stage, strikes: readonly Strike[]): Set<string> {
	const submits = emulator.requests().filter(({ call }) => SUBMITS.includes(call));
	const ids = strikes.flatMap(({ what, provider, jobNumber = 0 }) => {
		if (!('outputShape' in what)) return [];
		const isPassing = what.outputShape === 'completedWithError' && what.error === PASSING_MESSAGE;
		const isInside = what.outputShape === 'errorInOutput' && provider === 'runpod';
		return isPassing || isInside ? (submits[jobNumber - 1]?.jobId ?? []) : [];
	});
	return new Set(ids);
}

/** The items that a proxy's fault hit: one that the call names or, for a request too long to be read, all that have such. */
function hitByProxy(
	{ emulator }: Stage,
	{ isFromBinary, model }: Scene,
	{ url, outcome }: BodyLimitProxy['requests'][number],
): Array<number | undefined> {
	if (outcome === 'passed') return [];
	const [, named] = /klingItem=(\d+)/.exec(url) ?? [];
	if (named !== undefined) return [Number(named)];
	const job = emulator.jobs().find(({ id }) => url.includes(id));
	if (job !== undefined) return [indexOf(job.input.prompt)];
	if (outcome === 'replyCut') return [];
	const areAllLong = isFromBinary && model.provider === 'runpod';
	return Array.from({ length: ITEMS_EACH }, (_, index) => index).filter((index) => areAllLong || isLong(index));
}

/** The items that met each kind of fault. Of calls that name no item, as an upload's, nothing is counted. */
function metIn(
	stage: Stage,
	scene: Scene,
	kinds: ReturnType<typeof spoil>,
	proxied: BodyLimitProxy | undefined,
): Map<string, Set<number>> {
	const { emulator } = stage;
	const met = new Map<string, Set<number>>();
	const note = (kind: string, index: number | undefined): void => {
		if (index !== undefined) met.set(kind, (met.get(kind) ?? new Set()).add(index));
	};
	const jobs = emulator.jobs();
	const submits = emulator.requests().filter(({ call }) => SUBMITS.includes(call));
	for (const { what, call, jobNumber = 0 } of emulator.strikes()) {
		const ofSubmit = asObject(asObject(submits[jobNumber - 1]?.body)?.input)?.prompt;
		note(kinds.get(what) ?? '', indexOf(SUBMITS.includes(call) ? ofSubmit : jobs[jobNumber - 1]?.input.prompt));
	}
	for (const [index, { kind }] of scene.badPictures) note(kind, index);
	for (const request of proxied?.requests ?? []) {
		for (const index of hitByProxy(stage, scene, request)) note(String(scene.proxy?.kind), index);
	}
	return met;
}

/** One execution, through a pause where there is one; `logs` are also those of callbacks. */
async function runToEnd(stage: Stage, scene: Scene): Promise<{ execution: Execution; logs: unknown }> {
	const { parameters, settings } = scene;
	const flow = row([node('Files', 'stored'), stage.node(parameters, settings)]);
	const items = itemsOfScene(scene, stage.emulator, ITEMS_EACH);
	const started = await stage.engine.start(flow, { items }).done;
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
