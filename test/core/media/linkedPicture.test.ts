import fc from 'fast-check';
import { judgeLink, type LinkAnswer, type LinkVerdict } from '../../../nodes/core/media/linkedPicture';
import { MEDIA_FOLDER } from '../../emulator/video';
import { join, readFileSync } from '../../support/node.cts';
import { readImage } from './imageSamples';

const PNG = readFileSync(join(MEDIA_FOLDER, 'image.png'));
const JPEG = readFileSync(join(MEDIA_FOLDER, 'image.jpg'));

const judge = (answer: Partial<LinkAnswer>, asBrowser = false): LinkVerdict =>
	judgeLink({ status: 200, start: PNG, ...answer }, asBrowser);
const text = (body: string): Uint8Array => Buffer.from(body);
const refusedAs = (words: string | RegExp) => ({ kind: 'refused', problem: expect.stringMatching(words) });

test.each([
	['PNG', PNG],
	['JPEG', JPEG],
	['JPEG of the samples', readImage('start.jpg')],
	['PNG of the samples', readImage('end.png')],
])('a good %s is good however much of it was read, and no cut of it is refused', (_name, bytes) => {
	expect(judge({ start: bytes })).toEqual({ kind: 'good' });
	for (let length = 0; length < Math.min(bytes.length, 3_000); length++) {
		expect([length, judge({ start: bytes.subarray(0, length) }).kind]).not.toEqual([length, 'refused']);
	}
});

/** The sample with another size in its header, and the checksum that belongs to it. */
function pngOf(width: number, height: number): Uint8Array {
	const bytes = Uint8Array.from(PNG);
	const view = new DataView(bytes.buffer);
	view.setUint32(16, width);
	view.setUint32(20, height);
	let crc = -1;
	for (const byte of bytes.subarray(12, 29)) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
	}
	view.setUint32(29, ~crc >>> 0);
	return bytes;
}

/** The sample with another size in its frame header. */
function jpegOf(width: number, height: number): Uint8Array {
	const bytes = Uint8Array.from(JPEG);
	const frame = bytes.findIndex((byte, at) => byte === 0xff && [0xc0, 0xc1, 0xc2].includes(bytes[at + 1] ?? 0));
	const view = new DataView(bytes.buffer);
	view.setUint16(frame + 5, height);
	view.setUint16(frame + 7, width);
	return bytes;
}

test.each([
	[200, 200, /is 200 x 200 px; both sides have to be at least 300 px/],
	[299, 700, /is 299 x 700 px; both sides/],
	[1000, 300, /is 1000 x 300 px, that is 3\.333:1; the aspect ratio/],
	[300, 751, /that is 1:2\.503/],
])('a picture of %i x %i px is refused by its header', (width, height, words) => {
	expect(judge({ start: pngOf(width, height).subarray(0, 100) })).toEqual(refusedAs(words));
	expect(judge({ start: jpegOf(width, height) })).toEqual(refusedAs(words));
});

test.each([
	[300, 300],
	[300, 750],
	[750, 300],
	[9000, 9000],
])('a picture of %i x %i px is good', (width, height) => {
	expect(judge({ start: pngOf(width, height) })).toEqual({ kind: 'good' });
	expect(judge({ start: jpegOf(width, height) })).toEqual({ kind: 'good' });
});

test('a length is refused only where both readings of 10 MB are passed', () => {
	expect(judge({ totalBytes: 40_000_000 })).toEqual(refusedAs('has 40,000,000 bytes; the limit is 10,485,760'));
	expect(judge({ totalBytes: 10 * 1024 ** 2 + 1 }).kind).toBe('refused');
	expect(judge({ totalBytes: 10 * 1024 ** 2 })).toEqual({ kind: 'good' });
	expect(judge({ totalBytes: 10_000_001 })).toEqual({ kind: 'good' });
});

test.each([
	['\n<!DOCTYPE html><html>', 'a web page (HTML)'],
	['<?xml version="1.0"?><ListBucketResult>', 'an XML document'],
	['{"url":"https://example.com/a.png"}', 'JSON'],
	['RIFF1234WEBPVP8 ', 'a WebP picture'],
	['GIF89a', 'a GIF'],
	['<svg xmlns="http://www.w3.org/2000/svg">', 'an SVG drawing'],
	['%PDF-1.7', 'a PDF'],
	['iVBORw0KGgoAAAANSUhEUg', 'a picture as Base64 text'],
])('what begins as %j is refused as what it is', (body, name) => {
	const { problem = '' } = { problem: '', ...judge({ start: text(body) }) };
	expect(problem).toContain(`gives ${name}; Kling takes JPEG and PNG only.`);
});

test.each([404, 410])('%i is refused, whatever its body is', (status) => {
	expect(judge({ status })).toEqual(refusedAs(`HTTP status ${status}`));
});

test.each([
	'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>',
	'\ufeff<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>',
	"<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code></Error>",
	'{"error":{"code":403,"message":"Permission denied."}}',
	'{"statusCode":"401","error":"Unauthorized","message":"jwt expired"}',
])("a storage's own refusal is refused at once: %s", (body) => {
	for (const status of [401, 403]) {
		expect(judge({ status, start: text(body) })).toEqual(refusedAs(`a login or a valid signature .*${status}`));
		expect(judge({ status, start: text(body) }, true).kind).toBe('refused');
	}
});

test.each([
	'<html><title>Just a moment...</title></html>',
	'Forbidden',
	'',
	'{"error":"Bots are not welcome"}',
	'{"cloudflare_error":true,"error_code":1010,"message":"x"}',
	'{"message":"Hotlinking is not allowed"}',
	'<?xml version="1.0"?><html><body>Forbidden</body></html>',
])('a wall against bots or foreign sites is asked once more, and then let pass: %j', (body) => {
	for (const status of [401, 403]) {
		expect(judge({ status, start: text(body) })).toEqual({ kind: 'askAsBrowser' });
		expect(judge({ status, start: text(body) }, true)).toEqual({
			kind: 'unknown',
			reason: `it answered with HTTP status ${status}`,
		});
	}
});

test.each([0, 100, 301, 400, 405, 416, 429, 500, 503])('%i says nothing that is sure', (status) => {
	for (const body of ['<html>', '{"error":"x"}', '<Error><Code>SlowDown</Code></Error>']) {
		expect(judge({ status, start: text(body) }).kind).toBe('unknown');
	}
});

test('an unknown beginning, and none at all, say nothing that is sure', () => {
	for (const body of ['KLNG', '', 'hello world', '\x1a\x45\xdf\xa3']) {
		expect(judge({ start: text(body) }).kind).toBe('unknown');
	}
});

test('any answer gets a verdict, and a broken header of a picture is no reason to refuse it', () => {
	fc.assert(
		fc.property(fc.integer({ min: 0, max: 600 }), fc.uint8Array({ maxLength: 200 }), (status, start) => {
			expect(['good', 'askAsBrowser', 'unknown', 'refused']).toContain(judge({ status, start }).kind);
		}),
	);
	fc.assert(
		fc.property(fc.constantFrom(PNG, JPEG), fc.uint8Array({ maxLength: 200 }), (picture, rest) => {
			const start = Uint8Array.from([...picture.subarray(0, 8), ...rest]);
			const verdict = judge({ start });
			if (verdict.kind === 'refused') expect(verdict.problem).toMatch(/ px/);
		}),
	);
});
