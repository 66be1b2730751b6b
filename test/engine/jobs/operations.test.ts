import type { INodeExecutionData } from 'n8n-workflow';
import { createHash } from '../../support/node.cts';
import { providerNames } from '../../support/apis';
import type { Execution } from '../harness/index';
import { itemsOf } from '../harness/index';
import { setWatchedStage, type WatchedStage } from '../watched';

let stage: WatchedStage;
beforeAll(
	async () =>
		(stage = await setWatchedStage({ factor: 100, emulator: { jobTimes: { queueMs: 1_000, runMs: 25_000 } } })),
);
afterEach(() => stage.emulator.reset());
afterAll(async () => await stage.close());

const ON_ERROR = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const;
const CASES = providerNames.flatMap((provider) =>
	ON_ERROR.flatMap((onError) => [1, 3].map((count) => ({ provider, onError, count }))),
);

const rows = (count: number) => itemsOf(...Array.from({ length: count }, (_, index) => ({ prompt: `scene ${index}` })));

/** The job that each output item names, after checking that the items are all there, in order and paired. */
function jobsOf(execution: Execution, count: number) {
	const items = execution.items('Kling');
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(items.map((_, index) => ({ item: index })));
	expect(items).toHaveLength(count);
	expect(execution.items('Collect')).toHaveLength(count);
	return items.map(({ json }) => stage.emulator.jobs().find(({ id }) => id === json.jobId));
}

const promptsOf = (execution: Execution, count: number) => jobsOf(execution, count).map((job) => job?.input.prompt);
const wanted = (count: number) => rows(count).map(({ json }) => json.prompt);
const statusesOf = (execution: Execution) => execution.items('Kling').map(({ json }) => json.status);

/** The file of every item is the video of the item's own job, to the byte. */
async function expectVideos(execution: Execution, count: number): Promise<void> {
	for (const [index, job] of jobsOf(execution, count).entries()) {
		const file = await stage.engine.binary(execution.items('Kling')[index]);
		expect([file.mimeType, file.fileName]).toEqual(['video/mp4', `kling-${job?.id}.mp4`]);
		expect(createHash('sha256').update(file.bytes).digest('hex')).toBe(job?.videoSha256);
	}
}

describe.each(CASES)('$provider, $count item(s), On Error $onError', ({ provider, onError, count }) => {
	const asking = (parameters: Record<string, unknown>, items: INodeExecutionData[]) =>
		stage.run({ provider, prompt: '={{ $json.prompt }}', ...parameters }, items, { onError });

	/** Submits without waiting. */
	async function submitted(): Promise<INodeExecutionData[]> {
		return (await asking({ completion: 'jobId' }, rows(count))).items('Kling').map(({ json }) => ({ json }));
	}

	test('Generate makes one video for each item and pays for no more', async () => {
		const execution = await asking({}, rows(count));
		expect(promptsOf(execution, count)).toEqual(wanted(count));
		expect(stage.emulator.jobs()).toHaveLength(count);
		await expectVideos(execution, count);
	});

	test('Return Job ID gives each item its job at once, and Get Status, Wait and Download take it from there', async () => {
		const execution = await asking({ completion: 'jobId' }, rows(count));
		expect(promptsOf(execution, count)).toEqual(wanted(count));
		expect(stage.emulator.requests().filter(({ call }) => call === 'status')).toEqual([]);
		const items = execution.items('Kling').map(({ json }) => ({ json }));
		const looked = await asking({ operation: 'getStatus' }, items);
		expect(promptsOf(looked, count)).toEqual(wanted(count));
		expect(statusesOf(looked).every((status) => status === 'pending' || status === 'processing')).toBe(true);
		const waited = await asking({ operation: 'wait' }, items);
		expect(promptsOf(waited, count)).toEqual(wanted(count));
		await expectVideos(waited, count);
		const ended = await asking({ operation: 'getStatus' }, items);
		expect(statusesOf(ended)).toEqual(wanted(count).map(() => 'completed'));
		const downloaded = await asking(
			{ operation: 'download' },
			ended.items('Kling').map(({ json }) => ({ json })),
		);
		expect(promptsOf(downloaded, count)).toEqual(wanted(count));
		await expectVideos(downloaded, count);
		expect(stage.emulator.jobs()).toHaveLength(count);
	});

	test('Cancel cancels each job and says so', async () => {
		const execution = await asking({ operation: 'cancel' }, await submitted());
		expect(promptsOf(execution, count)).toEqual(wanted(count));
		expect(statusesOf(execution)).toEqual(wanted(count).map(() => 'cancelled'));
		expect(stage.emulator.jobs().every(({ phase }) => phase === 'cancelled')).toBe(true);
	});

	test('what the input items carried beside JSON does not come out', async () => {
		const binary = { data: { data: 'eA==', mimeType: 'image/png' } };
		const items = (await submitted()).map((item) => ({ ...item, binary }));
		const execution = await asking({ operation: 'getStatus' }, items);
		expect(execution.items('Kling').map((item) => item.binary)).toEqual(wanted(count).map(() => undefined));
	});
});
