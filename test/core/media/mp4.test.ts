import fc from 'fast-check';
import { createMp4Watch, fileProblem, type Mp4End } from '../../../nodes/core/media/mp4';
import { SAMPLE_VIDEO_BASE64 } from '../../../nodes/core/media/sampleVideo';

const video = Uint8Array.from(Buffer.from(SAMPLE_VIDEO_BASE64, 'base64'));

function endOf(...chunks: Uint8Array[]): Mp4End {
	const watch = createMp4Watch();
	for (const chunk of chunks) watch.see(chunk);
	return watch.end();
}

/** A box of the body's size and its header, unless another size is to be told; 64 bits of it if it is to be long. */
function box(name: string, bodyBytes: number, { size, long = false }: { size?: number; long?: boolean } = {}) {
	const header = Buffer.alloc(long ? 16 : 8);
	const whole = size ?? header.length + bodyBytes;
	header.writeUInt32BE(long ? 1 : whole, 0);
	header.write(name, 4, 'latin1');
	if (long) header.writeBigUInt64BE(BigInt(whole), 8);
	return Buffer.concat([header, Buffer.alloc(bodyBytes, 7)]);
}

const ftyp = box('ftyp', 16);
const moov = box('moov', 300);
const fragment = Buffer.concat([box('moof', 50), box('mdat', 100)]);

/** Whole files. */
const FORMS: ReadonlyArray<{ name: string; file: Buffer }> = [
	{ name: 'with its index first', file: Buffer.concat([ftyp, moov, box('free', 0), box('mdat', 500)]) },
	{ name: 'with its index last', file: Buffer.concat([ftyp, box('free', 0), box('mdat', 500), moov]) },
	{ name: 'with a long size', file: Buffer.concat([ftyp, box('mdat', 500, { long: true }), moov]) },
	{ name: 'with an empty part', file: Buffer.concat([ftyp, box('mdat', 0, { long: true }), moov]) },
	{ name: 'in one fragment', file: Buffer.concat([ftyp, moov, fragment]) },
];

const TAILS: ReadonlyArray<[string, Uint8Array]> = [
	['nothing', Buffer.alloc(0)],
	['3 zero bytes', Buffer.alloc(3)],
	['100 zero bytes', Buffer.alloc(100)],
	['100 bytes of a size that none can have', Buffer.concat([Buffer.from([0, 0, 0, 5]), Buffer.alloc(96, 1)])],
	['an ID3v1 tag', Buffer.concat([Buffer.from('TAG'), Buffer.alloc(125, 32)])],
	['free space that is cut', box('free', 10, { size: 1_000 })],
	['notes that are cut', box('udta', 10, { size: 1_000 })],
	['fragments', Buffer.concat([fragment, fragment, box('mfra', 20)])],
];

describe('a video that streams by', () => {
	test('is whole however it is cut into chunks', () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: video.length })), (cuts) => {
				const points = [0, ...cuts.sort((one, other) => one - other), video.length];
				const chunks = points.slice(1).map((end, index) => video.subarray(points[index], end));
				expect(endOf(...chunks)).toBe('whole');
			}),
		);
	});

	test.each(FORMS)('is cut wherever it ends before its last byte: $name', ({ file }) => {
		expect(endOf(file)).toBe('whole');
		for (let length = 0; length < file.length; length++) {
			expect({ length, end: endOf(file.subarray(0, length)) }).toEqual({ length, end: 'cut' });
		}
	});

	test('is cut wherever the sample ends before its last byte', () => {
		const ends = Array.from({ length: video.length }, (_, length) => endOf(video.subarray(0, length)));
		expect(new Set(ends)).toEqual(new Set(['cut']));
	});

	test.each(TAILS)('is whole with %s behind it', (_name, tail) => {
		for (const { name, file } of FORMS) expect({ name, end: endOf(file, tail) }).toEqual({ name, end: 'whole' });
	});

	test.each([['moof'], ['mdat'], ['moov']])('is cut within another %s behind it', (name) => {
		for (const { file } of FORMS) {
			expect(endOf(file, box(name, 10, { size: 1_000 }))).toBe('cut');
			expect(endOf(file, box(name, 0, { size: 1_000, long: true }).subarray(0, 12))).toBe('cut');
			expect(endOf(file, box(name, 10, { size: 5 }))).toBe('cut');
		}
	});

	test('is open-ended if its last media has no size, and cut if its index did not come before', () => {
		expect(endOf(ftyp, moov, box('mdat', 100, { size: 0 }))).toBe('openEnded');
		expect(endOf(ftyp, box('mdat', 100, { size: 0 }))).toBe('cut');
		expect(endOf(ftyp, box('mdat', 100, { size: 0 }), moov)).toBe('cut');
	});

	test('is cut if it lacks its media or its index', () => {
		expect(endOf(ftyp, moov)).toBe('cut');
		expect(endOf(ftyp, box('mdat', 500))).toBe('cut');
		expect(endOf(ftyp)).toBe('cut');
		expect(endOf()).toBe('cut');
	});

	test('is not judged if it is no MP4, but told from text', () => {
		expect(endOf(Buffer.from('\x1a\x45\xdf\xa3 a WebM of some length', 'latin1'))).toBe('notMp4');
		expect(endOf(Buffer.from('<html>Sorry</html>'))).toBe('text');
		expect(endOf(Buffer.from(' \r\n'), Buffer.from('\t{ "error": "gone" }'))).toBe('text');
	});

	test('is never judged by an error: any bytes go by', () => {
		const anyEnd = expect.stringMatching(/^(whole|openEnded|cut|text|notMp4)$/);
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
				expect(endOf(...chunks)).toEqual(anyEnd);
				expect(endOf(ftyp, ...chunks)).toEqual(anyEnd);
			}),
		);
	});
});

describe('a file that came to its end', () => {
	test.each<[Mp4End, number, number | undefined]>([
		['whole', 100, undefined],
		['whole', 100, 100],
		['whole', 100, 60],
		['openEnded', 100, undefined],
		['openEnded', 100, 100],
		['notMp4', 100, undefined],
		['notMp4', 100, 100],
	])('is the video if it ended as %s after %p bytes of %p', (end, bytes, announcedBytes) => {
		expect(fileProblem(end, bytes, announcedBytes)).toBeUndefined();
	});

	test.each<[Mp4End, number, number | undefined, string]>([
		['cut', 0, undefined, 'the file is empty'],
		['cut', 60, 100, 'only 60 of 100 bytes came'],
		['cut', 60, undefined, 'the file ended in the middle, after 60 bytes'],
		['cut', 100, 100, 'the file ended in the middle, after 100 bytes'],
		['openEnded', 60, 100, 'only 60 of 100 bytes came'],
		['notMp4', 100, 60, '100 bytes came instead of 60'],
	])('is worth another try if it ended as %s after %p bytes of %p', (end, bytes, announcedBytes, problem) => {
		expect(fileProblem(end, bytes, announcedBytes)).toEqual({ problem, isFinal: false });
	});

	test('is worth no other try if it is text', () => {
		expect(fileProblem('text', 100)).toEqual({ problem: 'the server sent text instead of a video', isFinal: true });
	});
});
