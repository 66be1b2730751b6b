import type { ProviderName } from '../../nodes/core/job';
import { asText } from '../../nodes/core/json';
import { amountText } from '../../nodes/core/money/limits';
import type { VideoForm } from '../../nodes/core/form';
import { parseForm } from '../../nodes/core/models/form';
import { estimateCost } from '../../nodes/core/models/price';
import { providerOf } from '../../nodes/core/providers';
import { createStage, type Stage } from '../engine/stage';
import { providerNames } from '../support/apis';
import {
	askUser,
	env,
	join,
	mkdirSync,
	parseArgs,
	repositoryFolder,
	sleepMs,
	writeFileSync,
} from '../support/node.cts';

const PROMPT = 'The camera moves slowly towards the product while the light changes from morning to evening';
/** The emulator's jobs take about a minute, as real ones do, of a time that passes this much faster. */
const EMULATED = { queueMs: 4_000, runMs: 60_000 };
const EMULATED_SPEED = 8;
const PROGRESS_EVERY_MS = 2_000;

interface Wish {
	readonly providers: readonly ProviderName[];
	readonly image: string | undefined;
	readonly prompt: string;
	readonly yes: boolean;
}

type Say = (line: string) => void;

/** The key that the user has in the environment, e.g. as CORE_TODAY_API_KEY. */
function keyOf(name: ProviderName): string | undefined {
	return env[`${name.replace(/[A-Z]/g, '_$&').toUpperCase()}_API_KEY`];
}

const OPTIONS = {
	provider: { type: 'string' },
	image: { type: 'string' },
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

function readWish(args: string[]): Wish | string {
	const values = parse(args);
	if (typeof values === 'string') return values;
	const wanted = providerNames.filter((name) => values.provider === undefined || values.provider === name);
	if (wanted.length === 0) return `--provider has to be ${providerNames.join(' or ')}.`;
	// Without a choice all are shown, and then only by the emulator: nobody pays for not having chosen.
	const isReal = values.provider !== undefined && wanted.some((name) => keyOf(name) !== undefined);
	if (isReal && values.image === undefined)
		return 'With an API key in the environment, give --image with a public link of a JPEG or PNG picture.';
	return {
		providers: wanted,
		image: isReal ? values.image : undefined,
		prompt: values.prompt ?? PROMPT,
		yes: values.yes === true,
	};
}

/** What the real API would cost, and whether the user agrees. */
async function agrees(name: ProviderName, wish: Wish, say: Say): Promise<boolean> {
	const provider = providerOf(name);
	const form: VideoForm = {
		prompt: wish.prompt,
		startImageSource: 'url',
		startImageUrl: wish.image,
		duration: 5,
	};
	const parsed = parseForm(name, form, { providerIsLocal: false, waits: true });
	if (parsed.kind === 'problems') {
		for (const { field, message } of parsed.problems) say(`${field} ${message}`);
		return false;
	}
	const cost = estimateCost(parsed.request)?.least;
	const price =
		cost === undefined
			? 'an unknown amount'
			: `${cost.source === 'minimum' ? 'at least ' : ''}${amountText(cost.amount, cost.unit)}`;
	say(`This makes one real video at ${provider.label} and will cost ${price}.`);
	return wish.yes || /^y(es)?$/i.test((await askUser('Go on? [y/N] ')).trim());
}

/** Runs the workflow, with a line of progress while it waits; the path of the video, or undefined. */
async function makeVideo(stage: Stage, name: ProviderName, wish: Wish, say: Say): Promise<string | undefined> {
	const { label } = providerOf(name);
	const parameters = {
		provider: name,
		prompt: wish.prompt,
		...(wish.image === undefined ? {} : { startImageUrl: wish.image }),
	};
	const running = stage.engine.start(stage.workflow(parameters));
	let isDone = false;
	const startMs = Date.now();
	const progress = async (): Promise<void> => {
		await sleepMs(PROGRESS_EVERY_MS);
		if (isDone) return;
		const receipt = running.logs.find(({ meta }) => meta.jobId !== undefined)?.meta.jobId;
		say(
			`  ${label}: ${Math.round((Date.now() - startMs) / 1000)} s${receipt === undefined ? '' : `, job ${String(receipt)}`} …`,
		);
		await progress();
	};
	void progress();
	const execution = await running.done;
	isDone = true;
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

/** The whole demo; the exit code. */
export async function runDemo(args: string[], say: Say): Promise<number> {
	const wish = readWish(args);
	if (typeof wish === 'string') {
		say(wish);
		return 2;
	}
	let isComplete = true;
	for (const name of wish.providers) {
		const isReal = wish.image !== undefined && keyOf(name) !== undefined;
		if (isReal && !(await agrees(name, wish, say))) {
			say('Not confirmed; nothing was sent.');
			return 1;
		}
		const stage = await createStage({
			factor: isReal ? 1 : EMULATED_SPEED,
			emulator: { jobTimes: EMULATED },
			...(isReal ? { credentials: { [name]: { apiKey: keyOf(name), baseUrl: undefined } } } : {}),
		});
		say(
			isReal
				? `${providerOf(name).label}, the real API:`
				: `${providerOf(name).label}, emulated on this machine at ${EMULATED_SPEED} times the speed (nothing is spent):`,
		);
		const path = await makeVideo(stage, name, wish, say);
		isComplete = isComplete && path !== undefined;
		await stage.close();
	}
	return isComplete ? 0 : 1;
}
