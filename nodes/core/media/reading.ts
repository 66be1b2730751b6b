/** Why a file is no usable picture, for people, to be read after the field's name: what was found, and what to do. */
export interface Refusal {
	readonly kind: 'refused';
	readonly message: string;
}

/** A picture's width and height in pixels, as displayed: a camera's rotation mark is applied. */
export interface ImageSize {
	readonly kind: 'size';
	readonly width: number;
	readonly height: number;
}

export function refused(message: string): Refusal {
	return { kind: 'refused', message };
}

/** The refusal of a file that stops before its format says it may. `format` for people: "JPEG". */
export function endsTooSoon(format: string, bytes: Uint8Array): Refusal {
	const length = bytes.length.toLocaleString('en-US');
	return refused(
		`is a ${format} that ends in the middle, after ${length} bytes: it was not stored whole. Fetch it again.`,
	);
}

/** The refusal of a file that breaks its format's rules; `what` completes "is a damaged JPEG: …". */
export function damaged(format: string, what: string): Refusal {
	return refused(`is a damaged ${format}: ${what}. Save it again as JPEG or PNG.`);
}

/** Two bytes, most significant first. Bytes beyond the end read as 0: check the bounds before. */
export function uint16(bytes: Uint8Array, at: number): number {
	return (bytes[at] ?? 0) * 0x100 + (bytes[at + 1] ?? 0);
}

/** Four bytes, most significant first, never negative. Bytes beyond the end read as 0. */
export function uint32(bytes: Uint8Array, at: number): number {
	return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}

/** The bytes from `at` to before `end` as Latin-1 characters; shorter at the file's end. */
export function latin1(bytes: Uint8Array, at: number, end: number): string {
	return String.fromCharCode(...bytes.subarray(at, end));
}
