import { request } from 'undici';
import { imageSize } from 'image-size';
import { eventually, startBench, type Answer, type Bench } from './client';
import { PICTURE_HOSTS, type PictureHostName } from './pictureHosts';
import { PICTURE_MAX_BYTES, pictureProblem } from './pictures';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

// The keys of a const object are its names.
const names = Object.keys(PICTURE_HOSTS) as PictureHostName[];
const LOOK = { range: 'bytes=0-65535', accept: '*/*' };
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

const look = async (name: PictureHostName, headers: Record<string, string> = {}): Promise<Answer> =>
	await bench.ask(bench.emulator.pictureUrl(name), { headers: { ...LOOK, ...headers } });

test('every request is noted with its method, Range, Accept and User-Agent', async () => {
	await look('good', { 'user-agent': 'looker/1' });
	await bench.ask(bench.emulator.pictureUrl('good'), { method: 'HEAD' });
	expect(bench.emulator.requests()).toEqual([
		expect.objectContaining({
			call: 'image',
			method: 'GET',
			path: '/hosts/good',
			headers: expect.objectContaining({ ...LOOK, 'user-agent': 'looker/1' }),
			answeredStatus: 206,
		}),
		expect.objectContaining({ method: 'HEAD', answeredStatus: 403 }),
	]);
});

test.each(['authorization', 'x-api-key'])('a key in %s is refused by each of them', async (header) => {
	for (const name of names) expect((await look(name, { [header]: 'Bearer key' })).status).toBe(400);
});

test('a picture is given in part where a part is asked for, and whole otherwise', async () => {
	const whole = await bench.ask(bench.emulator.pictureUrl('lateSize'));
	const part = await look('lateSize');
	expect([whole.status, part.status, part.bytes.length]).toEqual([200, 206, 65_536]);
	expect(part.bytes.equals(whole.bytes.subarray(0, 65_536))).toBe(true);
	expect(part.headers['content-range']).toBe(`bytes 0-65535/${whole.bytes.length}`);
	expect(() => imageSize(part.bytes)).toThrow();
	expect(pictureProblem(whole.bytes)).toBeUndefined();
});

/** What a look gets: the status, and what the bytes of a good answer are. */
const answers: Array<[PictureHostName, number, string]> = [
	['good', 206, 'a good picture'],
	['goodJpeg', 206, 'a good picture'],
	['smallest', 206, 'a good picture'],
	['widest', 206, 'a good picture'],
	['octetStream', 206, 'a good picture'],
	['textPlain', 206, 'a good picture'],
	['wrongType', 206, 'a good picture'],
	['rangeIgnored', 200, 'a good picture'],
	['redirected', 302, 'no picture'],
	['gone404', 404, 'no picture'],
	['gone404Xml', 404, 'no picture'],
	['gone410', 410, 'no picture'],
	['redirectedToGone', 302, 'no picture'],
	['expiredS3', 403, 'no picture'],
	['expiredAzure', 403, 'no picture'],
	['deniedJson', 403, 'no picture'],
	['unauthorizedJson', 401, 'no picture'],
	['signInPage', 206, 'picture cannot be read'],
	['xmlPage', 206, 'picture cannot be read'],
	['jsonPage', 206, 'picture cannot be read'],
	['webp', 206, 'picture format webp is not supported'],
	['gif', 206, 'picture format gif is not supported'],
	['heic', 206, 'picture format heic is not supported'],
	['avif', 206, 'picture format avif is not supported'],
	['bmp', 206, 'picture format bmp is not supported'],
	['tiff', 206, 'picture cannot be read'],
	['pdf', 206, 'picture cannot be read'],
	['svg', 206, 'picture format svg is not supported'],
	['small', 206, 'picture of 200x200 is smaller than 300 px'],
	['wide', 206, 'picture of 1000x300 is beyond 1:2.5'],
	['narrow', 206, 'picture of 300x1000 is beyond 1:2.5'],
	['unknownBytes', 206, 'picture cannot be read'],
	['botWall', 403, 'no picture'],
	['loginWall', 401, 'no picture'],
	['badRequest', 400, 'no picture'],
	['notAllowed', 405, 'no picture'],
	['notSatisfiable', 416, 'no picture'],
	['rateLimited', 429, 'no picture'],
	['broken', 500, 'no picture'],
	['busy', 503, 'no picture'],
];

test.each(answers)('%s answers a look with %i: %s', async (name, expected, content) => {
	const { status, bytes } = await look(name);
	expect(status).toBe(expected);
	const isGood = status === 200 || status === 206;
	expect(isGood ? (pictureProblem(bytes) ?? 'a good picture') : 'no picture').toBe(content);
});

test("a sign-in page comes under 200 to who asks for all of it, and a storage's refusal is XML or JSON", async () => {
	const page = await bench.ask(bench.emulator.pictureUrl('signInPage'));
	expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
	expect(page.text).toMatch(/^\s*<!DOCTYPE html>/);
	for (const name of ['expiredS3', 'expiredAzure', 'gone404Xml'] as const) {
		expect((await look(name)).text).toMatch(/^\ufeff?<\?xml/);
	}
	for (const name of ['deniedJson', 'unauthorizedJson'] as const) expect((await look(name)).json).toBeDefined();
	for (const name of ['botWall', 'loginWall'] as const) expect((await look(name)).text).toContain('<html>');
});

test('40 MB are said in the head, of the part or of the whole, or not at all', async () => {
	const part = await look('huge');
	expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 0-65535/40000000']);
	for (const [name, length] of [
		['hugeRangeIgnored', '40000000'],
		['hugeChunked', undefined],
	] as const) {
		const { statusCode, headers, body } = await request(bench.emulator.pictureUrl(name), { headers: LOOK });
		expect([statusCode, headers['content-length']]).toEqual([200, length]);
		let received = 0;
		for await (const chunk of body) {
			received += Buffer.byteLength(chunk);
			if (received > PICTURE_MAX_BYTES) break;
		}
		expect(received).toBeGreaterThan(PICTURE_MAX_BYTES);
	}
});

test('a CDN gives WebP to who names it or names nothing, and PNG to who takes anything', async () => {
	const typeFor = async (headers: Record<string, string>): Promise<unknown> =>
		(await bench.ask(bench.emulator.pictureUrl('webpByAccept'), { headers })).headers['content-type'];
	expect(await typeFor({ accept: 'image/webp' })).toBe('image/webp');
	expect(await typeFor({ accept: 'image/avif,image/webp,*/*' })).toBe('image/webp');
	expect(await typeFor({})).toBe('image/webp');
	expect(await typeFor({ accept: '*/*' })).toBe('image/png');
	expect(await typeFor({ accept: 'image/png, image/jpeg' })).toBe('image/png');
});

test('a hotlink wall lets a browser pass, a bot wall nobody, and a link for one use one', async () => {
	expect([(await look('hotlinkWall')).status, (await look('hotlinkWall', { 'user-agent': BROWSER })).status]).toEqual([
		403, 206,
	]);
	expect((await look('botWall', { 'user-agent': BROWSER })).status).toBe(403);
	expect([(await look('usedUp')).status, (await look('usedUp')).status]).toEqual([206, 404]);
	bench.emulator.reset();
	expect((await look('usedUp')).status).toBe(206);
});

test.each(['hangs', 'stalls'] as const)('%s: the answer never ends', async (name) => {
	const leave = new AbortController();
	const asked = request(bench.emulator.pictureUrl(name), { headers: LOOK, signal: leave.signal });
	const read = asked.then(async ({ body }) => await body.text());
	const failed = expect(read).rejects.toThrow();
	await eventually(() => bench.emulator.requests().length === 1);
	await bench.clock.advance(3_600_000);
	expect(await Promise.race([read.catch(() => 'ended'), bench.ask(bench.emulator.imageUrl).then(() => 'open')])).toBe(
		'open',
	);
	leave.abort();
	await failed;
});

test('the providers take what they can fetch, and refuse the rest', async () => {
	for (const name of names) {
		const url = bench.emulator.pictureUrl(name);
		const statuses = [
			(await bench.createRunpod({ image: url })).status,
			(await bench.createCoreToday({ start_image: url })).status,
		];
		expect([name, statuses]).toEqual([name, PICTURE_HOSTS[name].usable ? [200, 200] : [400, 422]]);
	}
	expect(bench.emulator.requests().filter(({ call }) => call === 'image')).toEqual([]);
	expect((await bench.createRunpod({ image: `${bench.emulator.url}/hosts/nobody` })).status).toBe(400);
});
