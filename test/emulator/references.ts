import { request as httpRequest } from 'undici';
import type { JsonObject } from '../../nodes/core/json';
import type { Emulation } from './emulation';
import { phaseAt } from './jobs';
import type { Model } from './models';
import { hostAt } from './pictureHosts';
import { pictureAt, pictureProblem } from './pictures';
import { CLIP_PATH } from './video';

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);
const FETCH_TIMEOUT_MS = 5000;
/** Every MP4 starts with a box of this type. */
const MP4_TYPE = 'ftyp';

/** Where the input names a picture or a clip, and what is wrong with it. */
export interface ReferenceProblem {
	/** Of a list with its position, e.g. `images.2`. */
	readonly field: string;
	readonly problem: string;
}

/** What the input holds under these keys, each entry of a list by itself. The schema has seen to it that they are strings. */
export function referencesIn(input: JsonObject, keys: readonly string[]): Array<[field: string, reference: string]> {
	return keys.flatMap((key) => {
		const value = input[key];
		const list = Array.isArray(value) ? value : [value];
		return list.flatMap(
			(each, index): Array<[string, string]> =>
				typeof each === 'string' ? [[Array.isArray(value) ? `${key}.${index}` : key, each]] : [],
		);
	});
}

/**
 * The first picture or clip that the provider could not use, or undefined. A link is followed as far as that needs no
 * network: on the emulator it must exist, and on another server of this machine (an n8n's signed link) it is fetched.
 */
export async function referenceProblem(
	emulation: Emulation,
	{ pictureKeys, clipKeys }: Model,
	input: JsonObject,
): Promise<ReferenceProblem | undefined> {
	for (const [field, reference] of referencesIn(input, pictureKeys)) {
		const problem = await pictureReferenceProblem(emulation, reference);
		if (problem !== undefined) return { field, problem };
	}
	for (const [field, reference] of referencesIn(input, clipKeys)) {
		const problem = await clipReferenceProblem(emulation, reference);
		if (problem !== undefined) return { field, problem };
	}
	return undefined;
}

async function fetched(url: URL): Promise<Buffer | string> {
	try {
		const timeouts = { headersTimeout: FETCH_TIMEOUT_MS, bodyTimeout: FETCH_TIMEOUT_MS };
		const { statusCode, body } = await httpRequest(url, timeouts);
		const bytes = Buffer.from(await body.arrayBuffer());
		return statusCode === 200 ? bytes : `(HTTP ${statusCode})`;
	} catch {
		return '(cannot be reached)';
	}
}

async function pictureReferenceProblem(emulation: Emulation, reference: string): Promise<string | undefined> {
	if (reference.startsWith('data:')) {
		return pictureProblem(Buffer.from(reference.slice(reference.indexOf(',') + 1), 'base64'));
	}
	if (!URL.canParse(reference)) return 'Invalid image URL';
	const url = new URL(reference);
	if (url.origin === emulation.origin) return ownPictureProblem(emulation, url);
	if (!LOOPBACK_HOSTS.has(url.hostname)) return undefined;
	const found = await fetched(url);
	return typeof found === 'string' ? `Invalid image URL ${found}` : pictureProblem(found);
}

function ownPictureProblem(emulation: Emulation, url: URL): string | undefined {
	const isUsable = hostAt(url.pathname)?.usable ?? pictureAt(emulation, url) !== undefined;
	return isUsable ? undefined : 'Invalid image URL';
}

async function clipReferenceProblem(emulation: Emulation, reference: string): Promise<string | undefined> {
	if (!URL.canParse(reference)) return 'Invalid video URL';
	const url = new URL(reference);
	if (url.origin === emulation.origin) return isOwnClip(emulation, url.pathname) ? undefined : 'Invalid video URL';
	if (!LOOPBACK_HOSTS.has(url.hostname)) return undefined;
	const found = await fetched(url);
	if (typeof found === 'string') return `Invalid video URL ${found}`;
	return found.toString('latin1', 4, 8) === MP4_TYPE ? undefined : 'Invalid video URL (no MP4)';
}

/** The sample clip, or the video of a job that has completed: one model's result is another's motion. */
function isOwnClip({ clock, jobs }: Emulation, path: string): boolean {
	const job = jobs.find(/^\/files\/[^/]+\/([^/]+)\.mp4$/.exec(path)?.[1]);
	return path === CLIP_PATH || (job !== undefined && phaseAt(job, clock.now()) === 'completed');
}
