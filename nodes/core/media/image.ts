import { isJpeg, readJpeg } from './jpeg';
import { recogniseOther } from './others';
import { isPng, readPng } from './png';
import { refused } from './reading';
import type { ImageSize, Refusal } from './reading';

/** Kling's documents say "10 MB" and leave open which: the smaller reading, in bytes, is right for both. */
export const MAX_IMAGE_BYTES = 10_000_000;
/** Kling's documents: width and height ≥ 300 px. */
export const MIN_IMAGE_SIDE = 300;
/** Kling's documents: aspect ratio 1:2.5 to 2.5:1. */
export const MAX_ASPECT_RATIO = 2.5;

/** A picture that Kling's formats allow; sides in pixels, as displayed. */
export interface ImageFacts {
	readonly kind: 'image';
	readonly format: 'jpeg' | 'png';
	readonly mimeType: 'image/jpeg' | 'image/png';
	readonly width: number;
	readonly height: number;
}

function refuseOther(bytes: Uint8Array): Refusal {
	if (bytes.length === 0) return refused('is empty. Check the step that made or fetched it.');
	const other = recogniseOther(bytes);
	if (other) return refused(`is ${other.name}; Kling takes JPEG and PNG only. ${other.advice}`);
	const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
	return refused(
		`is neither JPEG nor PNG (it begins with the bytes ${start}), and Kling takes no other. ` +
			'Convert it to JPEG or PNG first.',
	);
}

function asFacts(format: 'jpeg' | 'png', reading: ImageSize | Refusal): ImageFacts | Refusal {
	if (reading.kind === 'refused') return reading;
	const mimeType = format === 'jpeg' ? 'image/jpeg' : 'image/png';
	return { kind: 'image', format, mimeType, width: reading.width, height: reading.height };
}

/**
 * What a file is by its bytes, whatever its name says: a whole JPEG or PNG with its size, or the reason why not, for
 * people, to be read after the field's name. Looks at each byte a bounded number of times and never throws. The
 * compressed picture data is not decoded.
 */
export function inspectImage(bytes: Uint8Array): ImageFacts | Refusal {
	if (isJpeg(bytes)) return asFacts('jpeg', readJpeg(bytes));
	if (isPng(bytes)) return asFacts('png', readPng(bytes));
	return refuseOther(bytes);
}

function sizeProblem(length: number, maxBytes: number): string[] {
	if (length <= maxBytes) return [];
	const [has, limit] = [length, maxBytes].map((count) => count.toLocaleString('en-US'));
	return [`has ${has} bytes; the limit is ${limit}. Make it smaller, or save it as JPEG.`];
}

function sideProblem({ width, height }: ImageFacts): string[] {
	if (Math.min(width, height) >= MIN_IMAGE_SIDE) return [];
	return [`is ${width} x ${height} px; both sides have to be at least ${MIN_IMAGE_SIDE} px. Use a larger one.`];
}

function aspectProblem({ width, height }: ImageFacts): string[] {
	const [long, short] = [Math.max(width, height), Math.min(width, height)];
	if (long <= short * MAX_ASPECT_RATIO) return [];
	const ratio = Number((long / short).toFixed(3));
	const is = width > height ? `${ratio}:1` : `1:${ratio}`;
	const allowed = Math.floor(short * MAX_ASPECT_RATIO);
	return [
		`is ${width} x ${height} px, that is ${is}; the aspect ratio has to lie between 1:${MAX_ASPECT_RATIO} ` +
			`and ${MAX_ASPECT_RATIO}:1. Crop its long side to ${allowed} px or less.`,
	];
}

/**
 * Everything Kling would refuse in a picture, for people, each to be read after the field's name: the measured value,
 * the limit and what to do; none for a good one. Never throws.
 * @param maxBytes a lower limit than Kling's, in bytes, where the request leaves less room
 * Source of the limits: Kling's image requirements, as every provider inherits them.
 */
export function imageProblems(bytes: Uint8Array, { maxBytes = MAX_IMAGE_BYTES } = {}): string[] {
	const tooLarge = sizeProblem(bytes.length, Math.min(maxBytes, MAX_IMAGE_BYTES));
	const image = inspectImage(bytes);
	if (image.kind === 'refused') return [image.message, ...tooLarge];
	return [...tooLarge, ...sideProblem(image), ...aspectProblem(image)];
}
