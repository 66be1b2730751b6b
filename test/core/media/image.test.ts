import { goodPictures, pictureOfLength, plain, readImage } from './imageSamples';
import { checkImage, MAX_IMAGE_BYTES } from '../../../nodes/core/media/image';

const text = (content: string) => Uint8Array.from(Buffer.from(content));
const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const messageOf = (bytes: Uint8Array) => {
	const { facts, problems } = checkImage(bytes);
	return facts === undefined ? (problems[0] ?? '') : `${facts.mimeType}, ${facts.width} x ${facts.height} px`;
};
const factsOf = (bytes: Uint8Array) => checkImage(bytes).facts;
const problemsOf = (bytes: Uint8Array) => checkImage(bytes).problems;

const pictures = goodPictures();

describe('a good picture', () => {
	test('passes, whichever encoder made it, with the size that a viewer shows', () => {
		for (const { name, format, width, height, bytes } of pictures) {
			const facts = { mimeType: `image/${format}`, width, height };
			expect({ name, ...checkImage(bytes) }).toEqual({ name, facts, problems: [] });
		}
	});

	test('passes with something behind its end, as phones write it', () => {
		const video = readImage('refused/video.mp4');
		for (const { width, height, bytes } of pictures) {
			expect(factsOf(joined(bytes, video))).toMatchObject({ width, height });
		}
	});

	test('has the size of the picture, not of the preview that a camera puts into it', () => {
		const picture = plain(800, 600);
		const preview = plain(320, 320);
		const segment = joined(text('Exif\0\0no orientation'), preview);
		const head = Uint8Array.of(0xff, 0xe1, (segment.length + 2) >> 8, (segment.length + 2) & 0xff);
		const withPreview = joined(picture.subarray(0, 2), head, segment, picture.subarray(2));
		expect(factsOf(withPreview)).toMatchObject({ width: 800, height: 600 });
	});
});

describe('a picture outside of the limits', () => {
	test.each([
		[300, 300, []],
		[750, 300, []],
		[300, 750, []],
		[299, 300, [/^is 299 x 300 px; both sides have to be at least 300 px\. Use/]],
		[300, 299, [/^is 300 x 299 px; both sides have to be at least 300 px\. Use/]],
		[751, 300, [/^is 751 x 300 px, that is 2\.503:1; .* 1:2\.5 and 2\.5:1\. Crop its long side to 750 px/]],
		[300, 751, [/^is 300 x 751 px, that is 1:2\.503; .* 1:2\.5 and 2\.5:1\. Crop its long side to 750 px/]],
		[1000, 299, [/^is 1000 x 299 px; both sides/, /^is 1000 x 299 px, that is 3\.344:1;/]],
	])('%i x %i px: every problem is named with its value and limit', (width, height, expected) => {
		for (const format of ['jpeg', 'png'] as const) {
			const problems = problemsOf(plain(width, height, format));
			expect(problems).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
		}
	});

	test('a rotated picture is measured as it is seen', () => {
		const onItsSide = readImage('plain/900x300-orientation-6.jpg');
		expect(problemsOf(onItsSide)).toEqual([expect.stringMatching(/^is 300 x 900 px, that is 1:3;/)]);
	});

	test('10,000,000 bytes pass and one more is refused', () => {
		expect(problemsOf(pictureOfLength(MAX_IMAGE_BYTES))).toEqual([]);
		expect(problemsOf(pictureOfLength(MAX_IMAGE_BYTES + 1))).toEqual([
			'has 10,000,001 bytes; the limit is 10,000,000. Make it smaller, or save it as JPEG.',
		]);
	});
});

describe('a file that is no JPEG or PNG', () => {
	test.each([
		['picture.webp', 'a WebP picture'],
		['picture.gif', 'a GIF'],
		['picture.bmp', 'a BMP picture'],
		['picture.tiff', 'a TIFF picture'],
		['picture.avif', 'an AVIF picture'],
		['picture.heic', 'a HEIC picture'],
		['drawing.svg', 'an SVG drawing'],
		['page.pdf', 'a PDF'],
		['video.mov', 'an MP4 or QuickTime video'],
		['video.mp4', 'an MP4 or QuickTime video'],
	])('%s is refused by its name: %s', (file, name) => {
		const message = messageOf(readImage(`refused/${file}`));
		expect(message).toMatch(new RegExp(`^is ${name}.*; Kling takes JPEG and PNG only\\. [A-Z].*\\.$`));
		expect(problemsOf(readImage(`refused/${file}`))).toEqual([message]);
	});

	test.each([
		['<!DOCTYPE html><html><title>403</title>', 'a web page (HTML)'],
		['\ufeff\n<html lang="en">', 'a web page (HTML)'],
		['<!-- cached --><!doctype HTML >\n<svg width="1">', 'a web page (HTML)'],
		['<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', 'a web page (HTML)'],
		['<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg xmlns="x">', 'an SVG drawing'],
		['<svg><foreignObject><html></html></foreignObject></svg>', 'an SVG drawing'],
		['<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'an XML document'],
		['{"error":"not found"}', 'JSON'],
		['[]', 'JSON'],
		['/9j/4AAQSkZJRgABAQ', 'a picture as Base64 text'],
		['iVBORw0KGgoAAAANSUhEUg', 'a picture as Base64 text'],
		['data:image/png;base64,iVBORw0KGgo', 'a picture as data URI text'],
	])('%j is refused as what it is', (content, name) => {
		expect(messageOf(text(content))).toContain(`is ${name}; Kling takes JPEG and PNG only. `);
	});

	test.each(['picture.jp2', 'picture.jxl', 'icon.ico', 'video.webm'])('%s is refused by its first bytes', (file) => {
		expect(messageOf(readImage(`refused/${file}`))).toMatch(
			/^is neither JPEG nor PNG \(it begins with the bytes [0-9a-f ]{11}\), and Kling takes no other\. Convert/,
		);
	});

	test.each([
		['', /^is empty\. Check the step/],
		['hello', /^is neither JPEG nor PNG \(it begins with the bytes 68 65 6c 6c\).* Convert/],
		['\0', /^is neither JPEG nor PNG \(it begins with the bytes 00\)/],
	])('%j is refused in words', (content, message) => {
		expect(messageOf(text(content))).toMatch(message);
	});
});

describe('a broken picture', () => {
	test('is refused as cut off, wherever it was cut', () => {
		for (const { name, format, bytes } of pictures) {
			const step = Math.ceil(bytes.length / 400);
			for (let length = 8; length < bytes.length; length += step) {
				const message = messageOf(bytes.subarray(0, length));
				const count = length.toLocaleString('en-US');
				const expected = `is a ${format.toUpperCase()} that ends in the middle, after ${count} bytes:`;
				expect({ name, message }).toEqual({ name, message: expect.stringContaining(expected) });
			}
		}
	});

	test('a PNG with any byte changed between its header and its end is refused, as decoders would', () => {
		const picture = plain(300, 300, 'png');
		const start = Buffer.from(picture).indexOf('IDAT') + 4;
		for (let at = start; at < picture.length - 16; at++) {
			const changed = Uint8Array.from(picture);
			changed[at] = (changed[at] ?? 0) ^ 0x10;
			expect(messageOf(changed)).toMatch(/^is a damaged PNG: the checksum of its part at byte \d+ is wrong\. Save/);
		}
	});

	/** A segment of a JPEG: its marker, its length and its content. */
	const segment = (code: number, ...content: number[]) => [0xff, code, 0, content.length + 2, ...content];
	const frame = (code: number, bits = 8) => segment(code, bits, 2, 0, 2, 0, 1, 1, 17, 0);
	const scan = segment(0xda, 1, 1, 0, 0, 63, 0);
	const jpeg = (...parts: number[][]) => Uint8Array.of(0xff, 0xd8, ...parts.flat(), 0xff, 0xd9);

	test.each([
		['baseline', jpeg(frame(0xc0), scan), /^image\/jpeg, 512 x 512 px$/],
		['with filling between its segments', jpeg([0xff, 0xff], frame(0xc2), [0, 7], scan), /^image\/jpeg, 512 x 512 px$/],
		['without a frame', jpeg(scan), /^is a damaged JPEG: there is no picture/],
		['without a scan', jpeg(frame(0xc0)), /^is a damaged JPEG: there is no picture/],
		['with a short frame header', jpeg(segment(0xc0, 8, 2), scan), /^is a damaged JPEG: its frame header/],
		['without a height', jpeg(segment(0xc0, 8, 0, 0, 2, 0, 1), scan), /^is a damaged JPEG: it .* 512 x 0/],
		['with an impossible segment', jpeg([0xff, 0xe0, 0, 1], scan), /^is a damaged JPEG: a segment at byte 4/],
		['lossless', jpeg(frame(0xc3), scan), /^is a JPEG of a rare kind/],
		['arithmetic-coded', jpeg(frame(0xc9), scan), /^is a JPEG of a rare kind/],
		['with 12 bits', jpeg(frame(0xc1, 12), scan), /^is a JPEG of a rare kind/],
	])('a JPEG %s', (_, bytes, message) => {
		expect(messageOf(bytes)).toMatch(message);
	});
});
