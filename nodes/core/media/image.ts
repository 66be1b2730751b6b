import { isJpeg, readJpeg } from './jpeg';
import { recogniseOther } from './others';
import { isPng, readPng } from './png';
import type { ImageSize, Refusal } from './reading';

/** Kling's documents say "10 MB" and leave open which: the smaller reading, in bytes, is right for both. */
export const MAX_IMAGE_BYTES = 10_000_000;
/** Kling's documents: width and height ≥ 300 px. */
const MIN_IMAGE_SIDE = 300;
/** Kling's documents: aspect ratio 1:2.5 to 2.5:1. */
const MAX_ASPECT_RATIO = 2.5;

/** A picture that Kling's formats allow, with its size as displayed. */
export interface ImageFacts extends ImageSize {
	readonly mimeType: 'image/jpeg' | 'image/png';
}

/** What a file was found to be. */
export interface CheckedImage {
	/** Absent if the file is no whole JPEG or PNG. */
	readonly facts?: ImageFacts;
	/** Everything Kling would refuse in it, for people, each to be read after the field's name; empty for a good picture. */
	readonly problems: readonly string[];
}

function refuseOther(bytes: Uint8Array): Refusal {
	if (bytes.length === 0) return 'is empty. Check the step that made or fetched it.';
	const other = recogniseOther(bytes);
	if (other) return `is ${other.name}; Kling takes JPEG and PNG only. ${other.advice}`;
	const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
	return (
		`is neither JPEG nor PNG (it begins with the bytes ${start}), and Kling takes no other. ` +
		'Convert it to JPEG or PNG first.'
	);
}

/** What is wrong with a file of this length; none if it has at most `maxBytes`. */
export function lengthProblems(length: number, maxBytes = MAX_IMAGE_BYTES): string[] {
	if (length <= maxBytes) return [];
	const [has, limit] = [length, maxBytes].map((count) => count.toLocaleString('en-US'));
	return [`has ${has} bytes; the limit is ${limit}. Make it smaller, or save it as JPEG.`];
}

/** What is wrong with a picture of this size; none if Kling takes it. */
export function sizeProblems({ width, height }: ImageSize): string[] {
	const [long, short] = [Math.max(width, height), Math.min(width, height)];
	const problems: string[] = [];
	if (short < MIN_IMAGE_SIDE) {
		problems.push(`is ${width} x ${height} px; both sides have to be at least ${MIN_IMAGE_SIDE} px. Use a larger one.`);
	}
	if (long > short * MAX_ASPECT_RATIO) {
		const ratio = Number((long / short).toFixed(3));
		const is = width > height ? `${ratio}:1` : `1:${ratio}`;
		const allowed = Math.floor(short * MAX_ASPECT_RATIO);
		problems.push(
			`is ${width} x ${height} px, that is ${is}; the aspect ratio has to lie between 1:${MAX_ASPECT_RATIO} ` +
				`and ${MAX_ASPECT_RATIO}:1. Crop its long side to ${allowed} px or less.`,
		);
	}
	return problems;
}

/**
 * What a file is by its bytes, whatever its name says, and all that Kling would refuse in it: each problem gives the
 * measured value, the limit and what to do. Looks at each byte a bounded number of times and never throws. The
 * compressed picture data is not decoded. Source of the limits: Kling's image requirements, as every provider inherits
 * them.
 */
export function checkImage(bytes: Uint8Array): CheckedImage {
	const mimeType = isPng(bytes) ? 'image/png' : 'image/jpeg';
	const read = isPng(bytes) ? readPng(bytes) : isJpeg(bytes) ? readJpeg(bytes) : refuseOther(bytes);
	const tooLarge = lengthProblems(bytes.length);
	if (typeof read === 'string') return { problems: [read, ...tooLarge] };
	return { facts: { mimeType, ...read }, problems: [...tooLarge, ...sizeProblems(read)] };
}
