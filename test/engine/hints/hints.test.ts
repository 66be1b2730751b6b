import type { NodeExecutionHint } from 'n8n-workflow';
import { refusing } from '../faults';
import { type Execution, withAgent } from '../harness/index';
import { FROM_ITEM, retryOnFail, shots } from '../items';
import { thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;

beforeAll(async () => {
	stage = await createStage({ callbacks: true, emulator: { jobTimes: { queueMs: 1_000, runMs: 5_000 } } });
});
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const TEST_URL = 'https://n8n.example.com/webhook-test/0a1b/kling';
const hintsOf = (execution: Execution): NodeExecutionHint[] => execution.runs('Kling').at(-1)?.hints ?? [];
const linesOf = (execution: Execution) => hintsOf(execution).map(({ message }) => message);
const warningsOf = ({ logs }: Execution) => logs.filter(({ level }) => level === 'warn').map(({ message }) => message);

describe('what a run did stands above its output', () => {
	it.each([
		['runpod', 'wait', '3 videos made, 1.35 USD, as the provider reports'],
		['runpod', 'jobId', '3 videos submitted, about 1.35 USD'],
		['coreToday', 'wait', '3 videos made, at least 1,125 credits'],
		['coreToday', 'jobId', '3 videos submitted, at least 1,125 credits'],
	])('at %s with completion %s: %s', async (provider, completion, line) => {
		const execution = await stage.run({ ...FROM_ITEM, provider, completion, downloadVideo: false }, shots(3));
		expect(hintsOf(execution)).toEqual([{ message: line, location: 'outputPane' }]);
	});

	it('also of a run that pauses', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		const paused = await stage.pause({ provider: 'runpod' });
		expect([paused.status, linesOf(paused)]).toEqual(['waiting', ['1 video submitted, about 0.45 USD']]);
	});

	it('and names no price of a model that has none', async () => {
		const parameters = { provider: 'coreToday', model: 'other', modelId: 'acme/other', completion: 'jobId' };
		const own = await createStage({ emulator: { otherModels: ['acme/other'] } });
		expect(linesOf(await own.run(parameters))).toEqual(['1 video submitted, price not known']);
		await own.close();
	});

	it('and says how many jobs of an earlier try were taken up', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'interrupted; please retry' } });
		const execution = await stage.run(
			{ ...FROM_ITEM, provider: 'runpod', downloadVideo: false },
			shots(3),
			retryOnFail(),
		);
		expect([execution.status, stage.jobs().length]).toEqual(['success', 4]);
		expect(linesOf(execution)).toEqual([
			'1 video made, 0.45 USD, as the provider reports. 2 videos of an earlier try are used again and not paid for again',
		]);
	});

	it('and that the second provider took the place of the first', async () => {
		stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: refusing(402) });
		const execution = await stage.run({ provider: 'coreTodayThenRunpod', completion: 'jobId' });
		expect(linesOf(execution)).toEqual([
			'1 video submitted, about 0.45 USD',
			expect.stringMatching(/^1 video went to Runpod, as Core\.Today definitely did not start the job: \S/),
		]);
	});

	it.each([
		['coreToday', 'at least 750 credits'],
		['runpod', 'about 0.9 USD'],
	])('a dry run says that it paid for nothing, and what a real one costs at %s', async (provider, cost) => {
		const execution = await stage.run({ ...FROM_ITEM, provider, options: { dryRun: true } }, shots(2));
		const line = `Dry Run: nothing was submitted or paid for. A real run makes 2 videos, ${cost}`;
		expect(linesOf(execution)).toEqual([line]);
	});

	it('with On Error "Continue" the items that are errors are counted, as the run itself is green', async () => {
		const items = [...shots(2), { json: { prompt: '' } }];
		const parameters = { ...FROM_ITEM, provider: 'runpod', completion: 'jobId' };
		const execution = await stage.run(parameters, items, { onError: 'continueErrorOutput' });
		expect(linesOf(execution)).toEqual([
			'2 videos submitted, about 0.9 USD',
			'1 of 3 items failed (3rd item): Prompt is empty. Fill it in',
		]);
	});

	it('and what they quote stands in the note as text, which n8n takes for HTML', async () => {
		const items = [...shots(1), { json: { prompt: 'Shot', duration: '<b>ten</b>' } }];
		const parameters = {
			...FROM_ITEM,
			provider: 'coreToday',
			completion: 'jobId',
			duration: '={{ $json.duration ?? 5 }}',
		};
		const execution = await stage.run(parameters, items, { onError: 'continueErrorOutput' });
		expect(linesOf(execution).at(-1)).toBe(
			'1 of 2 items failed (2nd item): Duration has to be 5 or 10, but is "bten/b"',
		);
	});

	it('after an error its description says the same', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'NSFW content' } });
		const execution = await stage.run({ ...FROM_ITEM, provider: 'coreToday' }, shots(2));
		expect(hintsOf(execution)).toEqual([]);
		expect(thrown(execution).description).toMatch(/\n2 videos submitted, at least 750 credits<br>\n1st item:/);
	});

	it.each(['engine', 'process'])(
		'an agent that calls the node through its %s is told nothing of it',
		async (through) => {
			const execution = await stage.engine.run(withAgent(stage.node({ provider: 'runpod' }), [{}], through));
			expect(stage.jobs()).toHaveLength(1);
			expect(hintsOf(execution)).toEqual([]);
			expect(JSON.stringify(execution.items('Agent'))).not.toMatch(/video (made|submitted)/);
		},
	);
});

describe('a Callback URL that is a test URL', () => {
	it('is sent, and said in the log and above the output', async () => {
		const execution = await stage.run({ provider: 'runpod', completion: 'jobId', callbackUrl: TEST_URL });
		expect(stage.job().webhookUrl).toContain('/webhook-test/');
		const advice = expect.stringContaining('Publish the workflow with the trigger and use its production URL');
		expect(warningsOf(execution)).toEqual([advice]);
		expect(hintsOf(execution)).toEqual([
			expect.anything(),
			{ message: advice, type: 'warning', location: 'outputPane' },
		]);
	});

	it('of production is not commented on', async () => {
		const callbackUrl = TEST_URL.replace('webhook-test', 'webhook');
		const execution = await stage.run({ provider: 'runpod', completion: 'jobId', callbackUrl });
		expect([warningsOf(execution), linesOf(execution).length]).toEqual([[], 1]);
	});
});

describe('a workflow timeout that is shorter than Timeout', () => {
	const runWith = async (executionTimeout: number, parameters: Record<string, unknown>) => {
		const flow = stage.workflow({ provider: 'runpod', downloadVideo: false, ...parameters });
		return await stage.engine.run({ ...flow, settings: { executionTimeout } });
	};

	it('is said in the log of a run that waits', async () => {
		const execution = await runWith(60, {});
		expect(warningsOf(execution)).toEqual([
			expect.stringMatching(/^The timeout of this workflow \(60 seconds, .* Timeout \(1200 seconds\)/),
		]);
	});

	it.each([
		['long enough', 60, { options: { timeoutSeconds: 50 } }],
		['not set', -1, {}],
		['of a run that returns the job ID', 60, { completion: 'jobId' }],
		['of a dry run', 60, { options: { dryRun: true } }],
	])('is not said where it is %s', async (_name, executionTimeout, parameters) => {
		expect(warningsOf(await runWith(executionTimeout, parameters))).toEqual([]);
	});
});
