import type { ProviderName } from '../../../nodes/core/job';
import { asObject } from '../../../nodes/core/json';
import { choices } from '../../../nodes/core/providers/choices';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import { NO_CREDIT } from '../faults';
import { itemsOf } from '../harness/index';
import { FROM_ITEM, itemWith, shots, START } from '../items';
import { outputOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const DRY = { dryRun: true };

let stage: Stage;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 3_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const nothingSent = () => expect(stage.requests()).toEqual([]);

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

it.each(['getStatus', 'wait', 'cancel', 'download'])(
	'%s refuses the job of a dry run and says what to do',
	async (operation) => {
		const dry = await stage.run({ options: DRY });
		const about = { jobId: '={{ $json.jobId }}', videoUrl: '={{ $json.videoUrl }}' };
		const execution = await stage.run({ operation, provider: 'fromInput', ...about }, dry.items('Kling'));
		nothingSent();
		expect(thrown(execution).message).toMatch(
			/dry-run-1, which a dry run made: there is no such (job|video)\. Turn Dry Run off/,
		);
	},
);

it('a dry run beside real items does not count for Max Jobs', async () => {
	const options = { dryRun: '={{ $json.dry }}', maxJobs: 1 };
	const items = itemsOf({ prompt: 'A', dry: true }, { prompt: 'B', dry: false });
	await stage.run({ ...FROM_ITEM, completion: 'jobId', options }, items);
	expect(stage.prompts()).toEqual(['B']);
});
