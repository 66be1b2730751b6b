import { NodeHelpers } from 'n8n-workflow';
import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node';
import { SAMPLE_VIDEO_BASE64 } from '../../../nodes/core/media/sampleVideo';
import type { ProviderName } from '../../../nodes/core/job';
import { asObject } from '../../../nodes/core/json';
import { choices } from '../../../nodes/core/providers/choices';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import { NO_CREDIT } from '../faults';
import { type Execution, itemsOf } from '../harness/index';
import { FROM_ITEM, itemWith, shots, START } from '../items';
import { outputOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const DRY = { dryRun: true };

let stage: Stage;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 3_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

/** But for the look at the picture's link, which is no provider's. */
const nothingSent = () => expect(stage.requests().filter(({ call }) => call !== 'image')).toEqual([]);

const COSTS: Readonly<Record<ProviderName, object>> = {
	coreToday: { amount: 375, unit: 'credits', source: 'minimum' },
	runpod: { amount: 0.45, unit: 'USD', source: 'estimated' },
};

describe.each(choices)('a dry run with $value', ({ value: provider, chain }) => {
	const cost = COSTS[at(chain, 0)];

	it.each(['wait', 'callback', 'jobId'])('and completion %s sends nothing and never pauses', async (completion) => {
		const execution = await stage.run({ ...FROM_ITEM, provider, completion, options: DRY }, shots(2));
		nothingSent();
		expect([execution.status, execution.waitTill]).toEqual(['success', undefined]);
		expect(outputOf(execution)).toMatchObject([
			{ jobId: 'dry-run-1', status: 'completed', dryRun: true, cost },
			{ jobId: 'dry-run-2', status: 'completed', dryRun: true, cost },
		]);
		expect(execution.items('Kling').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
	});

	it('puts a video that is marked as a sample into the output field', async () => {
		const execution = await stage.run({ provider, outputField: 'clip', options: DRY });
		const { bytes, mimeType, fileName } = await stage.engine.binary(execution.items('Kling')[0], 'clip');
		expect([mimeType, fileName]).toEqual(['video/mp4', 'kling-dry-run-1-sample.mp4']);
		expect(bytes.subarray(4, 8).toString('latin1')).toBe('ftyp');
	});

	it('shows the very request that a real run sends', async () => {
		const parameters = { provider, mode: 'pro', duration: 10, negativePrompt: 'blur', options: { guidanceScale: 0.7 } };
		const dry = await stage.run({ ...parameters, options: { ...parameters.options, ...DRY } });
		await stage.run({ ...parameters, completion: 'jobId' });
		const [sent] = stage.requests('submit');
		const shown = asObject(outputOf(dry)[0]?.request);
		expect(shown?.body).toEqual(sent?.body);
		expect(shown?.method).toBe(sent?.method);
		expect(sent?.path.endsWith(String(shown?.path))).toBe(true);
	});
});

it.each(providerNames)('a dry run delivers no picture to %s, and shows how it would', async (provider) => {
	const items = [itemWith({ photo: START })];
	const flow = stage.workflow({ provider, startImageSource: 'binary', startImageField: 'photo', options: DRY });
	const execution = await stage.engine.run(flow, { items });
	nothingSent();
	expect(JSON.stringify(outputOf(execution)[0]?.request)).toMatch(/the picture in \\"photo\\", by (upload|dataUri)/);
	expect(Object.keys(execution.items('Kling')[0]?.binary ?? {})).toEqual(['data']);
});

describe('a dry run checks all that a real one does', () => {
	it.each([
		['a field', { prompt: '={{ "" }}' }, 'Prompt is empty'],
		['a limit', { options: { ...DRY, maxCost: 1 } }, 'Max Cost is 1 credits'],
		['a picture', { startImageSource: 'binary' }, 'is missing'],
	])('%s', async (_what, parameters, text) => {
		const execution = await stage.run({ options: DRY, ...parameters });
		nothingSent();
		expect(thrown(execution).message).toContain(text);
	});
});

it('Dry Run is read for each item, and an item without a value for it is refused', async () => {
	const options = { dryRun: '={{ $json.dry }}' };
	const items = shots(2).map(({ json }, index) => ({ json: { ...json, dry: index === 1 } }));
	const execution = await stage.run({ ...FROM_ITEM, options }, items);
	expect(stage.prompts()).toEqual(['Shot 0']);
	expect(outputOf(execution).map(({ dryRun }) => dryRun)).toEqual([undefined, true]);
	stage.reset();
	const lost = await stage.run({ ...FROM_ITEM, options }, shots(1));
	nothingSent();
	expect(thrown(lost).message).toContain('Dry Run is empty');
});

it('a retry with Dry Run off makes the videos that the dry run did not make', async () => {
	stage.emulator.misbehave({
		when: { call: 'submit', first: 1 },
		do: NO_CREDIT,
	});
	const items = shots(2).map(({ json }, index) => ({ json: { ...json, dry: index === 0 } }));
	const failed = await stage.run({ ...FROM_ITEM, options: { dryRun: '={{ $json.dry }}' } }, items);
	const real = await stage.engine.retry(failed, stage.workflow({ ...FROM_ITEM, options: { maxJobs: 2 } }));
	expect(statusesOf(real)).toEqual(['completed', 'completed']);
	expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1']);
});

describe('without an account', () => {
	const NO_CREDENTIAL = { credentials: [] };
	/** The link leads to another machine, so it is not looked at. */
	const FORM = { startImageUrl: 'https://example.com/start.png', options: { ...DRY, checkPictureLinks: false } };

	it.each(choices)('a dry run with $value checks and gives everything', async ({ value: provider }) => {
		const execution = await stage.run({ ...FORM, ...FROM_ITEM, provider }, shots(2), NO_CREDENTIAL);
		nothingSent();
		expect(outputOf(execution)).toMatchObject([
			{ jobId: 'dry-run-1', videoUrl: 'https://dry-run.invalid/dry-run-1.mp4', dryRun: true },
			{ jobId: 'dry-run-2', videoUrl: 'https://dry-run.invalid/dry-run-2.mp4', dryRun: true },
		]);
		expect(await sampleIn(execution)).toEqual(['kling-dry-run-1-sample.mp4', 'kling-dry-run-2-sample.mp4']);
	});

	it.each([
		['an empty prompt', { prompt: '={{ "" }}' }, 'Prompt is empty'],
		['a link that no provider could open', { startImageUrl: 'http://localhost/a.png' }, 'Start Image URL'],
	])('%s is refused all the same', async (_what, parameters, text) => {
		const execution = await stage.run({ ...FORM, ...parameters }, undefined, NO_CREDENTIAL);
		expect(thrown(execution).message).toContain(text);
	});

	it('an item that is no dry run names the missing credential', async () => {
		const execution = await stage.run(
			{ ...FORM, options: { dryRun: false, checkPictureLinks: false } },
			undefined,
			NO_CREDENTIAL,
		);
		expect(thrown(execution).message).toContain('No Core.Today credential');
	});

	it.each(['getStatus', 'wait', 'cancel', 'download'])('%s answers a dry run with the sample', async (operation) => {
		const dry = await stage.run({ ...FORM, completion: 'jobId' }, undefined, NO_CREDENTIAL);
		const items = outputOf(dry).map((json) => ({ json }));
		const about = { jobId: '={{ $json.jobId }}', videoUrl: '={{ $json.videoUrl }}' };
		const parameters = { operation, provider: 'fromInput', downloadVideo: true, ...about };
		const execution = await stage.run(parameters, items, NO_CREDENTIAL);
		nothingSent();
		expect(outputOf(execution)).toMatchObject([
			{ jobId: 'dry-run-1', status: 'completed', videoUrl: 'https://dry-run.invalid/dry-run-1.mp4', dryRun: true },
		]);
		expect(await sampleIn(execution)).toEqual(operation === 'cancel' ? [] : ['kling-dry-run-1-sample.mp4']);
	});
});

describe('the sample of a dry run as the clip of Motion Control', () => {
	const CLIP = { provider: 'runpod', model: 'kling-v2-6-std-motion-control', motionVideoUrl: '={{ $json.videoUrl }}' };
	const START_URL = { startImageUrl: 'https://example.com/start.png' };
	const options = { ...DRY, checkPictureLinks: false };
	let abroad: Stage;
	// The real API's URL, which no test reaches.
	beforeAll(async () => (abroad = await createStage({ credentials: { runpod: { baseUrl: undefined } } })));
	afterAll(async () => await abroad.close());

	const dryRun = async () => (await abroad.run({ ...START_URL, options })).items('Kling');

	it('is taken by the next dry run, with a credential and without one', async () => {
		for (const settings of [{}, { credentials: [] }]) {
			const execution = await abroad.run({ ...CLIP, ...START_URL, options }, await dryRun(), settings);
			expect(outputOf(execution)).toMatchObject([{ jobId: 'dry-run-1', dryRun: true }]);
		}
	});

	it('is refused by a real run before anything is sent', async () => {
		const real = { dryRun: false, checkPictureLinks: false };
		const execution = await abroad.run({ ...CLIP, ...START_URL, options: real }, await dryRun());
		expect(thrown(execution).text).toContain("Motion Video URL is the link of a dry run's sample video");
		expect(abroad.requests()).toEqual([]);
	});
});

/** The names of the files that came out, each of them the sample. */
async function sampleIn(execution: Execution): Promise<Array<string | undefined>> {
	const withFile = execution.items('Kling').filter(({ binary }) => binary !== undefined);
	const files = await Promise.all(withFile.map(async (item) => await stage.engine.binary(item)));
	for (const { bytes } of files) expect(bytes.toString('base64')).toBe(SAMPLE_VIDEO_BASE64);
	return files.map(({ fileName }) => fileName);
}

it('Get Status routes the job of a dry run to Completed', async () => {
	const dry = await stage.run({ options: DRY });
	const execution = await stage.run({ operation: 'getStatus', routeByStatus: true }, dry.items('Kling'));
	expect([0, 1, 2].map((output) => outputOf(execution, output).length)).toEqual([1, 0, 0]);
});

it('Dry Run is on once it is added, and still on when the workflow was saved and opened again', async () => {
	const { properties } = new KlingVideo().description;
	const options = properties.find(
		({ name, displayOptions }) => name === 'options' && displayOptions?.show?.operation?.includes('generate'),
	);
	expect(options?.options).toContainEqual(expect.objectContaining({ name: 'dryRun', default: true }));
	const flow = stage.workflow({ options: DRY });
	const [, saved] = flow.nodes;
	const given = { resource: 'video', ...saved?.parameters };
	const stored = NodeHelpers.getNodeParameters(properties, given, false, false, saved ?? null, null);
	expect(stored).toMatchObject({ options: DRY });
});

it('a dry run beside real items does not count for Max Jobs', async () => {
	const options = { dryRun: '={{ $json.dry }}', maxJobs: 1 };
	const items = itemsOf({ prompt: 'A', dry: true }, { prompt: 'B', dry: false });
	await stage.run({ ...FROM_ITEM, completion: 'jobId', options }, items);
	expect(stage.prompts()).toEqual(['B']);
});
