import { damaged, displayedSize, endsTooSoon, isOnItsSide, latin1, uint32 } from './reading';
import type { ImageSize, Refusal } from './reading';

const SIGNATURE = '\x89PNG\r\n\x1a\n';
const HEADER_BYTES = 13;
/** Length, type and checksum around a chunk's data. */
const FRAME_BYTES = 12;
const MAX_SIDE = 0x7fffffff;

/** Allowed bit depths by colour type: PNG Specification (third edition), table 12. */
const BIT_DEPTHS: ReadonlyMap<number, readonly number[]> = new Map([
	[0, [1, 2, 4, 8, 16]],
	[2, [8, 16]],
	[3, [1, 2, 4, 8]],
	[4, [8, 16]],
	[6, [8, 16]],
]);

/**
 * CRC-32 of every byte value (PNG Specification, annex D), then of every byte value with one, two and three zero bytes
 * behind it. With these, a checksum takes four bytes at a time, which is more than four times as fast as one by one.
 */
const CRCS = new Int32Array(4 * 256);
const crcAt = (index: number): number => CRCS[index] ?? 0;
for (let index = 0; index < CRCS.length; index++) {
	let crc = index < 256 ? index : crcAt(index - 256);
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
	CRCS[index] = crc;
}

function crc32(bytes: Uint8Array): number {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const rest = bytes.length - (bytes.length % 4);
	let crc = -1;
	for (let at = 0; at < rest; at += 4) {
		crc ^= view.getInt32(at, true);
		const [first, second] = [crcAt(768 + (crc & 0xff)), crcAt(512 + ((crc >>> 8) & 0xff))];
		crc = first ^ second ^ crcAt(256 + ((crc >>> 16) & 0xff)) ^ crcAt(crc >>> 24);
	}
	for (const byte of bytes.subarray(rest)) crc = crcAt((crc ^ byte) & 0xff) ^ (crc >>> 8);
	return ~crc >>> 0;
}

/** Whether a file begins as a PNG does, whatever follows. Source: PNG Specification (third edition), clause 5.2. */
export function isPng(bytes: Uint8Array): boolean {
	return latin1(bytes, 0, SIGNATURE.length) === SIGNATURE;
}

/** One chunk, or nothing where the file ends before the chunk does. */
function readChunk(bytes: Uint8Array, at: number) {
	const end = at + FRAME_BYTES + uint32(bytes, at);
	if (at + FRAME_BYTES > bytes.length || end > bytes.length) return undefined;
	const type = latin1(bytes, at + 4, at + 8);
	// A decoder needs what has a type in capitals. Elsewhere decoders overlook a wrong checksum.
	const isNeeded = /^[A-Z]/.test(type);
	const isSound = !isNeeded || crc32(bytes.subarray(at + 4, end - 4)) === uint32(bytes, end - 4);
	return { type, data: bytes.subarray(at + 8, end - 4), end, isSound };
}

/**
 * The size in a PNG's header, not rotated, from the beginning of the file, or what is wrong with the header. Never throws.
 * @param start the first bytes of a file for which `isPng` holds
 */
export function pngSizeIn(start: Uint8Array): ImageSize | Refusal {
	const header = readChunk(start, SIGNATURE.length);
	if (!header) return endsTooSoon('PNG', start);
	const { type, data, isSound } = header;
	if (type === 'CgBI') {
		return "is a PNG in Apple's own form for iOS apps, which others cannot open. Export it as ordinary PNG.";
	}
	const isReadable = type === 'IHDR' && data.length === HEADER_BYTES && isSound;
	return isReadable ? readHeader(data) : damaged('PNG', 'its header cannot be read');
}

function readHeader(header: Uint8Array): ImageSize | Refusal {
	const [width, height] = [uint32(header, 0), uint32(header, 4)];
	if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) {
		return damaged('PNG', `it gives its size as ${width} x ${height} px`);
	}
	const [depth = 0, colourType = 0, compression, filter, interlace = 0] = header.subarray(8);
	const isKnown = BIT_DEPTHS.get(colourType)?.includes(depth) && compression === 0 && filter === 0 && interlace < 2;
	return isKnown ? { width, height } : damaged('PNG', 'its header has impossible values');
}

/**
 * A PNG's size as displayed, from its chunks, each looked at once up to the end chunk: the header, some picture data and
 * the end must be there, and their checksums right. Never throws. Source: PNG Specification (third edition), clauses 5
 * and 11.
 * @param bytes for which `isPng` holds
 */
export function readPng(bytes: Uint8Array): ImageSize | Refusal {
	const size = pngSizeIn(bytes);
	if (typeof size === 'string') return size;
	let [onItsSide, hasData] = [false, false];
	for (let at = SIGNATURE.length + FRAME_BYTES + HEADER_BYTES; ; ) {
		const chunk = readChunk(bytes, at);
		if (!chunk) return endsTooSoon('PNG', bytes);
		if (!chunk.isSound) return damaged('PNG', `the checksum of its part at byte ${at} is wrong`);
		if (chunk.type === 'IDAT') hasData = true;
		if (chunk.type === 'eXIf') onItsSide = isOnItsSide(chunk.data);
		if (chunk.type === 'IEND') break;
		at = chunk.end;
	}
	return hasData ? displayedSize(size, onItsSide) : damaged('PNG', 'there is no picture in it');
}
