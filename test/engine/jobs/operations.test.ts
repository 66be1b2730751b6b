import type { INodeExecutionData } from 'n8n-workflow';
import { providerNames } from '../../support/apis';
import { type Execution, itemsOf } from '../harness/index';
import { FROM_ITEM, shots, withFile } from '../items';
import { expectVideo, outputOf, statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ factor: 100, emulator: { jobTimes: { queueMs: 1_000, runMs: 25_000 } } })),
);
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const ON_ERROR = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const;
const CASES = providerNames.flatMap((provider) =>
	ON_ERROR.flatMap((onError) => [1, 3].map((count) => ({ provider, onError, count }))),
);

/** The job that each output item names, after checking that the items are all there, in order and paired. */
function jobsOf(execution: Execution, count: number) {
	const items = execution.items('Kling');
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(items.map((_, index) => ({ item: index })));
	expect(items).toHaveLength(count);
	expect(execution.items('Collect')).toHaveLength(count);
	return items.map(({ json }) => stage.jobs().find(({ id }) => id === json.jobId));
}

const promptsOf = (execution: Execution, count: number) => jobsOf(execution, count).map((job) => job?.input.prompt);
const promptsOfShots = (count: number) => shots(count).map(({ json }) => json.prompt);

async function expectVideos(execution: Execution): Promise<void> {
	for (const item of execution.items('Kling')) await expectVideo(stage, item);
}

describe.each(CASES)('$provider, $count item(s), On Error $onError', ({ provider, onError, count }) => {
	const asking = (parameters: Record<string, unknown>, items: INodeExecutionData[]) =>
		stage.run({ provider, ...FROM_ITEM, ...parameters }, items, { onError });

	const submitted = async () => await stage.submit({ provider, ...FROM_ITEM }, shots(count));

	test('Generate makes one video for each item and pays for no more', async () => {
		const execution = await asking({}, shots(count));
		expect(promptsOf(execution, count)).toEqual(promptsOfShots(count));
		expect(stage.jobs()).toHaveLength(count);
		await expectVideos(execution);
	});

	test('Return Job ID gives each item its job at once, and Get Status, Wait and Download take it from there', async () => {
		const execution = await asking({ completion: 'jobId' }, shots(count));
		expect(promptsOf(execution, count)).toEqual(promptsOfShots(count));
		expect(stage.requests('status')).toEqual([]);
		const items = itemsOf(...outputOf(execution));
		const seen = await asking({ operation: 'getStatus' }, items);
		expect(promptsOf(seen, count)).toEqual(promptsOfShots(count));
		expect(statusesOf(seen).every((status) => status === 'pending' || status === 'processing')).toBe(true);
		const waited = await asking({ operation: 'wait' }, items);
		expect(promptsOf(waited, count)).toEqual(promptsOfShots(count));
		await expectVideos(waited);
		const ended = await asking({ operation: 'getStatus' }, items);
		expect(statusesOf(ended)).toEqual(promptsOfShots(count).map(() => 'completed'));
		const downloaded = await asking({ operation: 'download' }, itemsOf(...outputOf(ended)));
		expect(promptsOf(downloaded, count)).toEqual(promptsOfShots(count));
		await expectVideos(downloaded);
		expect(stage.jobs()).toHaveLength(count);
	});

	test('Cancel cancels each job and says so', async () => {
		const execution = await asking({ operation: 'cancel' }, await submitted());
		expect(promptsOf(execution, count)).toEqual(promptsOfShots(count));
		expect(statusesOf(execution)).toEqual(promptsOfShots(count).map(() => 'cancelled'));
		expect(stage.jobs().every(({ phase }) => phase === 'cancelled')).toBe(true);
	});

	test('no file of an input item comes out', async () => {
		const execution = await asking({ operation: 'getStatus' }, withFile(await submitted()));
		expect(execution.items('Kling').map((item) => item.binary)).toEqual(promptsOfShots(count).map(() => undefined));
	});
});
