import { damaged, displayedSize, endsTooSoon, isOnItsSide, latin1, uint16 } from './reading';
import type { ImageSize, Refusal } from './reading';

// Marker codes: ITU-T T.81, table B.1.
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
const EXIF_HEADER = 'Exif\0\0';

/** Whether a file begins as a JPEG does, whatever follows. Source: ITU-T T.81, annex B. */
export function isJpeg(bytes: Uint8Array): boolean {
	return bytes[0] === 0xff && bytes[1] === START_OF_IMAGE && bytes[2] === 0xff;
}

/**
 * Where the next marker's code is, or -1. Bytes between segments are passed over, as every decoder does; inside a scan
 * a stuffed zero, a restart marker or a fill byte after FF is no marker.
 */
function nextMarker(bytes: Uint8Array, from: number): number {
	for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
		const code = bytes[at + 1] ?? 0;
		const isStandalone = code === 0x01 || (code >= 0xd0 && code <= START_OF_IMAGE);
		if (code !== 0 && code !== 0xff && !isStandalone) return at + 1;
	}
	return -1;
}

/** Start of frame, any of its kinds; C4, C8 and CC among them mean something else. */
function isFrame(code: number): boolean {
	return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}

/** The frame header's size, as stored: not rotated. */
function readFrame(code: number, segment: Uint8Array): ImageSize | Refusal {
	if (segment.length < 6) return damaged('JPEG', 'its frame header is too short');
	if (code > 0xc2 || segment[0] !== 8) {
		return (
			'is a JPEG of a rare kind (lossless, arithmetic-coded or 12-bit) that most programs cannot open. ' +
			'Save it as an ordinary 8-bit JPEG or as PNG.'
		);
	}
	const height = uint16(segment, 1);
	const width = uint16(segment, 3);
	if (width === 0 || height === 0) return damaged('JPEG', `it gives its size as ${width} x ${height} px`);
	return { width, height };
}

function isExif(code: number, segment: Uint8Array): boolean {
	return code === APP1 && latin1(segment, 0, EXIF_HEADER.length) === EXIF_HEADER;
}

/**
 * The segments that the bytes have whole, one after another. Each begins at `at` with its length, which counts itself, so
 * that one below 2 is impossible. The end-of-image marker counts as a segment, without a length.
 */
function* segmentsOf(bytes: Uint8Array) {
	let end = 2;
	for (let marker = nextMarker(bytes, end); marker !== -1; marker = nextMarker(bytes, end)) {
		const [code = 0, at] = [bytes[marker], marker + 1];
		const length = code === END_OF_IMAGE ? 0 : uint16(bytes, at);
		end = at + length;
		if (code !== END_OF_IMAGE && Math.max(at + 2, end) > bytes.length) return;
		yield { code, at, length, data: bytes.subarray(at + 2, end) };
	}
}

/**
 * A JPEG's size as displayed, baseline or progressive, from its segments, each looked at once up to the end-of-image
 * marker. What follows that marker (a phone's second picture, a motion photo's video) is not looked at. Never throws.
 * Source: ITU-T T.81, annex B.
 * @param bytes for which `isJpeg` holds
 */
export function readJpeg(bytes: Uint8Array): ImageSize | Refusal {
	let size: ImageSize | undefined;
	let onItsSide: boolean | undefined;
	let hasScan = false;
	for (const { code, at, length, data } of segmentsOf(bytes)) {
		if (code === END_OF_IMAGE) {
			if (size === undefined || !hasScan) return damaged('JPEG', 'there is no picture in it');
			return displayedSize(size, onItsSide ?? false);
		}
		if (length < 2) return damaged('JPEG', `a segment at byte ${at} has no length`);
		if (isFrame(code) && size === undefined) {
			const frame = readFrame(code, data);
			if (typeof frame === 'string') return frame;
			size = frame;
		}
		if (code === START_OF_SCAN) hasScan = true;
		if (isExif(code, data)) onItsSide ??= isOnItsSide(data.subarray(EXIF_HEADER.length));
	}
	return endsTooSoon('JPEG', bytes);
}

/**
 * A JPEG's size, not rotated, from the beginning of the file; undefined where the frame header is not within it. Never
 * throws.
 * @param start the first bytes of a file for which `isJpeg` holds
 */
export function jpegSizeIn(start: Uint8Array): ImageSize | Refusal | undefined {
	for (const { code, length, data } of segmentsOf(start)) {
		if (length < 2 || code === START_OF_SCAN) return undefined;
		if (isFrame(code)) return readFrame(code, data);
	}
	return undefined;
}
