import { asText } from '../../nodes/core/json';
import { defaultModelOf, models } from '../../nodes/core/models';
import type { Model } from '../../nodes/core/models/model';
import { providerOf } from '../../nodes/core/providers';
import { createStage, type Stage } from '../engine/stage';
import { providerNames } from '../support/apis';
import { askUser, join, mkdirSync, parseArgs, repositoryFolder, sleepMs, writeFileSync } from '../support/node.cts';
import { formOf, keyOf, type Material, modelById, priceText, requestOf } from './models';

/** The emulator's jobs take about a minute, as real ones do, of a time that passes this much faster. */
const EMULATED = { queueMs: 4_000, runMs: 60_000 };
const EMULATED_SPEED = 8;
const PROGRESS_EVERY_MS = 2_000;

interface Wish extends Material {
	readonly models: readonly Model[];
	/** The user named a provider or a model, and has a key for it in the environment. */
	readonly isReal: boolean;
	readonly yes: boolean;
}

export type Say = (line: string) => void;

const OPTIONS = {
	provider: { type: 'string' },
	model: { type: 'string' },
	image: { type: 'string' },
	video: { type: 'string' },
	prompt: { type: 'string' },
	yes: { type: 'boolean' },
} as const;

function parse(args: string[]) {
	try {
		return parseArgs({ args, options: OPTIONS }).values;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** The model that was named, or the default of each provider that was not excluded; or what is wrong with the choice. */
function chosenModels(provider: string | undefined, modelId: string | undefined): readonly Model[] | string {
	if (modelId !== undefined) {
		const model = modelById(modelId);
		return model === undefined ? `--model has to be ${models.map(({ id }) => id).join(' or ')}.` : [model];
	}
	const names = providerNames.filter((name) => provider === undefined || provider === name);
	return names.length === 0 ? `--provider has to be ${providerNames.join(' or ')}.` : names.map(defaultModelOf);
}

function readWish(args: string[]): Wish | string {
	const values = parse(args);
	if (typeof values === 'string') return values;
	const { provider, model, image, video, prompt, yes = false } = values;
	const chosen = chosenModels(provider, model);
	if (typeof chosen === 'string') return chosen;
	// Without a choice all are shown, and then only by the emulator: nobody pays for not having chosen.
	const isChosen = provider !== undefined || model !== undefined;
	const isReal = isChosen && chosen.some((each) => keyOf(each) !== undefined);
	return { models: chosen, isReal, image, video, prompt, yes };
}

/** What the real API would cost, and whether the user agrees. */
async function agrees(model: Model, wish: Wish, say: Say): Promise<boolean> {
	const request = requestOf(model, wish);
	if (typeof request === 'string') {
		say(request);
		say('With an API key in the environment, give --image and --video as public links where the model needs them.');
		return false;
	}
	const { label } = providerOf(model.provider);
	say(`This makes one real video with ${model.label} at ${label} and will cost ${priceText(request)}.`);
	return wish.yes || /^y(es)?$/i.test((await askUser('Go on? [y/N] ')).trim());
}

/** Says every few seconds how long it has been running, and which job that is, until it is told to stop. */
function startProgress(running: ReturnType<Stage['engine']['start']>, label: string, say: Say): () => void {
	const startMs = Date.now();
	let isDone = false;
	const progress = async (): Promise<void> => {
		await sleepMs(PROGRESS_EVERY_MS);
		if (isDone) return;
		const jobId = running.logs.find(({ meta }) => meta.jobId !== undefined)?.meta.jobId;
		const job = jobId === undefined ? '' : `, job ${String(jobId)}`;
		say(`  ${label}: ${Math.round((Date.now() - startMs) / 1000)} s${job} …`);
		await progress();
	};
	void progress();
	return () => {
		isDone = true;
	};
}

/** Runs the workflow, with a line of progress while it waits; the path of the video, or undefined. */
async function makeVideo(stage: Stage, model: Model, material: Material, say: Say): Promise<string | undefined> {
	const { label, provider } = model;
	const running = stage.engine.start(stage.workflow({ provider, ...formOf(model, material) }));
	const endProgress = startProgress(running, label, say);
	const execution = await running.done;
	endProgress();
	const [item] = execution.status === 'success' ? execution.items('Kling') : [];
	if (item?.binary?.data === undefined) {
		say(`✗ ${label}: ${execution.error()?.message ?? JSON.stringify(item?.json)}`);
		say(`  ${asText(execution.error()?.description) ?? ''}`);
		return undefined;
	}
	const { bytes, fileName = 'kling.mp4' } = await stage.engine.binary(item);
	const folder = join(repositoryFolder, 'demo-output');
	mkdirSync(folder, { recursive: true });
	const path = join(folder, fileName);
	writeFileSync(path, bytes);
	say(`✓ ${label}: ${JSON.stringify(item.json.cost)} ${bytes.length} bytes in ${path}`);
	return path;
}

async function makeRealVideo(model: Model, wish: Wish, say: Say): Promise<string | undefined> {
	const credentials = { [model.provider]: { apiKey: keyOf(model), baseUrl: undefined } };
	const stage = await createStage({ factor: 1, credentials });
	say(`${model.label} at ${providerOf(model.provider).label}, the real API:`);
	const path = await makeVideo(stage, model, wish, say);
	await stage.close();
	return path;
}

async function makeEmulatedVideo(model: Model, { prompt }: Wish, say: Say): Promise<string | undefined> {
	const stage = await createStage({ factor: EMULATED_SPEED, emulator: { jobTimes: EMULATED } });
	const { label } = providerOf(model.provider);
	say(`${model.label} at ${label}, emulated here at ${EMULATED_SPEED} times the speed (nothing is spent):`);
	const { imageUrl: image, clipUrl: video } = stage.emulator;
	const path = await makeVideo(stage, model, { image, video, prompt }, say);
	await stage.close();
	return path;
}

/** The whole demo; the exit code. */
export async function runDemo(args: string[], say: Say): Promise<number> {
	const wish = readWish(args);
	if (typeof wish === 'string') {
		say(wish);
		return 2;
	}
	let isComplete = true;
	for (const model of wish.models) {
		if (wish.isReal && !(await agrees(model, wish, say))) {
			say('Not confirmed; nothing was sent.');
			return 1;
		}
		const path = wish.isReal ? await makeRealVideo(model, wish, say) : await makeEmulatedVideo(model, wish, say);
		isComplete = isComplete && path !== undefined;
	}
	return isComplete ? 0 : 1;
}
