import { request } from 'undici';
import { CoreTodayApi } from '../../../credentials/CoreTodayApi.credentials';
import { goodPictures } from '../../core/media/imageSamples';
import { createHash } from '../../support/node.cts';
import { meetStranger } from '../../support/stranger';
import { dialects, providerNames } from '../../support/apis';
import { itemsOf, node, row, workflow, type Execution } from '../harness/index';
import { END, setPictureStage, START, type PictureStage } from './pictureStage';
import { errorOf } from '../watched';

let stage: PictureStage;
const FROM_BINARY = { startImageSource: 'binary' };
const WITH_END = { mode: 'pro', endImageSource: 'binary', endImageField: 'last' };
const CONTINUE = { onError: 'continueRegularOutput' };
const dataUri = (mimeType: string, bytes: Uint8Array) =>
	`data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`;
const callsOf = (...names: string[]) => stage.emulator.requests().filter(({ call }) => names.includes(call ?? ''));
const inputs = () => stage.emulator.jobs().map(({ input }) => input);
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function bytesAt(link: unknown): Promise<Buffer> {
	const { body } = await request(String(link));
	return Buffer.from(await body.arrayBuffer());
}

async function expectVideo(execution: Execution): Promise<void> {
	const { bytes, mimeType } = await stage.engine.binary(execution.items('Kling')[0]);
	expect([mimeType, hashOf(bytes)]).toEqual(['video/mp4', stage.emulator.jobs()[0]?.videoSha256]);
}

describe.each(['filesystem', 'default'] as const)('with binary data in mode %s', (binaryMode) => {
	beforeAll(async () => (stage = await setPictureStage({ engine: { binaryMode } })));
	afterEach(() => stage.emulator.reset());
	afterAll(async () => await stage.close());

	test('Core.Today gets start and end image by upload, to the byte, and the video takes their place', async () => {
		const execution = await stage.runWith({ ...FROM_BINARY, ...WITH_END }, [{ data: START, last: END }]);
		const [input] = inputs();
		expect(input?.start_image).toMatch(`${stage.emulator.url}/uploaded/`);
		expect((await bytesAt(input?.start_image)).equals(START.bytes)).toBe(true);
		expect((await bytesAt(input?.end_image)).equals(END.bytes)).toBe(true);
		expect(Object.keys(execution.items('Kling')[0]?.binary ?? {})).toEqual(['data']);
		await expectVideo(execution);
	});

	test('Core.Today gets start and end image inside the request', async () => {
		const options = { imageDelivery: 'dataUri' };
		await stage.runWith({ ...FROM_BINARY, ...WITH_END, completion: 'jobId', options }, [{ data: START, last: END }]);
		expect(inputs()).toEqual([
			expect.objectContaining({
				start_image: dataUri('image/jpeg', START.bytes),
				end_image: dataUri('image/png', END.bytes),
			}),
		]);
		expect(callsOf('uploadUrl', 'uploadForm')).toEqual([]);
	});

	test.each(['auto', 'dataUri'])('Runpod gets the picture inside the request, by %s', async (imageDelivery) => {
		const execution = await stage.runWith({ provider: 'runpod', ...FROM_BINARY, options: { imageDelivery } }, [
			{ data: END },
		]);
		expect(inputs()).toEqual([expect.objectContaining({ image: dataUri('image/png', END.bytes) })]);
		await expectVideo(execution);
	});

	test.each(providerNames)("one workflow fetches a picture, and gets %s's video of it", async (provider) => {
		const kling = stage.workflow({ provider, ...FROM_BINARY }).nodes.filter(({ name }) => name === 'Kling');
		const execution = await stage.engine.run(row([node('Fetch', 'fetched'), ...kling]), {
			items: itemsOf({ url: stage.emulator.imageUrl }),
		});
		stage.expectNoKeyIn(execution);
		await expectVideo(execution);
	});
});

describe('on the way to the provider', () => {
	beforeAll(async () => (stage = await setPictureStage()));
	afterEach(() => stage.emulator.reset());
	afterAll(async () => await stage.close());

	test('pictures of every encoder arrive', async () => {
		const samples = goodPictures();
		const items = samples.map(({ bytes, format }) => ({ data: { bytes, fileName: `picture.${format}` } }));
		await stage.runWith({ ...FROM_BINARY, completion: 'jobId' }, items);
		const arrived = await Promise.all(inputs().map(async ({ start_image: link }) => hashOf(await bytesAt(link))));
		expect(arrived.sort()).toEqual(samples.map(({ bytes }) => hashOf(bytes)).sort());
	});

	test.each(providerNames)("%s gets n8n's own signed link", async (provider) => {
		await stage.runWith({ provider, ...FROM_BINARY, completion: 'jobId', options: { imageDelivery: 'signedUrl' } }, [
			{ data: START },
		]);
		expect(inputs()[0]?.[dialects[provider].pictureKey]).toMatch(
			/^http:\/\/n8n\.test:5678\/rest\/binary-data\/signed\?token=/,
		);
		expect(callsOf('uploadUrl', 'uploadForm')).toEqual([]);
	});

	test('the same picture in five items, under whatever name, is uploaded once', async () => {
		const items = [1, 2, 3, 4, 5].map((number) => ({ data: { ...START, fileName: `row-${number}.jpg` } }));
		await stage.runWith({ ...FROM_BINARY, completion: 'jobId' }, [...items, { data: END }]);
		expect(callsOf('uploadUrl')).toHaveLength(2);
		expect(callsOf('uploadForm')).toHaveLength(2);
		expect(new Set(inputs().map(({ start_image: link }) => link)).size).toBe(2);
		expect(stage.emulator.jobs()).toHaveLength(6);
	});

	test("the same picture in a loop's turns is uploaded once in the execution", async () => {
		const kling = stage.workflow({ ...FROM_BINARY, completion: 'jobId' }).nodes.filter(({ name }) => name === 'Kling');
		const nodes = [node('Start', 'items'), node('Loop', 'loop', { batchSize: 1 }), node('Fetch', 'fetched'), ...kling];
		const links = [
			{ from: 'Start', to: 'Loop' },
			{ from: 'Loop', to: 'Fetch', output: 1 },
			{ from: 'Fetch', to: 'Kling' },
			{ from: 'Kling', to: 'Loop' },
		];
		const url = stage.emulator.imageUrl;
		const execution = await stage.engine.run(workflow(nodes, links), { items: itemsOf({ url }, { url }, { url }) });
		stage.expectNoKeyIn(execution);
		expect(stage.emulator.jobs()).toHaveLength(3);
		expect(callsOf('uploadForm')).toHaveLength(1);
	});

	test('an upload that fails twice is tried again, free of charge', async () => {
		stage.emulator.misbehave({ when: { call: 'uploadForm', first: 2 }, do: { reply: { status: 503 } } });
		await stage.runWith({ ...FROM_BINARY, completion: 'jobId' }, [{ data: START }]);
		expect((await bytesAt(inputs()[0]?.start_image)).equals(START.bytes)).toBe(true);
		expect(stage.emulator.jobs()).toHaveLength(1);
	});

	test('the storage and whoever it redirects to never see a key', async () => {
		const stranger = await meetStranger();
		stage.emulator.misbehave({ when: { call: 'uploadForm' }, do: { redirect: { to: stranger.url, status: 307 } } });
		const execution = await stage.runWith(FROM_BINARY, [{ data: START }], CONTINUE);
		expect(errorOf(execution.items('Kling')[0]).message).toContain('the file storage answered with HTTP status 307');
		expect(stranger.requests).toEqual([]);
		expect(callsOf('uploadForm').map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual(
			callsOf('uploadForm').map(() => [undefined, undefined]),
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
		const error = errorOf((await stage.runWith(FROM_BINARY, [{ data: START }], CONTINUE)).items('Kling')[0]);
		expect(error.message).toContain('The Start Image could not be brought to Core.Today');
		expect(error.message).toContain(text);
		expect(error.failure).toMatchObject({ charged: 'no' });
		expect(callsOf('submit')).toEqual([]);
	});
});

test('a link to an n8n that is not public is never given to a public provider', async () => {
	const data = { apiKey: 'cdt_not_to_be_seen', baseUrl: 'https://api.example.com/v1' };
	const publicStage = await setPictureStage({
		engine: { publicUrl: 'http://localhost:5678/', credentials: { coreTodayApi: { type: new CoreTodayApi(), data } } },
	});
	const execution = await publicStage.runWith(
		{ ...FROM_BINARY, options: { imageDelivery: 'signedUrl' } },
		[{ data: START }],
		CONTINUE,
	);
	expect(errorOf(execution.items('Kling')[0]).message).toContain(
		'Image Delivery cannot be Signed URL: the link to this n8n is on the host localhost',
	);
	await publicStage.close();
});
