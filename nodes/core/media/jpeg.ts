import { damaged, displayedSize, endsTooSoon, isOnItsSide, latin1, refused, uint16 } from './reading';
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
		return refused(
			'is a JPEG of a rare kind (lossless, arithmetic-coded or 12-bit) that most programs cannot open. ' +
				'Save it as an ordinary 8-bit JPEG or as PNG.',
		);
	}
	const height = uint16(segment, 1);
	const width = uint16(segment, 3);
	if (width === 0 || height === 0) return damaged('JPEG', `it gives its size as ${width} x ${height} px`);
	return { kind: 'size', width, height };
}

/** What was met on the way through the segments. */
interface Findings {
	frame?: ImageSize | Refusal;
	onItsSide?: boolean;
	hasScan: boolean;
}

function note(found: Findings, code: number, segment: Uint8Array): void {
	if (isFrame(code)) found.frame ??= readFrame(code, segment);
	if (code === START_OF_SCAN) found.hasScan = true;
	if (code === APP1 && latin1(segment, 0, EXIF_HEADER.length) === EXIF_HEADER) {
		found.onItsSide ??= isOnItsSide(segment.subarray(EXIF_HEADER.length));
	}
}

function conclude({ frame, onItsSide, hasScan }: Findings): ImageSize | Refusal {
	if (frame === undefined || !hasScan) return damaged('JPEG', 'there is no picture in it');
	return frame.kind === 'refused' ? frame : displayedSize(frame.width, frame.height, onItsSide ?? false);
}

/**
 * A JPEG's size, baseline or progressive, from its segments, each looked at once up to the end-of-image marker. What
 * follows that marker (a phone's second picture, a motion photo's video) is not looked at. Never throws.
 * Source: ITU-T T.81, annex B.
 * @param bytes for which `isJpeg` holds
 */
export function readJpeg(bytes: Uint8Array): ImageSize | Refusal {
	const found: Findings = { hasScan: false };
	let marker = nextMarker(bytes, 2);
	while (marker !== -1) {
		const code = bytes[marker] ?? 0;
		if (code === END_OF_IMAGE) return conclude(found);
		const length = uint16(bytes, marker + 1);
		const end = marker + 1 + length;
		if (marker + 3 > bytes.length || end > bytes.length) break;
		if (length < 2) return damaged('JPEG', `a segment at byte ${marker + 1} has no length`);
		note(found, code, bytes.subarray(marker + 3, end));
		if (found.frame?.kind === 'refused') return found.frame;
		marker = nextMarker(bytes, end);
	}
	return endsTooSoon('JPEG', bytes);
}

/**
 * A JPEG's size, not rotated, from the beginning of the file; undefined where the frame header is not within it or cannot
 * be read. Never throws.
 * @param start the first bytes of a file for which `isJpeg` holds
 */
export function jpegSizeIn(start: Uint8Array): ImageSize | undefined {
	let marker = nextMarker(start, 2);
	while (marker !== -1) {
		const code = start[marker] ?? 0;
		const end = marker + 1 + uint16(start, marker + 1);
		if (marker + 3 > start.length || end > start.length || end < marker + 3) return undefined;
		if (isFrame(code)) {
			const size = readFrame(code, start.subarray(marker + 3, end));
			return size.kind === 'size' ? size : undefined;
		}
		if (code === START_OF_SCAN || code === END_OF_IMAGE) return undefined;
		marker = nextMarker(start, end);
	}
	return undefined;
}
