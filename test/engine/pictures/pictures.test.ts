import { request } from 'undici';
import { goodPictures } from '../../core/media/imageSamples';
import { dialects, providerNames } from '../../support/apis';
import { sha256 } from '../../support/files';
import { meetStranger } from '../../support/stranger';
import { itemsOf, loop, node, row } from '../harness/index';
import { CONTINUE, END, START } from '../items';
import { errorOf, expectVideo, itemOf, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
const FROM_BINARY = { startImageSource: 'binary' };
const WITH_END = { mode: 'pro', endImageSource: 'binary', endImageField: 'last' };
const dataUri = (mimeType: string, bytes: Uint8Array) =>
	`data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`;
const inputs = () => stage.jobs().map(({ input }) => input);

async function bytesAt(link: unknown): Promise<Buffer> {
	const { body } = await request(String(link));
	return Buffer.from(await body.arrayBuffer());
}

describe.each(['filesystem', 'default'] as const)('with binary data in mode %s', (binaryMode) => {
	beforeAll(async () => (stage = await createStage({ engine: { binaryMode } })));
	afterEach(() => stage.reset());
	afterAll(async () => await stage.close());

	test('Core.Today gets start and end image by upload, to the byte, and the video takes their place', async () => {
		const execution = await stage.runWithFiles({ ...FROM_BINARY, ...WITH_END }, [{ data: START, last: END }]);
		const [input] = inputs();
		expect(input?.start_image).toMatch(`${stage.emulator.url}/uploaded/`);
		expect((await bytesAt(input?.start_image)).equals(START.bytes)).toBe(true);
		expect((await bytesAt(input?.end_image)).equals(END.bytes)).toBe(true);
		expect(Object.keys(execution.items('Kling')[0]?.binary ?? {})).toEqual(['data']);
		await expectVideo(stage, itemOf(execution));
	});

	test('Core.Today gets start and end image inside the request', async () => {
		const options = { imageDelivery: 'dataUri' };
		await stage.runWithFiles({ ...FROM_BINARY, ...WITH_END, completion: 'jobId', options }, [
			{ data: START, last: END },
		]);
		expect(inputs()).toEqual([
			expect.objectContaining({
				start_image: dataUri('image/jpeg', START.bytes),
				end_image: dataUri('image/png', END.bytes),
			}),
		]);
		expect(stage.requests('uploadUrl', 'uploadForm')).toEqual([]);
	});

	test.each(['auto', 'dataUri'])('Runpod gets the picture inside the request, by %s', async (imageDelivery) => {
		const execution = await stage.runWithFiles({ provider: 'runpod', ...FROM_BINARY, options: { imageDelivery } }, [
			{ data: END },
		]);
		expect(inputs()).toEqual([expect.objectContaining({ image: dataUri('image/png', END.bytes) })]);
		await expectVideo(stage, itemOf(execution));
	});

	test.each(providerNames)("one workflow fetches a picture, and gets %s's video of it", async (provider) => {
		const flow = row([node('Fetch', 'fetched'), stage.node({ provider, ...FROM_BINARY })]);
		const execution = await stage.engine.run(flow, { items: itemsOf({ url: stage.emulator.imageUrl }) });
		stage.expectNoKeyIn(execution);
		await expectVideo(stage, itemOf(execution));
	});
});

describe('on the way to the provider', () => {
	beforeAll(async () => (stage = await createStage()));
	afterEach(() => stage.reset());
	afterAll(async () => await stage.close());

	test('pictures of every encoder arrive', async () => {
		const samples = goodPictures();
		const items = samples.map(({ bytes, format }) => ({ data: { bytes, fileName: `picture.${format}` } }));
		await stage.runWithFiles({ ...FROM_BINARY, completion: 'jobId' }, items);
		const arrived = await Promise.all(inputs().map(async ({ start_image: link }) => sha256(await bytesAt(link))));
		expect(arrived.sort()).toEqual(samples.map(({ bytes }) => sha256(bytes)).sort());
	});

	test.each(providerNames)("%s gets n8n's own signed link", async (provider) => {
		await stage.runWithFiles(
			{ provider, ...FROM_BINARY, completion: 'jobId', options: { imageDelivery: 'signedUrl' } },
			[{ data: START }],
		);
		expect(inputs()[0]?.[dialects[provider].pictureKey]).toMatch(
			/^http:\/\/n8n\.test:5678\/rest\/binary-data\/signed\?token=/,
		);
		expect(stage.requests('uploadUrl', 'uploadForm')).toEqual([]);
	});

	test('the same picture in five items, under whatever name, is uploaded once', async () => {
		const items = [1, 2, 3, 4, 5].map((number) => ({ data: { ...START, fileName: `row-${number}.jpg` } }));
		await stage.runWithFiles({ ...FROM_BINARY, completion: 'jobId' }, [...items, { data: END }]);
		expect(stage.requests('uploadUrl')).toHaveLength(2);
		expect(stage.requests('uploadForm')).toHaveLength(2);
		expect(new Set(inputs().map(({ start_image: link }) => link)).size).toBe(2);
		expect(stage.jobs()).toHaveLength(6);
	});

	test("the same picture in a loop's turns is uploaded once in the execution", async () => {
		const url = stage.emulator.imageUrl;
		const flow = loop([node('Fetch', 'fetched'), stage.node({ ...FROM_BINARY, completion: 'jobId' })]);
		const execution = await stage.engine.run(flow, { items: itemsOf({ url }, { url }, { url }) });
		stage.expectNoKeyIn(execution);
		expect(stage.jobs()).toHaveLength(3);
		expect(stage.requests('uploadForm')).toHaveLength(1);
	});

	test('an upload that fails twice is tried again, free of charge', async () => {
		stage.emulator.misbehave({ when: { call: 'uploadForm', first: 2 }, do: { reply: { status: 503 } } });
		await stage.runWithFiles({ ...FROM_BINARY, completion: 'jobId' }, [{ data: START }]);
		expect((await bytesAt(inputs()[0]?.start_image)).equals(START.bytes)).toBe(true);
		expect(stage.jobs()).toHaveLength(1);
	});

	test('the file storage gets no key, and its redirect is not followed', async () => {
		const stranger = await meetStranger();
		stage.emulator.misbehave({ when: { call: 'uploadForm' }, do: { redirect: { to: stranger.url, status: 307 } } });
		const execution = await stage.runWithFiles(FROM_BINARY, [{ data: START }], CONTINUE);
		expect(errorOf(itemOf(execution)).message).toContain('the file storage answered with HTTP status 307');
		expect(stranger.requests).toEqual([]);
		expect(stage.requests('uploadForm').map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual(
			stage.requests('uploadForm').map(() => [undefined, undefined]),
		);
		await stranger.stop();
	});

	test.each([
		['a storage that refuses', 'uploadForm', { reply: { status: 403, body: 'Access denied' } }, 'HTTP status 403'],
		['a storage that cuts', 'uploadForm', { cut: 'before' }, 'the connection was cut'],
		[
			'an API that names no place',
			'uploadUrl',
			{ reply: { status: 200, body: {} } },
			'without a place for the picture',
		],
		[
			'an API that answers with a page',
			'uploadUrl',
			{ reply: { status: 200, body: '<html></html>' } },
			'a web page instead of JSON',
		],
	] as const)('%s costs nothing, and the picture is named', async (_name, call, misbehaviour, text) => {
		stage.emulator.misbehave({ when: { call }, do: misbehaviour });
		const error = errorOf(itemOf(await stage.runWithFiles(FROM_BINARY, [{ data: START }], CONTINUE)));
		expect(error.message).toContain('The Start Image could not be sent to Core.Today');
		expect(error.message).toContain(text);
		expect(error.failure).toMatchObject({ charged: 'no' });
		expect(stage.requests('submit')).toEqual([]);
	});
});

describe('an uploaded picture that the jobs of a long run share', () => {
	const ONE_BY_ONE = { maxConcurrency: 1, timeoutSeconds: 7200 };
	const run = async () =>
		await stage.runWithFiles({ ...FROM_BINARY, downloadVideo: false, options: ONE_BY_ONE }, [
			{ data: START },
			{ data: START },
			{ data: START },
		]);
	const links = () => inputs().map(({ start_image: link }) => link);
	afterEach(async () => await stage.close());

	test('is uploaded anew for a job that would begin when the link has little time left', async () => {
		stage = await createStage({ emulator: { uploadLinkSeconds: 22 * 60 } });
		stage.emulator.script({ when: { jobNumber: 2 }, job: { runMs: 3 * 60_000 } });
		await run();
		const [first, second, third] = links();
		expect(second).toBe(first);
		expect(third).not.toBe(first);
		expect((await bytesAt(third)).equals(START.bytes)).toBe(true);
		expect(stage.requests('uploadForm')).toHaveLength(2);
	});

	test('is taken to be linked for an hour where the link does not say how long', async () => {
		stage = await createStage({ factor: 200 });
		const { coreTodayUrl, keys } = stage.emulator;
		const asked = await request(`${coreTodayUrl}/files/upload-url`, {
			method: 'POST',
			headers: { 'x-api-key': keys.coreToday, 'content-type': 'application/json' },
			body: JSON.stringify({ filename: 'a.jpg' }),
		});
		const body = { ...Object(await asked.body.json()), file_url: 'https://files.example.com/a.jpg' };
		stage.emulator.misbehave({ when: { call: 'uploadUrl', first: 1 }, do: { reply: { status: 200, body } } });
		stage.emulator.script({ when: { jobNumber: 2 }, job: { runMs: 41 * 60_000 } });
		await run();
		const [first, second, third] = links();
		expect([first, second]).toEqual([body.file_url, body.file_url]);
		expect(third).toMatch(`${stage.emulator.url}/uploaded/`);
		expect(stage.requests('uploadForm')).toHaveLength(2);
	});
});

test('a link to an n8n that is not public is never given to a public provider', async () => {
	const coreToday = { apiKey: 'cdt_not_to_be_seen', baseUrl: 'https://api.example.com/v1' };
	const engine = { publicUrl: 'http://localhost:5678/' };
	const publicStage = await createStage({ engine, credentials: { coreToday } });
	const execution = await publicStage.runWithFiles(
		{ ...FROM_BINARY, options: { imageDelivery: 'signedUrl' } },
		[{ data: START }],
		CONTINUE,
	);
	expect(errorOf(itemOf(execution)).message).toContain(
		'Image Delivery cannot be Signed URL: the link to this n8n is on the host localhost',
	);
	await publicStage.close();
});

describe('a stored picture', () => {
	beforeAll(async () => (stage = await createStage()));
	afterAll(async () => await stage.close());

	test('that cannot be read fails its own item only', async () => {
		const lost = {
			id: 'filesystem-v2:workflows/none/executions/1/binary_data/lost',
			data: 'filesystem-v2',
			mimeType: 'image/png',
		};
		const whole = { data: Buffer.from(END.bytes).toString('base64'), mimeType: 'image/png' };
		const items = [whole, lost, whole].map((data) => ({ json: {}, binary: { data } }));
		const parameters = { provider: 'runpod', startImageSource: 'binary', completion: 'jobId' };
		const execution = await stage.run(parameters, items, CONTINUE);
		expect(stage.jobs()).toHaveLength(2);
		expect(outputOf(execution).map((json) => 'error' in json)).toEqual([false, true, false]);
		expect(JSON.stringify(outputOf(execution)[1])).toContain('Correct the expression or the picture');
	});
});
