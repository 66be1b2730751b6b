/** Why a file is no usable picture, for people, to be read after the field's name: what was found, and what to do. */
export type Refusal = string;

/** A picture's width and height in pixels. */
export interface ImageSize {
	readonly width: number;
	readonly height: number;
}

/** The refusal of a file that stops before its format says it may. `format` for people: "JPEG". */
export function endsTooSoon(format: string, bytes: Uint8Array): Refusal {
	const length = bytes.length.toLocaleString('en-US');
	return `is a ${format} that ends in the middle, after ${length} bytes: it was not stored whole. Fetch it again.`;
}

/** The refusal of a file that breaks its format's rules; `what` completes "is a damaged JPEG: …". */
export function damaged(format: string, what: string): Refusal {
	return `is a damaged ${format}: ${what}. Save it again as JPEG or PNG.`;
}

/** Two bytes, most significant first. Bytes beyond the end read as 0: check the bounds before. */
export function uint16(bytes: ArrayLike<number>, at: number): number {
	return (bytes[at] ?? 0) * 0x100 + (bytes[at + 1] ?? 0);
}

/** Four bytes, most significant first, never negative. Bytes beyond the end read as 0. */
export function uint32(bytes: ArrayLike<number>, at: number): number {
	return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}

/** The bytes from `at` to before `end` as Latin-1 characters; shorter at the file's end. */
export function latin1(bytes: Uint8Array, at: number, end: number): string {
	return String.fromCharCode(...bytes.subarray(at, end));
}

/** How far into a file it is looked at as text, in bytes: an SVG may begin with a long comment. */
const START_BYTES = 4096;

/** The beginning of a file as Latin-1 characters, without the byte order mark of UTF-8. */
export function startText(bytes: Uint8Array): string {
	return latin1(bytes, 0, START_BYTES).replace(/^\xef\xbb\xbf/, '');
}

const ORIENTATION_TAG = 0x0112;
const ENTRY_BYTES = 12;

/**
 * Whether an Exif block says that the picture is shown on its side (orientations 5 to 8), so that width and height
 * change places. False for every block that cannot be read: a viewer then ignores it too.
 * Source: Exif 2.32 (CIPA DC-008), 4.5.2 and 4.6.4; TIFF 6.0, section 2.
 * @param exif from its byte order mark (`II` or `MM`) on
 */
export function isOnItsSide(exif: Uint8Array): boolean {
	const order = latin1(exif, 0, 2);
	if (order !== 'II' && order !== 'MM') return false;
	const read16 = (at: number) => (order === 'MM' ? uint16(exif, at) : (exif[at + 1] ?? 0) * 0x100 + (exif[at] ?? 0));
	const directory = order === 'MM' ? uint32(exif, 4) : read16(4) + read16(6) * 0x10000;
	const entries = Math.min(read16(directory), Math.floor(exif.length / ENTRY_BYTES));
	for (let index = 0; index < entries; index++) {
		const at = directory + 2 + index * ENTRY_BYTES;
		if (read16(at) === ORIENTATION_TAG) return read16(at + 8) >= 5 && read16(at + 8) <= 8;
	}
	return false;
}

/** The size as displayed. */
export function displayedSize({ width, height }: ImageSize, onItsSide: boolean): ImageSize {
	return onItsSide ? { width: height, height: width } : { width, height };
}
