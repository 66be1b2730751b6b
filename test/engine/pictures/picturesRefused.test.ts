import { pictureOfLength, plain, readImage } from '../../core/media/imageSamples';
import { providerNames } from '../../support/apis';
import { CONTINUE, type File, START } from '../items';
import { errorOf, itemOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const named = (bytes: Uint8Array, fileName = 'picture.jpg'): File => ({ bytes, fileName });
const other = (name: string): File => named(readImage(`refused/${name}`));

const heavy = (length: number): File => named(pictureOfLength(length));

interface Refused {
	readonly name: string;
	readonly file: () => File;
	/** The measured value and the limit. */
	readonly texts: readonly string[];
	readonly parameters?: Record<string, unknown>;
}

const REFUSED: readonly Refused[] = [
	{ name: 'too narrow', file: () => named(plain(299, 400)), texts: ['is 299 x 400 px', 'at least 300 px'] },
	{
		name: 'too low',
		file: () => named(plain(400, 120, 'png')),
		texts: ['is 400 x 120 px', 'at least 300 px'],
	},
	{
		name: 'too wide for its height',
		file: () => named(plain(760, 300)),
		texts: ['is 760 x 300 px, that is 2.533:1', 'between 1:2.5 and 2.5:1'],
	},
	{
		name: 'too high for its width',
		file: () => named(plain(300, 751)),
		texts: ['is 300 x 751 px, that is 1:2.503', 'between 1:2.5 and 2.5:1'],
	},
	{ name: 'larger than 10 MB', file: () => heavy(11_000_000), texts: ['bytes; the limit is 10,000,000'] },
	{ name: 'WebP that is named .jpg', file: () => other('picture.webp'), texts: ['WebP', 'JPEG and PNG only'] },
	{ name: 'HEIC that is named .jpg', file: () => other('picture.heic'), texts: ['HEIC', 'JPEG and PNG only'] },
	{ name: 'GIF that is named .jpg', file: () => other('picture.gif'), texts: ['GIF', 'JPEG and PNG only'] },
	{ name: 'SVG that is named .jpg', file: () => other('drawing.svg'), texts: ['SVG', 'JPEG and PNG only'] },
	{ name: 'a video that is named .jpg', file: () => other('video.mp4'), texts: ['JPEG and PNG only'] },
	{
		name: 'a web page that is named .jpg',
		file: () => named(Buffer.from('<html>not found</html>')),
		texts: ['JPEG'],
	},
	{
		name: 'half a file',
		file: () => named(START.bytes.subarray(0, START.bytes.length / 2)),
		texts: ['ends in the middle, after'],
	},
	{
		name: 'too large for a data URI',
		file: () => heavy(950_000),
		texts: [
			'characters inside the request; Core.Today takes pictures inside a request up to 1 MB, which leaves 1,000,000',
		],
		parameters: { provider: 'coreToday', options: { imageDelivery: 'dataUri' } },
	},
	{
		name: 'too large for /run',
		file: () => heavy(8_200_000),
		texts: ['characters inside the request; Runpod takes requests of at most 10 MB with /run, which leaves 9,900,000'],
		parameters: { provider: 'runpod' },
	},
	{
		name: 'for an upload that Runpod does not have',
		file: () => START,
		texts: ['Image Delivery cannot be Upload: Runpod has no file upload. Choose Auto, Data URI or Signed URL.'],
		parameters: { provider: 'runpod', options: { imageDelivery: 'upload' } },
	},
];

const CASES = REFUSED.flatMap(({ parameters, ...rest }) =>
	parameters === undefined
		? providerNames.map((provider) => ({ ...rest, where: provider, parameters: { provider } }))
		: [{ ...rest, where: String(parameters.provider), parameters }],
);

test.each(CASES)(
	'$where: a picture that is $name is refused by its bytes, before anything is sent',
	async ({ file, texts, parameters }) => {
		const items = [{ photo: file() }];
		const asked = { ...parameters, startImageSource: 'binary', startImageField: 'photo' };
		const stopped = thrown(await stage.runWithFiles(asked, items)).text;
		const { message, failure } = errorOf(itemOf(await stage.runWithFiles(asked, items, CONTINUE)));
		expect(failure).toMatchObject({ code: 'invalid_input', charged: 'no' });
		for (const text of texts) {
			expect(message).toContain(text);
			expect(stopped).toContain(text);
		}
		expect(stage.requests()).toEqual([]);
	},
);

describe('the reference pictures of one video share what a request to Runpod may hold', () => {
	const O1 = {
		provider: 'runpod',
		model: 'kling-video-o1-r2v',
		referenceImagesSource: 'binary',
		referenceImageFields: 'logo, photo',
		downloadVideo: false,
	};

	test('so a large photo goes with a small logo', async () => {
		const execution = await stage.runWithFiles(O1, [{ logo: heavy(100_000), photo: heavy(4_200_000) }]);
		expect(statusesOf(execution)).toEqual(['completed']);
		expect(stage.job().input.images).toHaveLength(2);
	});

	test('and where they are too much together, the largest is named, with what all of them take', async () => {
		const { text } = thrown(await stage.runWithFiles(O1, [{ logo: heavy(4_200_000), photo: heavy(4_200_003) }]));
		expect(text).toContain(
			'Reference Image 2 in field "photo" takes 5,600,026 characters inside the request; Runpod takes requests of at most 10 MB with /run, which leaves 9,900,000. All pictures together take 11,200,048. Make the picture smaller, or choose another Image Delivery.',
		);
		expect(text).not.toContain('Reference Image 1');
		expect(stage.requests()).toEqual([]);
	});
});

test('both pictures of an item are named with all that is wrong with them, beside what is wrong with the form', async () => {
	const asked = {
		startImageSource: 'binary',
		mode: 'pro',
		endImageSource: 'binary',
		endImageField: 'last',
		duration: '={{ 7 }}',
	};
	const { text } = thrown(
		await stage.runWithFiles(asked, [{ data: named(plain(120, 900)), last: other('picture.webp') }]),
	);
	expect(text).toContain('Start Image in field "data" is 120 x 900 px; both sides have to be at least 300 px');
	expect(text).toContain('Start Image in field "data" is 120 x 900 px, that is 1:7.5');
	expect(text).toContain('End Image in field "last" is');
	expect(text).toContain('Duration has to be 5 or 10, but is 7.');
	expect(stage.requests()).toEqual([]);
});

test('what is larger than a /run request goes through /runsync', async () => {
	const options = { submitWith: 'runsync' };
	await stage.runWithFiles({ provider: 'runpod', startImageSource: 'binary', options, downloadVideo: false }, [
		{ data: heavy(8_200_000) },
	]);
	expect(stage.jobs()).toHaveLength(1);
});

test('one refused picture of three costs nothing under Stop; under Continue the other two become videos', async () => {
	const items = [{ data: START }, { data: other('picture.webp') }, { data: START }];
	expect(thrown(await stage.runWithFiles({ startImageSource: 'binary' }, items)).text).toContain('WebP');
	expect(stage.requests()).toEqual([]);
	const execution = await stage.runWithFiles({ startImageSource: 'binary' }, items, CONTINUE);
	expect(statusesOf(execution)).toEqual(['completed', undefined, 'completed']);
	expect(errorOf(itemOf(execution, 1)).message).toContain('WebP');
	expect(stage.jobs()).toHaveLength(2);
});

test.each(['jobId', 'wait'])(
	'with completion %s no picture of the input comes out, even where there is no video',
	async (completion) => {
		const execution = await stage.runWithFiles({ startImageSource: 'binary', completion, downloadVideo: false }, [
			{ data: START },
		]);
		expect(execution.items('Kling').map(({ binary }) => binary)).toEqual([undefined]);
	},
);

test('a failed download leaves no picture in the output field either', async () => {
	stage.emulator.misbehave({ when: { call: 'video' }, do: { reply: { status: 403, body: 'Request has expired' } } });
	const item = itemOf(await stage.runWithFiles({ startImageSource: 'binary' }, [{ data: START }]));
	expect(item.json).toMatchObject({ status: 'completed', downloadFailure: { message: expect.any(String) } });
	expect(item.binary).toBeUndefined();
});
