import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { createHash, randomUUID } from 'crypto';
import type { Clock, Stop } from '../core/clock';
import { withDeadline } from './clock';
import { open } from './open';
import { discard, readStart, toFault } from './send';

const UPLOAD_TIMEOUT_MS = 120_000;
const LINK_TIMEOUT_MS = 10_000;

/** A picture of the input, with what its bytes say; the bytes themselves are read again when they are needed. */
export interface StoredPicture {
	readonly binary: IBinaryData;
	readonly bytes: Uint8Array;
	/** Names the content, whatever it is called. */
	readonly sha256: string;
}

/** Reads a picture of an input item. Undefined if the item has no such binary field. */
export async function readPicture(
	context: IExecuteFunctions,
	itemIndex: number,
	field: string,
): Promise<StoredPicture | undefined> {
	let binary: IBinaryData;
	try {
		binary = context.helpers.assertBinaryData(itemIndex, field);
	} catch {
		return undefined;
	}
	const bytes = await context.helpers.getBinaryDataBuffer(itemIndex, field);
	return { binary, bytes, sha256: sha256Of(bytes) };
}

/** Hex sha256 of a text or of bytes. */
export function sha256Of(content: string | Uint8Array): string {
	return createHash('sha256').update(content).digest('hex');
}

/** A copy of a picture in n8n's binary store, made to be linked. */
export interface PictureCopy {
	readonly binary: IBinaryData;
	/** Whether its link has given the picture to somebody without a key; not asked before it matters. */
	isOpen?: Promise<boolean>;
}

/** Whether a link gives this file to whoever opens it from here, without a key. Never throws; Stop ends it. */
export async function isServed(
	context: IExecuteFunctions,
	url: string,
	file: { readonly bytes: number; readonly sha256: string },
	{ clock, stop }: { readonly clock: Clock; readonly stop: Stop },
): Promise<boolean> {
	async function ask(signal: AbortSignal): Promise<boolean> {
		const request = { url, headers: { 'Accept-Encoding': 'identity' } };
		const { status, body } = await open(context, request, LINK_TIMEOUT_MS, signal);
		if (status === 200) return sha256Of(await readStart(body, file.bytes + 1)) === file.sha256;
		discard(body);
		return false;
	}
	return await withDeadline(clock, LINK_TIMEOUT_MS, ask, stop).catch(() => false);
}

/** A name for the file of a picture, by what is in it. */
export function pictureFileName({ sha256, mimeType }: { readonly sha256: string; readonly mimeType: string }): string {
	return `${sha256.slice(0, 16)}.${mimeType === 'image/png' ? 'png' : 'jpg'}`;
}

/** The picture inside a link: `data:image/png;base64,…`. */
export function dataUriOf(bytes: Uint8Array, mimeType: string): string {
	return `data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`;
}

/** A file on its way to a storage. */
export interface FileToSend {
	readonly fileName: string;
	readonly mimeType: string;
	readonly bytes: Uint8Array;
}

/** A form of fields and one file, as a multipart body (RFC 7578). n8n's helper takes no web FormData. */
function multipart(fields: Readonly<Record<string, string>>, file: FileToSend) {
	const boundary = `----n8n${randomUUID()}`;
	const quoted = (text: string) => text.replace(/["\r\n]/g, '_');
	const parts = Object.entries(fields).map(
		([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
	);
	const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(file.fileName)}"\r\nContent-Type: ${file.mimeType}\r\n\r\n`;
	const body = Buffer.concat([Buffer.from(parts.join('') + head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
	return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

/**
 * Posts a file to a storage link that an API gave out. No credential is sent. Undefined if it was stored, else what
 * happened, for people. Of the answer only the status is read.
 */
export async function postFile(
	context: IExecuteFunctions,
	target: { readonly url: string; readonly fields: Readonly<Record<string, string>> },
	file: FileToSend,
	clock: Clock,
): Promise<string | undefined> {
	const { body, contentType } = multipart(target.fields, file);
	const headers = { 'Content-Type': contentType, 'Content-Length': String(body.length) };
	const post = async (signal: AbortSignal) =>
		await open(context, { method: 'POST', url: target.url, body, headers }, UPLOAD_TIMEOUT_MS, signal);
	try {
		const { status, body: answer } = await withDeadline(clock, UPLOAD_TIMEOUT_MS, post);
		discard(answer);
		return status >= 200 && status < 300 ? undefined : `the file storage answered with HTTP status ${status}`;
	} catch (error) {
		return toFault(error).message;
	}
}
