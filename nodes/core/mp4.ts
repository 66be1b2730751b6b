/** Looks at a file while it streams by. */
export interface Mp4Watch {
	see(chunk: Uint8Array): void;
	/** False if the file began as an MP4 and ended inside one of its parts; anything else is not judged. */
	isWhole(): boolean;
}

const HEADER_BYTES = 8;
/** A size of 1 says that the true one follows in eight more bytes. */
const LONG_HEADER_BYTES = 16;

function readUint32(bytes: readonly number[], at: number): number {
	return bytes.slice(at, at + 4).reduce((number, byte) => number * 0x100 + byte, 0);
}

/**
 * Walks the parts ("boxes") of an MP4, each of which begins with its size and name (ISO/IEC 14496-12, 4.2): a download
 * that was cut without a word, as with no Content-Length, does not end where a box does. Holds 16 bytes at most.
 */
export function createMp4Watch(): Mp4Watch {
	let header: number[] = [];
	let left = 0;
	let isMp4: boolean | undefined;

	/** Takes a full header: what is left of its box; Infinity for one that goes to the end of the file. */
	function openBox(): void {
		const size = readUint32(header, 0);
		isMp4 ??= String.fromCharCode(...header.slice(4, 8)) === 'ftyp';
		if (size === 1 && header.length < LONG_HEADER_BYTES) return;
		const whole = size === 1 ? readUint32(header, 8) * 2 ** 32 + readUint32(header, 12) : size;
		left = size === 0 ? Infinity : whole - header.length;
		// A box that is smaller than its own header is none: the file cannot be judged.
		if (left < 0) isMp4 = false;
		header = [];
	}

	function see(chunk: Uint8Array): void {
		for (let at = 0; at < chunk.length && isMp4 !== false; ) {
			const skipped = Math.min(left, chunk.length - at);
			left -= skipped;
			at += skipped;
			if (left > 0 || at >= chunk.length) continue;
			header.push(chunk[at]);
			at += 1;
			if (header.length === HEADER_BYTES || header.length === LONG_HEADER_BYTES) openBox();
		}
	}

	return { see, isWhole: () => isMp4 !== true || ((left === 0 || left === Infinity) && header.length === 0) };
}
