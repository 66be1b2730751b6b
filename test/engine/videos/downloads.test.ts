import type { Misbehaviour } from '../../emulator/index';
import { sha256 } from '../../support/files';
import { randomInt, Readable } from '../../support/node.cts';
import { meetStranger, type Stranger } from '../../support/stranger';
import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { errorOf, expectVideo, itemOf, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
let stranger: Stranger;
const SIZE = 300_000;

/** A job that has ended, as an item. */
async function endedJob(provider: string, videoExpiresMs?: number) {
	stage.emulator.script({
		job: { queueMs: 0, runMs: 1, videoBytes: SIZE, ...(videoExpiresMs === undefined ? {} : { videoExpiresMs }) },
	});
	await stage.submit({ provider });
	const job = stage.job();
	return { job, items: itemsOf({ jobId: job.id, provider, model: job.model, videoUrl: job.videoUrl }) };
}

const CUTS = [1, randomInt(2, SIZE - 1), randomInt(2, SIZE - 1), SIZE - 1];

/** What can be wrong every time, and what the user is told. */
const HOPELESS: ReadonlyArray<{ name: string; misbehaviour: Misbehaviour; text: RegExp; tries: number }> = [
	...CUTS.map((cutAtByte) => ({
		name: `cut at byte ${cutAtByte}`,
		misbehaviour: { cut: 'during', cutAtByte } as const,
		text: /the connection was cut|only \d+ of 300000 bytes came/,
		tries: 3,
	})),
	{ name: 'cut before its first byte', misbehaviour: { cut: 'before' }, text: /the connection was cut/, tries: 3 },
	{
		name: 'ended halfway without an error',
		misbehaviour: { truncated: true },
		text: /the file ended in the middle, after \d+ bytes/,
		tries: 3,
	},
	{ name: 'served at 1 kB/s', misbehaviour: { slow: { bytesPerSecond: 1_000 } }, text: /it came too slowly/, tries: 3 },
	{ name: 'never begun', misbehaviour: { hang: 'before' }, text: /no answer came in time/, tries: 3 },
	{
		name: 'a web page with status 200',
		misbehaviour: { reply: { status: 200, body: '<html>Sorry</html>', contentType: 'text/html; charset=utf-8' } },
		text: /the server sent text instead of a video/,
		tries: 1,
	},
	{
		name: 'JSON with status 200',
		misbehaviour: { reply: { status: 200, body: { error: 'gone' } } },
		text: /sent text instead of a video/,
		tries: 1,
	},
	{
		name: 'a web page that is called a file, with status 200',
		misbehaviour: { reply: { status: 200, body: '<html>Sorry</html>', contentType: 'application/octet-stream' } },
		text: /the server sent text instead of a video/,
		tries: 1,
	},
	{
		name: 'an empty file',
		misbehaviour: { reply: { status: 200, body: '', contentType: 'video/mp4' } },
		text: /the file is empty/,
		tries: 3,
	},
	{
		name: 'answered with 403',
		misbehaviour: { reply: { status: 403, body: 'Denied' } },
		text: /the link has expired or is not open to everybody \(HTTP status 403\)/,
		tries: 1,
	},
	{ name: 'answered with 410', misbehaviour: { reply: { status: 410 } }, text: /the link has expired/, tries: 1 },
	{
		name: 'answered with 500',
		misbehaviour: { reply: { status: 500 } },
		text: /the server answered with HTTP status 500/,
		tries: 3,
	},
	{
		name: 'redirected in a circle',
		misbehaviour: { redirect: { to: '/files/again' } },
		text: /HTTP status 404|redirected too often/,
		tries: 1,
	},
];

describe.each(['filesystem', 'default'] as const)('with binary data in mode %s', (binaryMode) => {
	beforeAll(async () => {
		stage = await createStage({ factor: 100, engine: { binaryMode } });
		stranger = await meetStranger();
	});
	afterEach(() => stage.reset());
	afterAll(async () => {
		await stage.close();
		await stranger.stop();
	});

	test.each(HOPELESS)(
		'a video that is always $name is a clear message with job ID and link, never a short file',
		async ({ misbehaviour, text, tries }) => {
			const { job, items } = await endedJob('runpod');
			stage.emulator.misbehave({ when: { call: 'video' }, do: misbehaviour });
			const waited = itemOf(await stage.run({ operation: 'wait' }, items));
			expect(waited.binary).toBeUndefined();
			expect(waited.json).toMatchObject({ jobId: job.id, status: 'completed', videoUrl: job.videoUrl });
			expect(waited.json.downloadFailure).toEqual({ message: expect.stringMatching(text) });
			expect(stage.requests('video')).toHaveLength(tries);
			const error = errorOf(itemOf(await stage.run({ operation: 'download' }, items, CONTINUE)));
			expect(error).toMatchObject({
				jobId: job.id,
				message: expect.stringMatching(text),
				description: expect.stringContaining(job.id),
			});
			expect(error.message).toContain(`Its link is ${job.videoUrl}`);
		},
	);

	test.each([
		...CUTS.map((cutAtByte) => ({ cut: 'during', cutAtByte }) as const),
		{ reply: { status: 503 } },
		{ slow: { bytesPerSecond: 500 } },
	])('after two downloads that fail by %j the third gives the whole video', async (misbehaviour) => {
		const { items } = await endedJob('coreToday');
		stage.emulator.misbehave({ when: { call: 'video', first: 2 }, do: misbehaviour });
		const execution = await stage.run({ operation: 'download' }, items);
		await expectVideo(stage, itemOf(execution));
		expect(stage.requests('video')).toHaveLength(3);
	});

	test('a redirect to another host is followed without a key', async () => {
		const { items } = await endedJob('runpod');
		const bytes = Buffer.alloc(SIZE, 'video');
		stranger.answer({ headers: { 'content-type': 'video/mp4' }, body: bytes });
		stage.emulator.misbehave({ when: { call: 'video' }, do: { redirect: { to: `${stranger.url}/cdn.mp4` } } });
		const execution = await stage.run({ operation: 'wait' }, items);
		expect(sha256((await stage.engine.binary(itemOf(execution))).bytes)).toBe(sha256(bytes));
		expect(stranger.requests.map(({ headers }) => [headers.authorization, headers['x-api-key']])).toEqual([
			[undefined, undefined],
		]);
	});

	test.each([
		['more than comes', '400000', /the connection was cut|only 300000 of 400000 bytes came/],
		['more than 1 GiB', String(1024 ** 3 + 1), /it is larger than 1 GiB/],
	])('a video whose length is announced as %s is not stored', async (_name, length, text) => {
		stranger.answer({
			headers: { 'content-type': 'video/mp4', 'content-length': length },
			body: Readable.from([Buffer.alloc(SIZE)]),
		});
		const error = errorOf(
			itemOf(await stage.run({ operation: 'download' }, itemsOf({ videoUrl: `${stranger.url}/a.mp4` }), CONTINUE)),
		);
		expect(error.message).toMatch(text);
	});

	test('an expired link is recognised before and after the download, by Runpod’s 7 days and by its 403', async () => {
		const { job, items } = await endedJob('runpod', 1_000);
		await stage.clock.sleep(2_000);
		const waited = itemOf(await stage.run({ operation: 'wait' }, items));
		expect(waited.json).toMatchObject({
			videoUrl: job.videoUrl,
			downloadFailure: { message: expect.stringContaining('the link has expired') },
		});
		const error = errorOf(itemOf(await stage.run({ operation: 'download' }, items, CONTINUE)));
		expect(error.description).toContain('Links from Runpod work for 7 days');
	});

	test('six videos come whole, each in its own item', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 1, videoBytes: 20_000 } });
		await stage.submit({ provider: 'runpod' }, itemsOf({}, {}, {}, {}, {}, {}));
		const jobs = stage.jobs();
		stage.emulator.misbehave({ when: { call: 'video' }, do: { slow: { bytesPerSecond: 5_000 } } });
		const items = itemsOf(...jobs.map(({ id, videoUrl }) => ({ jobId: id, videoUrl })));
		const execution = await stage.run({ operation: 'download' }, items);
		expect(outputOf(execution).map(({ jobId }) => jobId)).toEqual(jobs.map(({ id }) => id));
		for (const item of execution.items('Kling')) await expectVideo(stage, item);
		// Each takes four seconds: what starts sooner after the one before runs beside it.
		const starts = stage.requests('video').map(({ atMs }) => atMs);
		const beside = starts.slice(1).filter((startMs, index) => startMs - (starts[index] ?? 0) < 3_000);
		if (binaryMode === 'default') expect(beside).toEqual([]);
		else expect(beside.length).toBeGreaterThan(0);
	});
});
