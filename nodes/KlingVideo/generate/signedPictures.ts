import { isServed, pictureFileName, readPicture, type PictureCopy } from '../../host/files';
import type { Run } from '../run/run';
import type { GenerateItem } from './check';
import type { PreparedPicture } from './pictures';

/** A job may be submitted some minutes after its picture was signed, and its Timeout counts from its own submit. */
const LIFE_AFTER_TIMEOUT_SECONDS = 600;
/** What a link lives at least where nobody waits for its job. */
const DAY_SECONDS = 86_400;

/**
 * The link of a copy of a picture; undefined if the picture is gone. The input's own file would not do: n8n renames a
 * file that a webhook brought when the execution pauses or ends, and its link then answers 404 (docs/n8n.md#files).
 */
export async function signedLink(run: Run, item: GenerateItem, prepared: PreparedPicture): Promise<string | undefined> {
	const copy = await copyOnce(run, item, prepared);
	return copy === undefined ? undefined : sign(run, copy, Math.max(DAY_SECONDS, lifeOf(item)));
}

/**
 * The same, but only if the provider is likely to open it: the link has the origin of the resume URL, which is open to
 * the provider in any case, and it gives the picture to whoever asks from here. Undefined if not.
 */
export async function openLink(
	run: Run,
	item: GenerateItem,
	prepared: PreparedPicture,
	resumeUrl: string | undefined,
): Promise<string | undefined> {
	try {
		const copy = await copyOnce(run, item, prepared);
		if (copy === undefined || resumeUrl === undefined) return undefined;
		const link = sign(run, copy, lifeOf(item));
		if (new URL(link).origin !== new URL(resumeUrl).origin) return undefined;
		copy.isOpen ??= isServed(run.context, link, prepared, run);
		return (await copy.isOpen) ? link : undefined;
	} catch {
		// An n8n that keeps files in memory signs nothing.
		return undefined;
	}
}

function lifeOf({ wait }: GenerateItem): number {
	return wait.timeoutSeconds + LIFE_AFTER_TIMEOUT_SECONDS;
}

function sign({ context }: Run, { binary }: PictureCopy, lifeSeconds: number): string {
	return context.helpers.createBinarySignedUrl(binary, `${lifeSeconds}s`);
}

/** The copy of a picture, made once for all items of the run that have it. */
async function copyOnce(run: Run, item: GenerateItem, prepared: PreparedPicture): Promise<PictureCopy | undefined> {
	const copy = run.pictureCopies.get(prepared.sha256) ?? copyOf(run, item, prepared);
	run.pictureCopies.set(prepared.sha256, copy);
	return await copy;
}

async function copyOf(
	{ context }: Run,
	{ itemIndex }: GenerateItem,
	prepared: PreparedPicture,
): Promise<PictureCopy | undefined> {
	const stored = await readPicture(context, itemIndex, prepared.picture.field);
	if (stored === undefined) return undefined;
	const bytes = Buffer.from(stored.bytes);
	const binary = await context.helpers.prepareBinaryData(bytes, pictureFileName(prepared), prepared.mimeType);
	return { binary };
}
