import fc from 'fast-check';
import { createMp4Watch } from '../../nodes/core/mp4';
import { SAMPLE_VIDEO_BASE64 } from '../../nodes/core/sampleVideo';

const video = Uint8Array.from(Buffer.from(SAMPLE_VIDEO_BASE64, 'base64'));

function isWhole(...chunks: Uint8Array[]): boolean {
	const watch = createMp4Watch();
	for (const chunk of chunks) watch.see(chunk);
	return watch.isWhole();
}

function box(name: string, size: number, body = size - 8): Uint8Array {
	const bytes = Buffer.alloc(8 + body);
	bytes.writeUInt32BE(size, 0);
	bytes.write(name, 4, 'latin1');
	return bytes;
}

/** Where one box ends and the next begins. */
function boundaries(): number[] {
	const ends: number[] = [];
	for (let at = 0; at < video.length; at += Buffer.from(video).readUInt32BE(at)) ends.push(at);
	return ends;
}

describe('a video that streams by', () => {
	test('is whole however it is cut into chunks', () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: video.length })), (cuts) => {
				const points = [0, ...cuts.sort((one, other) => one - other), video.length];
				const chunks = points.slice(1).map((end, index) => video.subarray(points[index], end));
				expect(isWhole(...chunks)).toBe(true);
			}),
		);
	});

	test('is not whole wherever it ends inside a box', () => {
		const ends = boundaries();
		for (let length = HEADER; length < video.length; length++) {
			expect({ length, whole: isWhole(video.subarray(0, length)) }).toEqual({ length, whole: ends.includes(length) });
		}
	});

	test('may have a last box without a size, or one with a long one', () => {
		const ftyp = box('ftyp', 16);
		expect(isWhole(ftyp, box('mdat', 0, 100))).toBe(true);
		const long = Buffer.concat([box('mdat', 1, 0), Buffer.from([0, 0, 0, 0, 0, 0, 0, 40]), Buffer.alloc(24)]);
		expect(isWhole(ftyp, long)).toBe(true);
		expect(isWhole(ftyp, long.subarray(0, 39))).toBe(false);
	});

	test('is not judged if it is no MP4', () => {
		expect(isWhole(Buffer.from('\x1a\x45\xdf\xa3 a WebM of some length'))).toBe(true);
		expect(isWhole()).toBe(true);
	});

	test('is never judged by an error: any bytes go by', () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => typeof isWhole(...chunks) === 'boolean'),
		);
	});
});

/** A file shorter than its first header says nothing of what it is. */
const HEADER = 8;
