import { SAMPLE_VIDEO_BASE64 } from '../../../nodes/core/media/sampleVideo';

const video = Buffer.from(SAMPLE_VIDEO_BASE64, 'base64');

interface Box {
	readonly type: string;
	/** Where its content begins in the file, and its bytes. */
	readonly start: number;
	readonly content: Buffer;
}

/** The boxes that fill `from` to `to`, one after the other without a gap (ISO/IEC 14496-12, 4.2). */
function boxes(from: number, to: number): Box[] {
	if (from === to) return [];
	const end = from + video.readUInt32BE(from);
	if (end < from + 8 || end > to) throw new Error(`The box at byte ${from} ends at ${end}, outside of ${to}`);
	const [type, content] = [video.toString('latin1', from + 4, from + 8), video.subarray(from + 8, end)];
	return [{ type, start: from + 8, content }, ...boxes(end, to)];
}

/** The box found by going down a path of types. */
function find(...path: string[]): Box {
	let found: Box = { type: 'file', start: 0, content: video };
	for (const type of path) {
		const inside = boxes(found.start, found.start + found.content.length);
		const next = inside.find((box) => box.type === type);
		if (!next) throw new Error(`There is no ${type} in ${found.type}`);
		found = next;
	}
	return found;
}

/** The 32-bit numbers of a table box, from `at` on. */
function numbers({ content }: Box, at: number): number[] {
	const length = Math.floor((content.length - at) / 4);
	return Array.from({ length }, (_, index) => content.readUInt32BE(at + index * 4));
}

describe('the sample video of a dry run', () => {
	test('it is canonical Base64 of at most 4 kB', () => {
		expect(video.toString('base64')).toBe(SAMPLE_VIDEO_BASE64);
		expect(video.length).toBeLessThanOrEqual(4096);
	});

	test('its boxes fill the file exactly, with the index before the data', () => {
		const types = boxes(0, video.length).map((box) => box.type);
		expect(types[0]).toBe('ftyp');
		expect(types.indexOf('moov')).toBeGreaterThan(0);
		expect(types.indexOf('mdat')).toBeGreaterThan(types.indexOf('moov'));
	});

	test('it is one H.264 track of two seconds', () => {
		const [, , , timescale = 0, duration = 0] = numbers(find('moov', 'mvhd'), 0);
		expect(duration / timescale).toBe(2);
		const description = find('moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd').content;
		expect(description.toString('latin1', 12, 16)).toBe('avc1');
		expect([description.readUInt16BE(40), description.readUInt16BE(42)]).toEqual([320, 180]);
		expect(description.includes('avcC')).toBe(true);
	});

	test('its frames fill the data exactly', () => {
		const table = (type: string) => find('moov', 'trak', 'mdia', 'minf', 'stbl', type);
		const data = find('mdat');
		const [commonSize, count = 0, ...sizes] = numbers(table('stsz'), 4);
		expect(commonSize).toBe(0);
		expect(sizes).toHaveLength(count);
		expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(data.content.length);
		expect(numbers(table('stco'), 4)).toEqual([1, data.start]);
	});
});
