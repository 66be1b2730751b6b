import { request } from 'undici';
import sharp from 'sharp';
import { asNumber, asObject, parseJson } from '../../../nodes/core/json';
import { at } from '../../support/defined';
import { type File, START } from '../items';
import { createStage, type Stage } from '../stage';
import { type Front, type Signed, startFront } from './front';

let stage: Stage;
let front: Front;
/** Inside a request it takes more than a million characters. */
let large: File;
const DATA_URI = /^data:image\/png;base64,/;
const PICTURE = { provider: 'runpod', startImageSource: 'binary', completion: 'callback' };

/** An uncompressed PNG; of two seeds no two are alike. */
async function picture(side: number, background = 'teal'): Promise<File> {
	const made = sharp({ create: { width: side, height: side, channels: 3, background } });
	return { bytes: await made.png({ compressionLevel: 0 }).toBuffer(), fileName: 'large.png' };
}

beforeAll(async () => {
	stage = await createStage({ factor: 10, emulator: { jobTimes: { queueMs: 0, runMs: 600_000 } } });
	large = await picture(520);
	front = await startFront(stage);
	stage.engine.publishAt(front.url);
});
beforeEach(() => {
	stage.reset();
	front.serve('picture');
});
afterAll(async () => {
	await front.close();
	await stage.close();
});

const images = () => stage.jobs().map(({ input }) => String(input.image));
const warningsOf = ({ logs }: Awaited<ReturnType<Stage['run']>>) =>
	logs.filter(({ level }) => level === 'warn').map(({ message }) => message);
/** What a signed link says of itself. */
function tokenOf(link: string): { id: unknown; lifeSeconds: number } {
	const [, payload = ''] = (new URL(link).searchParams.get('token') ?? '').split('.');
	const { id, exp, iat } = asObject(parseJson(Buffer.from(payload, 'base64url').toString())) ?? {};
	return { id, lifeSeconds: (asNumber(exp) ?? NaN) - (asNumber(iat) ?? NaN) };
}

test('a picture that makes a callback too large for a usual proxy goes by a link, which the provider can open', async () => {
	const paused = await stage.runWithFiles({ ...PICTURE, options: { timeoutSeconds: 900 } }, [{ data: large }]);
	expect(paused.status).toBe('waiting');
	const link = at(images(), 0);
	expect(link.startsWith(`${front.url}rest/binary-data/signed?token=`)).toBe(true);
	const { body } = await request(link);
	expect(Buffer.from(await body.arrayBuffer()).equals(large.bytes)).toBe(true);
	expect(warningsOf(paused)).toEqual([]);
	expect(JSON.stringify(stage.requests('submit')[0]?.body).length).toBeLessThan(2_000);
});

test("the link is of a copy, as n8n renames the input's own file, and lives a little longer than Timeout", async () => {
	const paused = await stage.runWithFiles({ ...PICTURE, options: { timeoutSeconds: 900 } }, [{ data: large }]);
	const { id, lifeSeconds } = tokenOf(at(images(), 0));
	expect(id).toEqual(expect.stringContaining('filesystem'));
	expect(id).not.toBe(paused.items('Files')[0]?.binary?.data?.id);
	expect(lifeSeconds).toBeGreaterThan(900);
	expect(lifeSeconds).toBeLessThan(2_000);
});

test('one picture of three items is copied and tried out once', async () => {
	const before = front.opened.length;
	await stage.runWithFiles(PICTURE, [{ data: large }, { data: large }, { data: large }]);
	// Of these, n8n's own look is one, and the provider's are three.
	expect(front.opened.length - before).toBe(4);
	expect(new Set(images().map((link) => tokenOf(link).id)).size).toBe(1);
});

test.each(['login page', 'other picture', 'not found', 'redirect', 'nothing'] as const)(
	'where a link gives %s, the picture goes inside the request, and the log names the limit of the proxy',
	async (signed: Signed) => {
		front.serve(signed);
		const paused = await stage.runWithFiles(PICTURE, [{ data: large }]);
		expect(paused.status).toBe('waiting');
		expect(images()).toEqual([expect.stringMatching(DATA_URI)]);
		expect(warningsOf(paused)).toEqual([expect.stringContaining('client_max_body_size')]);
		expect(warningsOf(paused)[0]).toMatch(/^Item 0: the request to Runpod has 1\.1 MB/);
	},
);

test.each([
	['a small picture', PICTURE, START],
	['a picture that nobody calls back about', { ...PICTURE, completion: 'jobId' }, undefined],
	['a picture whose Image Delivery is Data URI', { ...PICTURE, options: { imageDelivery: 'dataUri' } }, undefined],
])('%s goes inside the request as ever, and no link is tried out', async (_name, parameters, file) => {
	const before = front.opened.length;
	const execution = await stage.runWithFiles(parameters, [{ data: file ?? large }]);
	expect(images()).toEqual([expect.stringMatching(/^data:image\//)]);
	expect([front.opened.length - before, warningsOf(execution)]).toEqual([0, []]);
});

test('several pictures count together', async () => {
	const references = { first: await picture(350, 'red'), second: await picture(350, 'green') };
	const parameters = {
		provider: 'runpod',
		model: 'kling-video-o1-r2v',
		referenceImagesSource: 'binary',
		completion: 'callback',
	};
	await stage.runWithFiles({ ...parameters, referenceImageFields: 'first' }, [references]);
	await stage.runWithFiles({ ...parameters, referenceImageFields: 'first, second' }, [references]);
	const [one, two] = stage.jobs().map(({ input }) => (Array.isArray(input.images) ? input.images.map(String) : []));
	expect(one).toEqual([expect.stringMatching(DATA_URI)]);
	expect(two).toEqual([expect.stringContaining(front.url), expect.stringContaining(front.url)]);
});

test('Signed URL links a copy, too', async () => {
	const parameters = { ...PICTURE, completion: 'jobId', options: { imageDelivery: 'signedUrl' } };
	const execution = await stage.runWithFiles(parameters, [{ data: START }]);
	const { id, lifeSeconds } = tokenOf(at(images(), 0));
	expect(id).not.toBe(execution.items('Files')[0]?.binary?.data?.id);
	expect(lifeSeconds).toBe(86_400);
});
