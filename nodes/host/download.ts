import type { IBinaryData } from 'n8n-workflow';
import pLimit from 'p-limit';
import { retry, retryAfterMs, type Attempt } from '../core/calls/retry';
import type { Clock, Stop } from '../core/clock';
import { asObject, present } from '../core/json';
import { createMp4Watch, fileProblem, IS_TEXT, type FileProblem } from '../core/media/mp4';
import { withWatch } from './clock';
import type { NodeContext } from './context';
import { followLink, type Opened } from './open';
import { codeOf, discard, toFault } from './send';

/** 100 times what the longest Kling video weighs; an endless body must not fill the disk. */
const MAX_VIDEO_BYTES = 1024 ** 3;
const TRIES = 3;
/** Without a single byte for this long, the connection is dead. */
const STALL_MS = 60_000;
/** After the first minute, less than this is a trickle: a 10 MB video would take an hour. */
const MIN_BYTES_PER_SECOND = 3_000;
/** What servers call an error or a page, and some of them a video, too: the bytes tell. */
const TEXT_TYPES = /^(text\/.+|application\/(.+\+)?(json|xml))/;
/** A whole file: some proxies call it 203, some storages 206. */
const WHOLE_FILE = [200, 203, 206];

/** A stored video, or why there is none. */
export type Download =
	| { readonly kind: 'stored'; readonly binary: IBinaryData }
	| { readonly kind: 'failed'; readonly message: string };

export interface Wanted {
	readonly url: string;
	readonly fileName: string;
	/** The link may lead to this machine or its network: the provider is an emulator there, or the user gave the link. */
	readonly mayBeLocal: boolean;
}

export interface Downloads {
	/** Streams a video into n8n's binary store. Never throws. */
	fetch(wanted: Wanted): Promise<Download>;
}

/** Runs downloads, no more at once than n8n has room for. All who share it wait for each other. */
export type DownloadLimit = (download: () => Promise<Download>) => Promise<Download>;

/** Where n8n does not hold files in memory. Elsewhere each file is there whole, so one at a time is all that fits. */
const STREAMING_STORES = /^(filesystem|filesystem-v2|s3|azure):/;

/** Starts with one download at a time; once one was streamed to a store, `streamedAtOnce` may run. */
export function createDownloadLimit(streamedAtOnce: number): DownloadLimit {
	const limit = pLimit(1);
	return async (download) => {
		const ended = await limit(download);
		if (ended.kind === 'stored' && STREAMING_STORES.test(ended.binary.id ?? '')) limit.concurrency = streamedAtOnce;
		return ended;
	};
}

/** Downloads without a credential, as many at once as the limit allows. */
export function createDownloads(context: NodeContext, clock: Clock, stop: Stop, limit: DownloadLimit): Downloads {
	async function attempt(wanted: Wanted): Promise<Attempt<Download>> {
		const fetched = await fetchOnce(context, wanted, clock, stop);
		if ('binary' in fetched) return { kind: 'done', value: { kind: 'stored', binary: fetched.binary } };
		const { problem, isFinal, afterMs } = fetched;
		const message = `The video could not be downloaded: ${problem}. Its link is ${wanted.url}`;
		const failed = { kind: 'failed', message } as const;
		return isFinal ? { kind: 'done', value: failed } : { kind: 'again', otherwise: failed, ...present({ afterMs }) };
	}

	async function fetch(wanted: Wanted): Promise<Download> {
		const ports = { clock, random: Math.random, stop };
		return await limit(async () => await retry(async () => await attempt(wanted), { tries: TRIES }, ports));
	}

	return { fetch };
}

interface Stored {
	readonly binary: IBinaryData;
}

/** Why one try gave no video. */
interface DownloadProblem extends FileProblem {
	/** How long the server asked to be left alone. */
	readonly afterMs?: number;
}

const TOO_LARGE: DownloadProblem = { problem: 'it is larger than 1 GiB', isFinal: true };
const TOO_SLOW: DownloadProblem = { problem: 'it came too slowly', isFinal: false };

/** What a file system says of a file that it has no room for. */
const NO_ROOM: ReadonlyArray<string | undefined> = ['EDQUOT', 'EFBIG', 'ENOSPC', 'EROFS'];

function problemOf(error: unknown): DownloadProblem {
	const text = String(asObject(error)?.message ?? '');
	const code = codeOf(error);
	// The limit of a binary store is the user's to see. It has no code; a network error has one, and may name any host.
	const isOfStore = code === undefined ? /too large|exceeds|limit/i.test(text) : NO_ROOM.includes(code);
	return { problem: isOfStore ? `n8n could not store it (${text})` : toFault(error).message, isFinal: false };
}

async function fetchOnce(
	context: NodeContext,
	wanted: Wanted,
	clock: Clock,
	stop: Stop,
): Promise<Stored | DownloadProblem> {
	const progress = createProgress(clock);
	const work = async (signal: AbortSignal) => {
		const video = await openVideo(context, wanted, signal, clock);
		return 'problem' in video ? video : await store(context, wanted.fileName, video, progress, signal);
	};
	try {
		return await withWatch(clock, progress.isTooSlow, work, stop);
	} catch (error) {
		return problemOf(error);
	}
}

/** How far a download has come. */
function createProgress(clock: Clock) {
	const startMs = clock.now();
	let lastByteMs = startMs;
	let bytes = 0;
	return {
		see(chunk: Uint8Array): void {
			bytes += chunk.length;
			lastByteMs = clock.now();
		},
		isTooLarge: () => bytes > MAX_VIDEO_BYTES,
		/** Nothing comes any more, or only a trickle. */
		isTooSlow(): boolean {
			const seconds = (clock.now() - startMs) / 1000;
			const isTrickle = seconds > 60 && bytes / seconds < MIN_BYTES_PER_SECOND;
			return clock.now() - lastByteMs > STALL_MS || isTrickle;
		},
		bytes: () => bytes,
	};
}

/** An answer that may be the video, before its body is read. */
interface Video {
	readonly body: VideoStream;
	readonly announcedBytes: number | undefined;
	readonly isCalledText: boolean;
}

/** What is used of Node's Readable. */
interface VideoStream extends AsyncIterable<Uint8Array> {
	map(onChunk: (chunk: Uint8Array) => Uint8Array): VideoStream;
	once(event: 'end' | 'error', listener: () => void): void;
	destroy(error?: Error): void;
}

function isVideoStream(value: unknown): value is VideoStream {
	return typeof value === 'object' && value !== null && 'map' in value && 'once' in value;
}

/**
 * Streams a body into n8n's binary store. A file is judged at its last byte, before the store hears of its end: of a
 * stream that ends by an error n8n keeps nothing, of one that ends as usual it keeps the file, and a node has no means to
 * take it away again.
 */
async function store(
	context: NodeContext,
	fileName: string,
	{ body, announcedBytes, isCalledText }: Video,
	progress: ReturnType<typeof createProgress>,
	signal: AbortSignal,
): Promise<Stored | DownloadProblem> {
	const found: { problem?: DownloadProblem | undefined } = {};
	const mp4 = createMp4Watch(isCalledText);
	const problemAtEnd = () => fileProblem(mp4.end(), progress.bytes(), announcedBytes);
	const counted = body.map((chunk) => {
		progress.see(chunk);
		mp4.see(chunk);
		if (progress.isTooLarge()) found.problem = TOO_LARGE;
		else if (mp4.isText()) found.problem = IS_TEXT;
		else return chunk;
		throw new Error(found.problem.problem);
	});
	body.once('end', () => {
		found.problem ??= problemAtEnd();
		if (found.problem !== undefined) counted.destroy(new Error(found.problem.problem));
	});
	// An error that nobody listens for would end n8n's process.
	counted.once('error', () => undefined);
	signal.addEventListener('abort', () => body.destroy());
	try {
		// map() gives a Readable; its type is not ours to import (no node modules in what ships).
		const binary = await context.helpers.prepareBinaryData(counted as never, fileName, 'video/mp4');
		// The store may have ended before it heard of the problem.
		return found.problem ?? problemAtEnd() ?? { binary };
	} catch (error) {
		// What a destroyed stream says is about the stream; if we destroyed it, the reason is ours.
		return found.problem ?? (signal.aborted ? TOO_SLOW : problemOf(error));
	}
}

/** Opens the video's link. Of an answer that is no file, nothing is read. */
async function openVideo(
	context: NodeContext,
	{ url, mayBeLocal }: Wanted,
	signal: AbortSignal,
	clock: Clock,
): Promise<Video | DownloadProblem> {
	// n8n unzips a body and keeps the length it had zipped; where the file is no MP4, that is taken for a cut.
	const headers = { 'Accept-Encoding': 'identity' };
	const opened = await followLink(context, { url, mayBeLocal, headers }, STALL_MS, signal);
	if ('problem' in opened) return { problem: `its link ${opened.problem}`, isFinal: true };
	const { status, body } = opened;
	if (WHOLE_FILE.includes(status) && isVideoStream(body)) return videoOf(body, opened.headers);
	discard(body);
	return statusProblem(opened, clock.now());
}

function statusProblem({ status, headers }: Opened, nowMs: number): DownloadProblem {
	if ([401, 403, 404, 410].includes(status)) {
		return { problem: `the link has expired or is not open to everybody (HTTP status ${status})`, isFinal: true };
	}
	const afterMs = retryAfterMs({ kind: 'reply', status, headers, body: undefined }, nowMs);
	return { problem: `the server answered with HTTP status ${status}`, isFinal: false, ...present({ afterMs }) };
}

/** Looks at what the headers say of the body: of a file without end, or of a part, nothing is read. */
function videoOf(body: VideoStream, headers: Opened['headers']): Video | DownloadProblem {
	const isEncoded = headers['content-encoding'] !== undefined;
	const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/i.exec(headers['content-range'] ?? '') ?? [];
	const announced = isEncoded ? NaN : Number(total ?? headers['content-length'] ?? NaN);
	if ((from === undefined || from === '0') && !(announced > MAX_VIDEO_BYTES)) {
		const isCalledText = TEXT_TYPES.test((headers['content-type'] ?? '').toLowerCase());
		return { body, announcedBytes: Number.isNaN(announced) ? undefined : announced, isCalledText };
	}
	body.destroy();
	return announced > MAX_VIDEO_BYTES ? TOO_LARGE : { problem: 'the server sent a part of it only', isFinal: false };
}
