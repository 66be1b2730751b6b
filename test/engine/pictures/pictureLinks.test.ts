import { providerNames } from '../../support/apis';
import type { PictureHostName } from '../../emulator/index';
import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { errorOf, itemOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const RETURN_ID = { completion: 'jobId' };
const looks = () => stage.requests('image');
const sentToProviders = () => stage.requests().filter(({ call }) => call !== 'image');

/** Each kind of link that is sure to fail, with what is said of it. */
const REFUSED: ReadonlyArray<[PictureHostName, RegExp]> = [
	['gone404', /does not open: .*404/],
	['gone404Xml', /does not open: .*404/],
	['gone410', /does not open: .*410/],
	['redirectedToGone', /does not open: .*404/],
	['expiredS3', /a login or a valid signature .*403/],
	['expiredAzure', /a login or a valid signature .*403/],
	['deniedJson', /a login or a valid signature .*403/],
	['unauthorizedJson', /a login or a valid signature .*401/],
	['signInPage', /gives a web page \(HTML\)/],
	['xmlPage', /gives an XML document/],
	['jsonPage', /gives JSON/],
	['webp', /gives a WebP picture/],
	['gif', /gives a GIF/],
	['heic', /gives a HEIC picture/],
	['avif', /gives an AVIF picture/],
	['bmp', /gives a BMP picture/],
	['tiff', /gives a TIFF picture/],
	['pdf', /gives a PDF/],
	['svg', /gives an SVG drawing/],
	['huge', /has 40,000,000 bytes/],
	['hugeRangeIgnored', /has 40,000,000 bytes/],
	['small', /is 200 x 200 px/],
	['wide', /is 1000 x 300 px/],
	['narrow', /is 300 x 1000 px/],
];

test.each(REFUSED)('%s is refused before anything is sent to a provider', async (name, words) => {
	const startImageUrl = stage.emulator.pictureUrl(name);
	for (const provider of providerNames) {
		const text = thrown(await stage.run({ provider, startImageUrl })).text;
		expect(text).toMatch(words);
		expect(text).toMatch(
			/Start Image URL .*n8n asked the server 127\.0\.0\.1\..*add the option Check Picture Links and turn it off/,
		);
		expect(text).not.toContain('/hosts/');
		expect(text).toContain('Nothing was sent.');
		expect(errorOf(itemOf(await stage.run({ provider, startImageUrl }, undefined, CONTINUE)))).toMatchObject({
			message: expect.stringMatching(words),
			failure: { code: 'invalid_input', retryable: false, charged: 'no' },
		});
	}
	expect(sentToProviders()).toEqual([]);
});

/** Each kind of link that may work; `of` the provider is the look's business no more. */
const PASSING: readonly PictureHostName[] = [
	'good',
	'goodJpeg',
	'smallest',
	'widest',
	'octetStream',
	'textPlain',
	'wrongType',
	'rangeIgnored',
	'lateSize',
	'redirected',
	'webpByAccept',
	'hotlinkWall',
	'botWall',
	'loginWall',
	'badRequest',
	'notAllowed',
	'notSatisfiable',
	'rateLimited',
	'broken',
	'busy',
	'hangs',
	'stalls',
];

test.each(PASSING)('%s passes, and is submitted', async (name) => {
	const execution = await stage.run({ ...RETURN_ID, startImageUrl: stage.emulator.pictureUrl(name) });
	expect(execution.status).toBe('success');
	expect(stage.jobs()).toHaveLength(1);
	expect(looks().length).toBeGreaterThan(0);
});

test.each(['hugeChunked', 'unknownBytes', 'empty'] as const)('%s is for the provider to judge', async (name) => {
	await stage.run({ startImageUrl: stage.emulator.pictureUrl(name) }, undefined, CONTINUE);
	expect(stage.requests('submit')).toHaveLength(1);
});

test('a look is one GET of the first 64 KiB of anything, without a key', async () => {
	await stage.run({ ...RETURN_ID, startImageUrl: stage.emulator.pictureUrl('good') });
	expect(looks()).toEqual([
		expect.objectContaining({
			method: 'GET',
			headers: expect.objectContaining({ range: 'bytes=0-65535', accept: '*/*', 'accept-encoding': 'identity' }),
		}),
	]);
});

test('a server that refuses n8n is asked once more as a browser asks, and the log names its host', async () => {
	const execution = await stage.run({ ...RETURN_ID, startImageUrl: stage.emulator.pictureUrl('botWall') });
	expect(looks().map(({ headers }) => /Mozilla/.test(String(headers['user-agent'])))).toEqual([false, true]);
	const lines = execution.logs.map(({ message }) => message).filter((line) => line.includes('could not be checked'));
	expect(lines).toEqual([
		'Start Image URL: the picture on 127.0.0.1 could not be checked (it answered with HTTP status 403); it is sent as it is',
	]);
});

test('a link is opened once in a run, however many items have it', async () => {
	const links = ['good', 'goodJpeg', 'good', 'smallest', 'good', 'good'] as const;
	const items = itemsOf(...links.map((name) => ({ url: stage.emulator.pictureUrl(name) })));
	await stage.run({ ...RETURN_ID, startImageUrl: '={{ $json.url }}' }, items);
	expect(looks()).toHaveLength(3);
	expect(stage.jobs()).toHaveLength(6);
});

test('one bad link refuses the whole run and names every bad one; with Continue the others go on', async () => {
	const links = ['good', 'gone404', 'good', 'webp'] as const;
	const items = itemsOf(...links.map((name) => ({ url: stage.emulator.pictureUrl(name) })));
	const parameters = { ...RETURN_ID, startImageUrl: '={{ $json.url }}' };
	const text = thrown(await stage.run(parameters, items)).text;
	expect(text).toMatch(
		/2 of 4 items have wrong or missing values. Nothing was sent.\n2nd item: .*404.*<br>\n4th item: .*WebP/,
	);
	expect(sentToProviders()).toEqual([]);
	const out = (await stage.run(parameters, items, CONTINUE)).items('Kling');
	expect(out.map(({ json }) => 'error' in json)).toEqual([false, true, false, true]);
	expect(stage.jobs()).toHaveLength(2);
});

test('with the option off nothing is opened, and a link that works once still works for the provider', async () => {
	const startImageUrl = stage.emulator.pictureUrl('usedUp');
	await stage.run({ ...RETURN_ID, startImageUrl, options: { checkPictureLinks: false } });
	expect(looks()).toEqual([]);
	expect(stage.jobs()).toHaveLength(1);
});

test('the option is each item’s own, and an empty one means on', async () => {
	const items = itemsOf({ look: 'false' }, { look: '' });
	const options = { checkPictureLinks: '={{ $json.look }}' };
	const startImageUrl = stage.emulator.pictureUrl('gone404');
	const out = (await stage.run({ ...RETURN_ID, startImageUrl, options }, items, CONTINUE)).items('Kling');
	expect(out.map(({ json }) => JSON.stringify(json).includes('Check Picture Links'))).toEqual([false, true]);
});

test('a dry run looks, too', async () => {
	const dryRun = { options: { dryRun: true } };
	const text = thrown(await stage.run({ ...dryRun, startImageUrl: stage.emulator.pictureUrl('signInPage') })).text;
	expect(text).toContain('gives a web page (HTML)');
	const execution = await stage.run({ ...dryRun, startImageUrl: stage.emulator.pictureUrl('good') });
	expect(itemOf(execution).json).toMatchObject({ dryRun: true });
	expect(sentToProviders()).toEqual([]);
});

test('a service that may delete a file after one download is never asked', async () => {
	const options = { dryRun: true };
	const execution = await stage.run({ options, startImageUrl: 'https://file.io/abc123' });
	expect(execution.logs.map(({ message }) => message)).toContain(
		'Start Image URL: the picture on file.io could not be checked (it may delete the file after one download); it is sent as it is',
	);
});

test('a link in Additional Input, which takes the place of the form’s, is looked at', async () => {
	const additionalInput = { start_image: stage.emulator.pictureUrl('gone404') };
	const text = thrown(await stage.run({ options: { additionalInput } })).text;
	expect(text).toMatch(/Start Image URL does not open/);
	expect(sentToProviders()).toEqual([]);
});

test('sixty links that never answer take a minute in all, and then go to the provider', async () => {
	const items = itemsOf(...Array.from({ length: 60 }, (_, at) => ({ at })));
	const startImageUrl = `=${stage.emulator.pictureUrl('hangs')}?{{ $json.at }}`;
	const startMs = stage.clock.now();
	await stage.run({ startImageUrl, options: { dryRun: true } }, items);
	expect(stage.clock.now() - startMs).toBeLessThan(80_000);
	expect(looks().length).toBeLessThan(60);
});

test('Stop ends the looks, and nothing is submitted', async () => {
	const running = stage.start({ startImageUrl: stage.emulator.pictureUrl('hangs') });
	await stage.until(() => looks().length > 0);
	const stoppedMs = stage.clock.now();
	running.stop();
	await running.done;
	expect(stage.clock.now() - stoppedMs).toBeLessThan(5_000);
	expect(sentToProviders()).toEqual([]);
});

describe('a signed link', () => {
	const amzDate = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
	const signed = (fromMs: number, seconds: number) =>
		`${stage.emulator.imageUrl}?X-Amz-Date=${amzDate(fromMs)}&X-Amz-Expires=${seconds}&X-Amz-Signature=a`;

	test('whose time is over is refused, with the option off, too', async () => {
		const startImageUrl = signed(stage.clock.now() - 3_600_000, 300);
		const text = thrown(await stage.run({ startImageUrl, options: { checkPictureLinks: false } })).text;
		expect(text).toMatch(/Start Image URL is a link whose time was over on .* UTC\. Make a new link/);
		expect(stage.requests()).toEqual([]);
	});

	/** Over by a quarter of an hour in a minute from now. */
	const overInAMinute = () => signed(stage.clock.now() - 840_000, 1);

	test('whose time is over by now is no reason against a job that exists: Retry gives its video', async () => {
		const parameters = { startImageUrl: overInAMinute(), options: { timeoutSeconds: 10 } };
		const failed = await stage.run(parameters);
		expect(thrown(failed).text).toContain('was not finished after 10 seconds');
		await stage.clock.sleep(120_000);
		const retried = await stage.engine.retry(failed, stage.workflow(parameters));
		expect(itemOf(retried).json).toMatchObject({ status: 'completed' });
		expect(stage.jobs()).toHaveLength(1);
		expect(looks()).toHaveLength(1);
	});

	test('that is over when its turn comes is not submitted', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 100_000 } });
		const parameters = { startImageUrl: overInAMinute(), options: { maxConcurrency: 1 } };
		const out = (await stage.run(parameters, itemsOf({}, {}), CONTINUE)).items('Kling');
		expect(out.map(({ json }) => json.status ?? json.error)).toEqual([
			'completed',
			expect.objectContaining({ message: expect.stringContaining('whose time was over on') }),
		]);
		expect(stage.jobs()).toHaveLength(1);
	});
});

test('a picture whose link was only signed anew is the same one to the next manual run, which pays for no video twice', async () => {
	stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'interrupted; please retry' } });
	const parameters = { prompt: '={{ $json.prompt }}', startImageUrl: '={{ $json.picture }}' };
	const flow = { ...stage.workflow({ ...parameters, options: { maxConcurrency: 1 } }), id: 'signed-anew' };
	const press = async (signature: string) => {
		const signed = `X-Amz-Date=20990101T000000Z&X-Amz-Expires=300&X-Amz-Signature=${signature}`;
		const picture = `${stage.emulator.url}/images/image.png?${signed}`;
		await stage.engine.run(flow, {
			mode: 'manual',
			items: itemsOf({ prompt: 'A', picture }, { prompt: 'B', picture }),
		});
	};
	await press('abc');
	await press('def');
	expect(stage.prompts()).toEqual(['A', 'B', 'B']);
});
