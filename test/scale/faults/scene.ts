import type { INodeExecutionData } from 'n8n-workflow';
import type { Random } from '../../../nodes/core/clock';
import { choices } from '../../../nodes/core/providers/choices';
import type { Emulator, PictureHostName } from '../../emulator/index';
import { CONTINUE, END, itemWith, retryOnFail, START } from '../../engine/items';
import { at } from '../../support/defined';
import type { BodyLimit } from '../../support/bodyLimitProxy';
import { faultyModels, type FaultyModel, type Wanted } from '../faultyModels';
import { pick } from './faults';

/** A reverse proxy before the API, or before n8n where the API calls back. */
export interface SceneProxy {
	readonly kind: string;
	readonly isForCallbacks: boolean;
	readonly above: BodyLimit;
	readonly limitBytes: number;
}

/** Longer than a submit with links and a short negative prompt, and shorter than one with a long one. */
const REQUEST_LIMIT_BYTES = 900;
/** Longer than any reply that does not name a video, and shorter than one that does. */
const REPLY_LIMIT_BYTES = { coreToday: 215, runpod: 150 };
const PROXIES: ReadonlyArray<(model: FaultyModel) => SceneProxy> = [
	() => beforeApi('proxy refuses the request (413)', 'refuse', REQUEST_LIMIT_BYTES),
	() => beforeApi('proxy cuts the request', 'cut', REQUEST_LIMIT_BYTES),
	() => beforeApi('proxy truncates the request', 'truncate', REQUEST_LIMIT_BYTES),
	({ provider }) => beforeApi('proxy cuts the reply', 'cutReply', REPLY_LIMIT_BYTES[provider]),
	() => beforeN8n('proxy refuses the callback (413)', 'refuse'),
	() => beforeN8n('proxy cuts the callback', 'cut'),
];
/** Every so many executions stand behind a proxy, and every so many have pictures that do not open. */
const PROXY_EVERY = 7;
const BAD_PICTURES_EVERY = 4;

function beforeApi(kind: string, above: BodyLimit, limitBytes: number): SceneProxy {
	return { kind, isForCallbacks: false, above, limitBytes };
}

/** Every callback is longer than that. */
function beforeN8n(kind: string, above: BodyLimit): SceneProxy {
	return { kind, isForCallbacks: true, above, limitBytes: 50 };
}

/** What is wrong with one item's picture or clip. */
interface BadPicture {
	readonly kind: string;
	readonly host?: PictureHostName;
	/** In the place of the picture's bytes. */
	readonly bytes?: Uint8Array;
	readonly isClip?: true;
}

const PAGE = Buffer.from('<!DOCTYPE html><html><title>Sign in</title></html>');
const BROKEN = [START.bytes.subarray(0, 20), END.bytes.subarray(0, 10), Buffer.alloc(0), Buffer.alloc(500, 'x')];
const PAGES: readonly PictureHostName[] = ['signInPage', 'xmlPage', 'jsonPage', 'unauthorizedJson'];
const BROKEN_LINKS: readonly PictureHostName[] = ['unknownBytes', 'empty', 'webp', 'small'];
const ENDED_LINKS: readonly PictureHostName[] = ['gone404', 'gone410', 'redirectedToGone', 'expiredS3', 'usedUp'];

/** Every kind of fault that a scene has beside those of the emulator. */
export const OF_SCENES: readonly string[] = [
	...PROXIES.map((make) => make(at(faultyModels, 0)).kind),
	'picture is a page',
	'picture is a broken file',
	'picture is a link that ends',
	'clip does not open',
];

/** One execution of five items of one model: what its node is set to, and what its items have. */
export interface Scene {
	readonly model: FaultyModel;
	readonly isFromBinary: boolean;
	readonly parameters: Readonly<Record<string, unknown>>;
	readonly settings: Readonly<Record<string, unknown>>;
	readonly proxy: SceneProxy | undefined;
	/** By item. */
	readonly badPictures: ReadonlyMap<number, BadPicture>;
}

const FROM_ITEM: Wanted = {
	prompt: '={{ $json.prompt }}',
	negative: '={{ $json.negative }}',
	picture: '={{ $json.picture }}',
	clip: '={{ $json.clip }}',
};

/** Draws the scene of a seed; the models, the proxies and the bad pictures take turns. */
export function drawScene(seed: number, random: Random, itemCount: number): Scene {
	const model = at(faultyModels, seed % faultyModels.length);
	const turn = Math.floor(seed / PROXY_EVERY);
	const proxy = seed % PROXY_EVERY === 0 ? at(PROXIES, turn % PROXIES.length)(model) : undefined;
	const isFromBinary = random() < 0.4;
	const completion = proxy?.isForCallbacks === true ? 'callback' : pick(random, ['wait', 'wait', 'callback']);
	const provider = pick(random, providersFor(model));
	const options = {
		timeoutSeconds: 60 + Math.floor(120 * random()),
		onTimeout: pick(random, ['error', 'return']),
		checkPictureLinks: random() < 0.7,
		...(completion === 'wait' && provider === 'runpod' && random() < 0.3 ? { submitWith: 'runsync' } : {}),
	};
	const ofModel = { ...model.form(FROM_ITEM), ...(isFromBinary ? model.fromBinary : {}) };
	// With two providers there is one model.
	const parameters = { ...ofModel, ...(provider === model.provider ? { model: model.id } : {}), provider, completion };
	const bad = seed % BAD_PICTURES_EVERY === 0 ? [0, 3] : [];
	return {
		model,
		isFromBinary,
		parameters: { ...parameters, options },
		settings: pick(random, [{}, retryOnFail(), CONTINUE, CONTINUE]),
		proxy,
		badPictures: new Map(
			bad.filter((index) => index < itemCount).map((index) => [index, drawBad(random, model, isFromBinary)]),
		),
	};
}

/** The provider alone, twice as often as each choice that begins with it and has a second. */
function providersFor({ id, provider }: FaultyModel): string[] {
	const isFirst = faultyModels.find((model) => model.provider === provider)?.id === id;
	const pairs = choices.filter(({ chain }) => chain.length > 1 && chain[0] === provider).map(({ value }) => value);
	return [provider, provider, ...(isFirst ? pairs : [])];
}

function drawBad(random: Random, { id }: FaultyModel, isFromBinary: boolean): BadPicture {
	if (id.includes('motion') && random() < 0.4) return { kind: 'clip does not open', isClip: true };
	if (isFromBinary) {
		const isPage = random() < 0.5;
		const kind = isPage ? 'picture is a page' : 'picture is a broken file';
		return { kind, bytes: isPage ? PAGE : pick(random, BROKEN) };
	}
	const [kind, hosts] = pick(random, [
		['picture is a page', PAGES],
		['picture is a broken file', BROKEN_LINKS],
		['picture is a link that ends', ENDED_LINKS],
	] as const);
	return { kind, host: pick(random, hosts) };
}

/** The items of a scene. Every other one has a long negative prompt. */
export function itemsOfScene(
	{ badPictures }: Scene,
	{ imageUrl, clipUrl, url, pictureUrl }: Emulator,
	itemCount: number,
): INodeExecutionData[] {
	return Array.from({ length: itemCount }, (_, index) => {
		const bad = badPictures.get(index);
		const json = {
			prompt: promptOf(index),
			negative: isLong(index) ? 'blur, '.repeat(300) : 'blur',
			picture: bad?.host === undefined ? imageUrl : pictureUrl(bad.host),
			clip: bad?.isClip === true ? `${url}/images/none.mp4` : clipUrl,
		};
		// No two pictures are alike.
		const bytes = bad?.bytes ?? Buffer.concat([START.bytes, Buffer.from(json.prompt)]);
		return { ...itemWith({ data: { ...START, bytes } }), json };
	});
}

export function isLong(index: number): boolean {
	return index % 2 === 1;
}

function promptOf(index: number): string {
	return `Shot ${index}`;
}

/** Which item a job or a submit is of, by its prompt. */
export function indexOf(prompt: unknown): number | undefined {
	const [, digits] = /^Shot (\d+)$/.exec(String(prompt)) ?? [];
	return digits === undefined ? undefined : Number(digits);
}
