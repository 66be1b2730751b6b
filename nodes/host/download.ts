import type { IBinaryData, IHttpRequestOptions } from 'n8n-workflow';
import type { Clock, Stop } from '../core/clock';
import { asNumber, asObject } from '../core/json';
import { createMp4Watch } from '../core/media/mp4';
import { urlProblem } from '../core/url';
import type { NodeContext } from './context';
import { withWatch } from './deadline';
import { toFault } from './faults';
import type { Gate } from './gate';
import { headersOf } from './send';
import { faultOf, FinalFault } from './whole';

/** 100 times what the longest Kling video weighs; an endless body must not fill the disk. */
const MAX_VIDEO_BYTES = 1024 ** 3;
const TRIES = 3;
const MAX_REDIRECTS = 5;
/** Without a single byte for this long, the connection is dead. */
const STALL_MS = 60_000;
/** After the first minute, less than this is a trickle: a 10 MB video would take an hour. */
const MIN_BYTES_PER_SECOND = 3_000;
/** What servers call a video, if they call it anything; its bytes are judged in any case. */
const VIDEO_TYPES = /^(video\/.+|application\/mp4|(application|binary)\/octet-stream)$/;

/** A stored video, or why there is none. */
export type Download =
	| { readonly kind: 'stored'; readonly binary: IBinaryData }
	| { readonly kind: 'failed'; readonly message: string; readonly binary?: undefined };

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

interface Opened {
	readonly body: VideoStream;
	readonly announcedBytes: number | undefined;
}

/** What is used of Node's Readable. */
interface VideoStream extends AsyncIterable<Uint8Array> {
	map(onChunk: (chunk: Uint8Array) => Uint8Array): VideoStream;
	once(event: 'end' | 'error', listener: () => void): void;
	destroy(error?: Error): void;
}

function isVideoStream(value: unknown): value is VideoStream {
	const stream: unknown = value;
	return typeof stream === 'object' && stream !== null && 'map' in stream && 'once' in stream;
}

/** Downloads without a credential, as many at once as the gate lets through. */
export function createDownloads(context: NodeContext, clock: Clock, stop: Stop, gate: Gate): Downloads {
	async function fetchNow(wanted: Wanted): Promise<Download> {
		let message = '';
		for (let attempt = 1; attempt <= TRIES; attempt++) {
			try {
				const binary = await fetchOnce(context, wanted, clock, stop);
				return { kind: 'stored', binary };
			} catch (error) {
				message = messageOf(error);
				if (error instanceof FinalFault || stop.requested) break;
				await clock.sleep(1000 * attempt);
			}
		}
		return { kind: 'failed', message: `The video could not be downloaded: ${message}. Its link is ${wanted.url}` };
	}

	return { fetch: async (wanted) => await gate.pass(async () => await fetchNow(wanted)) };
}

function messageOf(error: unknown): string {
	if (error instanceof FinalFault || error instanceof RangeError) return error.message;
	const text = String(asObject(error)?.message ?? '');
	// n8n's own limit of a binary store is the user's to see.
	if (/too large|exceeds|limit/i.test(text)) return `n8n could not store it (${text})`;
	return toFault(error).message;
}

async function fetchOnce(context: NodeContext, wanted: Wanted, clock: Clock, stop: Stop): Promise<IBinaryData> {
	const startMs = clock.now();
	let lastByteMs = startMs;
	let bytes = 0;
	const mp4 = createMp4Watch();
	const isOver = () => {
		const seconds = (clock.now() - startMs) / 1000;
		const isTrickle = seconds > 60 && bytes / seconds < MIN_BYTES_PER_SECOND;
		return stop.requested || clock.now() - lastByteMs > STALL_MS || isTrickle;
	};
	return await withWatch(clock, isOver, async (signal) => {
		const { body, announcedBytes } = await open(context, wanted, signal);
		const counted = body.map((chunk) => {
			bytes += chunk.length;
			lastByteMs = clock.now();
			mp4.see(chunk);
			if (bytes > MAX_VIDEO_BYTES) throw new FinalFault('it is larger than 1 GiB');
			return chunk;
		});
		signal.addEventListener('abort', () => body.destroy());
		const judge = () => faultOf(mp4.end(), bytes, announcedBytes);
		const judged = judgeAtEnd(body, counted, judge);
		// map() gives a Readable; its type is not ours to import (no node modules in what ships).
		const storing = context.helpers.prepareBinaryData(counted as never, wanted.fileName, 'video/mp4');
		const binary = await storing.catch((error: unknown) => endFor(signal, judged.fault ?? error));
		// A store that ended before it heard of the fault.
		const fault = judge();
		if (fault !== undefined) throw fault;
		return binary;
	});
}

/**
 * Judges a file at its last byte, before the store hears of its end: of a stream that ends by an error n8n keeps nothing,
 * of one that ends as usual it keeps the file, and a node has no means to take it away again.
 */
function judgeAtEnd(source: VideoStream, stored: VideoStream, judge: () => Error | undefined): { fault?: Error } {
	const judged: { fault?: Error } = {};
	source.once('end', () => {
		const fault = judge();
		if (fault === undefined) return;
		judged.fault = fault;
		stored.destroy(fault);
	});
	// An error that nobody listens for would end n8n's process.
	stored.once('error', () => undefined);
	return judged;
}

/** What a destroyed stream says is about the stream; if we destroyed it, the reason is ours. */
function endFor(signal: AbortSignal, error: unknown): never {
	throw signal.aborted ? new RangeError('it came too slowly') : error;
}

/** Opens the video's link, following redirects by hand: each one is checked, and none carries a key. */
async function open(context: NodeContext, wanted: Wanted, signal: AbortSignal): Promise<Opened> {
	let url = wanted.url;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const problem = urlProblem(url, { providerIsLocal: wanted.mayBeLocal });
		if (problem !== undefined) throw new FinalFault(`its link ${problem}`);
		const full = asObject(await context.helpers.httpRequest(toRequest(url, signal)));
		const headers = headersOf(full?.headers);
		const status = asNumber(full?.statusCode) ?? 0;
		const body = full?.body;
		if (status === 200 && isVideoStream(body)) return checkKind(body, headers);
		if (isVideoStream(body)) body.destroy();
		const location = headers.location;
		if (status < 300 || status >= 400 || location === undefined) throw refusedDownload(status);
		url = new URL(location, url).href;
	}
	throw new FinalFault('its link is redirected too often');
}

function toRequest(url: string, abortSignal: AbortSignal): IHttpRequestOptions {
	return {
		method: 'GET',
		url,
		// n8n unzips a body and keeps the length it had zipped; where the file is no MP4, that is taken for a cut.
		headers: { 'Accept-Encoding': 'identity' },
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		timeout: STALL_MS,
		abortSignal,
	};
}

function refusedDownload(status: number): Error {
	if ([401, 403, 404, 410].includes(status)) {
		return new FinalFault(`the link has expired or is not open to everybody (HTTP status ${status})`);
	}
	return new RangeError(`the server answered with HTTP status ${status}`);
}

function checkKind(body: VideoStream, headers: Readonly<Record<string, string>>): Opened {
	const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
	if (type !== '' && !VIDEO_TYPES.test(type)) {
		body.destroy();
		throw new FinalFault(`the server sent ${type} instead of a video`);
	}
	const isEncoded = headers['content-encoding'] !== undefined;
	const announced = isEncoded ? NaN : Number(headers['content-length'] ?? NaN);
	if (announced > MAX_VIDEO_BYTES) {
		body.destroy();
		throw new FinalFault('it is larger than 1 GiB');
	}
	return { body, announcedBytes: Number.isNaN(announced) ? undefined : announced };
}
