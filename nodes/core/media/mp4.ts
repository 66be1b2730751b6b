import { uint32 } from './reading';

/**
 * How a file ended. 'whole': an MP4 with all that plays. 'openEnded': an MP4 whose last part goes to the end of the file,
 * wherever that is. 'cut': it ended inside a part, before one that it needs, or before it said what it is. The others are
 * no MP4: 'text' begins as a web page or JSON does, 'notMp4' cannot be judged further.
 */
export type Mp4End = 'whole' | 'openEnded' | 'cut' | 'text' | 'notMp4';

const HEADER_BYTES = 8;
/** A size of 1 says that the true one follows in eight more bytes. */
const LONG_HEADER_BYTES = 16;
/** The index, the pictures, and the index of one fragment of them: what else a file has, players can do without. */
const NEEDED: ReadonlySet<string> = new Set(['moov', 'mdat', 'moof']);
const BLANKS: ReadonlySet<number> = new Set(Array.from('\t\n\r ', (blank) => blank.charCodeAt(0)));
/** So many readable characters at the beginning are text, where the server calls it text. */
const READABLE_BYTES = 32;
const TEXT_STARTS: ReadonlySet<number | undefined> = new Set(Array.from('<{', (start) => start.charCodeAt(0)));

function isReadable(byte: number): boolean {
	return BLANKS.has(byte) || (byte >= 0x20 && byte !== 0x7f);
}

/** The parts ("boxes") of a file one after another, each of which begins with its size and name. Holds 16 bytes. */
function createBoxes(onBox: (name: string) => void) {
	let header: number[] = [];
	let left = 0;
	let isOpenEnded = false;

	/** Takes a header of 8 bytes, or all 16 of a long one. */
	function open(): void {
		const size = uint32(header, 0);
		if (header.length === HEADER_BYTES) onBox(String.fromCharCode(...header.slice(4)));
		if (size === 1 && header.length < LONG_HEADER_BYTES) return;
		const whole = size === 1 ? uint32(header, 8) * 2 ** 32 + uint32(header, 12) : size;
		// A size of 0 goes to the end of the file. One that is smaller than its own header is none: no box is found after it.
		isOpenEnded = size === 0;
		left = isOpenEnded || whole < header.length ? Infinity : whole - header.length;
		header = [];
	}

	function see(chunk: Uint8Array): void {
		for (let at = 0; at < chunk.length; ) {
			const skipped = Math.min(left, chunk.length - at);
			left -= skipped;
			at += skipped;
			if (left > 0 || at >= chunk.length) continue;
			header.push(chunk[at] ?? 0);
			at += 1;
			if (header.length === HEADER_BYTES || header.length === LONG_HEADER_BYTES) open();
		}
	}

	return {
		see,
		/** Whether the box that was named last ends here or, with less than a header behind it, has ended. */
		isComplete: () => left === 0 && header.length < HEADER_BYTES,
		isOpenEnded: () => isOpenEnded,
	};
}

/**
 * Looks at a file while it streams by, and walks the boxes of an MP4 (ISO/IEC 14496-12, 4.2): a download that was cut without a word, as with no Content-Length,
 * lacks its `moov` or `mdat` or ends inside one. What comes after them (tags, padding, free space) does not matter.
 * @param isCalledText the server calls the file text, which many do with files whose names they do not know
 */
export function createMp4Watch(isCalledText = false) {
	let firstByte: number | undefined;
	const start: number[] = [];
	let isMp4: boolean | undefined;
	/** The needed boxes so far, and the one that is being walked: all before it are complete. */
	const seen = new Set<string>();
	let name = '';
	const boxes = createBoxes((next) => {
		isMp4 ??= next === 'ftyp';
		if (NEEDED.has(next)) seen.add(next);
		name = next;
	});

	function see(chunk: Uint8Array): void {
		firstByte ??= chunk.find((byte) => !BLANKS.has(byte));
		if (start.length < READABLE_BYTES) start.push(...chunk.subarray(0, READABLE_BYTES - start.length));
		if (isMp4 !== false) boxes.see(chunk);
	}

	/** Whether it is text for sure, whatever follows; with `isAll`, whether it is text if nothing follows. */
	function isText(isAll = false): boolean {
		if (isMp4 !== false) return false;
		const isEnough = isAll || start.length === READABLE_BYTES;
		return TEXT_STARTS.has(firstByte) || (isCalledText && isEnough && start.every(isReadable));
	}

	/** What the file is if what was seen is all of it. */
	function end(): Mp4End {
		if (isMp4 === undefined) return 'cut';
		if (!isMp4) return isText(true) ? 'text' : 'notMp4';
		const isOpenEnded = boxes.isOpenEnded() && (name === 'moov' || name === 'mdat');
		if (NEEDED.has(name) && !boxes.isComplete() && !isOpenEnded) return 'cut';
		if (!seen.has('moov') || !seen.has('mdat')) return 'cut';
		return isOpenEnded ? 'openEnded' : 'whole';
	}

	return { see, isText: () => isText(), end };
}

/** What is wrong with a downloaded file. */
export interface FileProblem {
	/** For people, to be read after "The video could not be downloaded: ". */
	readonly problem: string;
	/** Another download would end the same way. */
	readonly isFinal: boolean;
}

/** What is wrong with a web page, or with an error in JSON, in place of the video. */
export const IS_TEXT: FileProblem = { problem: 'the server sent text instead of a video', isFinal: true };

/**
 * Why a file that came to its end is not the whole video; undefined if it is. A whole MP4 is whole whatever length was
 * announced, as n8n unzips a body and keeps the length it had zipped; other files are judged by their length alone.
 */
export function fileProblem(end: Mp4End, bytes: number, announcedBytes = bytes): FileProblem | undefined {
	const passing = (problem: string): FileProblem => ({ problem, isFinal: false });
	if (bytes === 0) return passing('the file is empty');
	if (end === 'text') return IS_TEXT;
	if (end === 'whole') return undefined;
	if (bytes < announcedBytes) return passing(`only ${bytes} of ${announcedBytes} bytes came`);
	if (end === 'cut') return passing(`the file ended in the middle, after ${bytes} bytes`);
	return bytes === announcedBytes ? undefined : passing(`${bytes} bytes came instead of ${announcedBytes}`);
}
