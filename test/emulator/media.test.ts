import { asText } from '../../nodes/core/json';
import { createHash, join, readFileSync, repositoryFolder } from '../support/node.cts';
import { ENDPOINT, startBench, type Bench } from './client';
import { parseRange } from './media';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const SAMPLE = readFileSync(join(repositoryFolder, 'test/fixtures/media/video.mp4'));

async function createVideo(videoBytes?: number): Promise<{ url: string; bytes: number; sha256: string }> {
	bench.emulator.script({ job: videoBytes === undefined ? {} : { videoBytes } });
	await bench.createRunpod();
	await bench.clock.advance(70_000);
	const { videoUrl: url = '', videoBytes: bytes = 0, videoSha256: sha256 = '' } = bench.emulator.jobs().at(-1) ?? {};
	return { url, bytes, sha256 };
}

/** The names and sizes of an MP4's outermost boxes; throws if they do not fill the file. */
function boxesOf(file: Buffer): Array<[string, number]> {
	const boxes: Array<[string, number]> = [];
	let offset = 0;
	while (offset < file.length) {
		const size = file.readUInt32BE(offset);
		boxes.push([file.toString('latin1', offset + 4, offset + 8), size]);
		offset += size;
	}
	expect(offset).toBe(file.length);
	return boxes;
}

describe("a job's video", () => {
	test('is the sample followed by media without an index, with the id, and every job has its own', async () => {
		const first = await createVideo();
		const second = await createVideo();
		const { headers, bytes } = await bench.ask(first.url);
		expect(headers).toMatchObject({ 'content-type': 'video/mp4', 'content-length': String(first.bytes) });
		expect(headers).toMatchObject({ 'accept-ranges': 'bytes', etag: expect.stringMatching(/^"[^"]+"$/) });
		expect(bytes.subarray(0, SAMPLE.length).equals(SAMPLE)).toBe(true);
		expect(boxesOf(bytes).map(([name]) => name)).toEqual(['ftyp', 'moov', 'free', 'mdat', 'mdat']);
		expect(bytes.includes(bench.emulator.jobs()[0]?.id ?? '?')).toBe(true);
		expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256);
		expect(second.sha256).not.toBe(first.sha256);
	});

	test('is as large as told, in valid boxes, with the hash that was promised', async () => {
		const video = await createVideo(3_000_000);
		const { bytes } = await bench.ask(video.url);
		expect([video.bytes, bytes.length]).toEqual([3_000_000, 3_000_000]);
		expect(boxesOf(bytes).at(-1)).toEqual(['mdat', 3_000_000 - SAMPLE.length]);
		expect(createHash('sha256').update(bytes).digest('hex')).toBe(video.sha256);
	});

	test.each([
		['bytes=0-0'],
		['bytes=100-199'],
		['bytes=6500-70000'],
		['bytes=65521-131043'],
		['bytes=299990-'],
		['bytes=-7'],
		['bytes=1000-99999999'],
	])('is given in part for %s', async (range) => {
		const video = await createVideo(300_000);
		const whole = (await bench.ask(video.url)).bytes;
		const { status, headers, bytes } = await bench.ask(video.url, { headers: { range } });
		const parsed = parseRange(range, whole.length);
		if (parsed === undefined || parsed === 'all') throw new Error('expected one range');
		expect(status).toBe(206);
		expect(headers['content-range']).toBe(`bytes ${parsed.start}-${parsed.end - 1}/300000`);
		expect(bytes.equals(whole.subarray(parsed.start, parsed.end))).toBe(true);
	});

	test('is 416 beyond its end, and whole where the range is for another version of it', async () => {
		const { url, bytes } = await createVideo();
		const beyond = await bench.ask(url, { headers: { range: `bytes=${bytes}-` } });
		expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${bytes}`]);
		const other = await bench.ask(url, { headers: { range: 'bytes=5-', 'if-range': '"another"' } });
		expect([other.status, other.bytes.length]).toEqual([200, bytes]);
	});

	test('answers HEAD with its size', async () => {
		const { url, bytes } = await createVideo();
		const { status, headers, text } = await bench.ask(url, { method: 'HEAD' });
		expect([status, headers['content-length'], text]).toEqual([200, String(bytes), '']);
	});

	test.each([['authorization'], ['x-api-key']])('is refused, and noted, where %s is sent', async (header) => {
		const { url } = await createVideo();
		const headers = { [header]: `Bearer ${bench.emulator.keys.runpod}` };
		expect((await bench.ask(url, { headers })).status).toBe(400);
		expect(bench.emulator.requests().at(-1)).toMatchObject({ call: 'video', headers, answeredStatus: 400 });
	});

	test("is not there before the job has completed, nor under another provider's path", async () => {
		await bench.createRunpod();
		const url = bench.emulator.jobs()[0]?.videoUrl ?? '';
		expect((await bench.ask(url)).status).toBe(404);
		await bench.clock.advance(70_000);
		expect((await bench.ask(url)).status).toBe(200);
		expect((await bench.ask(url.replace('/runpod/', '/coreToday/'))).status).toBe(404);
	});

	test('outlives the record of its job, and at Runpod expires after seven days', async () => {
		const { url } = await createVideo();
		await bench.clock.advance(7 * 24 * 3_600_000 - 1);
		const id = asText(bench.emulator.jobs()[0]?.id) ?? '';
		expect((await bench.runpod(`${ENDPOINT}/status/${id}`)).status).toBe(404);
		expect((await bench.ask(url)).status).toBe(200);
		await bench.clock.advance(1);
		expect((await bench.ask(url)).status).toBe(403);
	});

	test('expires earlier where it was told to', async () => {
		bench.emulator.script({ job: { videoExpiresMs: 1000 } });
		await bench.createCoreToday();
		await bench.clock.advance(71_000);
		expect((await bench.ask(bench.emulator.jobs()[0]?.videoUrl ?? '')).status).toBe(403);
	});
});
