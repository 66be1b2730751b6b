import type { IExecuteFunctions } from 'n8n-workflow';
import type { Clock } from '../../../nodes/core/clock';
import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node';
import { createMemory } from '../../../nodes/kling/memory';
import { providerNames } from '../../support/apis';
import { itemsOf, node, row, workflow, type WorkflowJson } from '../harness/index';
import { flaky } from '../harness/probes';
import { CONTINUE, FROM_ITEM, retryOnFail, shots } from '../items';
import { errorsIn, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const HOUR_MS = 3_600_000;
const MANUAL = { mode: 'manual' } as const;
/** Worth another try, so that n8n's own retries would make a new job of it. */
const PASSING = 'Prediction interrupted; please retry (code: PA)';

const memory = createMemory();
let stage: Stage;
/** The same process with the same credentials, which point to other servers. */
let elsewhere: Stage;
let lateMs = 0;

/** As n8n 2.41 runs a node for a person: who pressed the button is encrypted anew for each run (docs/n8n.md#credentials). */
function inNewContexts(klingVideo: KlingVideo): KlingVideo {
	const { execute } = klingVideo;
	let runs = 0;
	klingVideo.execute = async function (this: IExecuteFunctions) {
		const credentials = `encrypted for run ${++runs}`;
		const getExecutionContext = () => ({ ...this.getExecutionContext(), credentials });
		return await execute.call(Object.create(this, { getExecutionContext: { value: getExecutionContext } }));
	};
	return klingVideo;
}

beforeAll(async () => {
	const nodeTypes = (clock: Clock) => {
		const late = { ...clock, now: () => clock.now() + lateMs };
		return { klingVideo: inNewContexts(new KlingVideo(late, memory)), flaky };
	};
	const options = { emulator: { jobTimes: { queueMs: 0, runMs: 4_000 } }, nodeTypes };
	stage = await createStage(options);
	elsewhere = await createStage(options);
});
afterAll(async () => {
	await stage.close();
	await elsewhere.close();
});

let workflows = 0;
beforeEach(() => {
	stage.reset();
	lateMs = 0;
	workflows += 1;
});

/** One item after the other, so that the jobs have the items' order. Each test has a workflow of its own. */
const flowOf = (parameters: Record<string, unknown> = {}, settings: Record<string, unknown> = {}): WorkflowJson => ({
	...stage.workflow({ ...FROM_ITEM, downloadVideo: false, options: { maxConcurrency: 1 }, ...parameters }, settings),
	id: `workflow-${workflows}`,
});
const press = async (flow: WorkflowJson, items = shots(3)) => await stage.engine.run(flow, { ...MANUAL, items });
const failJob = (jobNumber: number, error = PASSING) =>
	stage.emulator.script({ when: { jobNumber }, job: { endsAs: 'failed', error } });
const jobIds = () => stage.jobs().map(({ id }) => id);

/** The notes above the output that say what was taken over. */
const takenOverIn = (execution: Awaited<ReturnType<typeof press>>) =>
	execution
		.runs('Kling')
		.flatMap(({ hints }) => (hints ?? []).map(({ message }) => message))
		.filter((message) => message.includes('used again'));

describe.each(providerNames)('Execute step after a partial failure at %s', (provider) => {
	it('pays for the failed item only, and says how many videos it took over', async () => {
		failJob(2);
		const flow = flowOf({ provider });
		const failed = await press(flow);
		expect([failed.status, stage.prompts()]).toEqual(['error', ['Shot 0', 'Shot 1', 'Shot 2']]);
		const again = await press(flow);
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 1']);
		const [first, , third, second] = jobIds();
		expect(outputOf(again).map(({ jobId }) => jobId)).toEqual([first, second, third]);
		expect(takenOverIn(again)).toEqual([
			expect.stringMatching(
				/^1 video made, .* 2 videos of an earlier run in the editor are used again and not paid for again\. If you run this node once more, it makes all 3 videos anew, and you pay again$/,
			),
		]);
	});

	it('does the same where On Error is Continue', async () => {
		failJob(2);
		const flow = flowOf({ provider }, CONTINUE);
		expect(errorsIn(outputOf(await press(flow)))).toHaveLength(1);
		expect(outputOf(await press(flow)).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
		expect(stage.jobs()).toHaveLength(4);
	});

	it('takes up jobs that still run, and waits for them as long as Timeout says', async () => {
		stage.emulator.script({ job: { runMs: 25_000 } });
		const flow = flowOf({ provider, options: { timeoutSeconds: 15 } });
		const impatient = await press(flow);
		expect(thrown(impatient).message).toContain('3 of 3');
		expect(
			outputOf(await press(flow))
				.map(({ jobId }) => jobId)
				.sort(),
		).toEqual(jobIds().sort());
		expect(stage.jobs()).toHaveLength(3);
	});
});

it('a run that fails again says what it took over, and leaves it to the next', async () => {
	failJob(2);
	failJob(4);
	const flow = flowOf();
	const first = thrown(await press(flow)).description;
	for (const way of ['Execute step', 'Retry', 'On Error', 'Continue']) expect(first).toContain(way);
	expect(first).not.toContain('used again');
	expect(thrown(await press(flow)).description).toContain('2 videos of an earlier run in the editor are used again');
	expect((await press(flow)).status).toBe('success');
	expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 1', 'Shot 1']);
});

it('of several failures, one whose submit nobody knows the end of is named with what to do before the next press', async () => {
	failJob(1, 'Content flagged as sensitive (E005)');
	stage.emulator.misbehave({ when: { call: 'submit', skip: 1, first: 1 }, do: { cut: 'after' } });
	const { description } = thrown(await press(flowOf()));
	expect(description).toMatch(
		/2nd item: The job may exist and may have been charged.* Look in your Core\.Today account/,
	);
	expect(description).toContain('Look in your account before you press Execute step');
});

it('with On Error "Continue" the output says what the next press keeps, if there is something to keep', async () => {
	failJob(2);
	failJob(4);
	const hints = async (flow: WorkflowJson, items = shots(3)) =>
		JSON.stringify((await press(flow, items)).runs('Kling').map((run) => run.hints));
	expect(await hints(flowOf({}, CONTINUE))).toContain(
		'press Execute step or Execute workflow within an hour: finished videos are kept',
	);
	workflows += 1;
	expect(await hints(flowOf({}, CONTINUE), shots(1))).toMatch(/"The item failed: [^"]*retry \(code: PA\)"/);
});

it('a run that has succeeded makes new videos when it is started again', async () => {
	failJob(2);
	const flow = flowOf();
	await press(flow);
	expect((await press(flow)).status).toBe('success');
	expect(stage.jobs()).toHaveLength(4);
	const third = await press(flow);
	expect(stage.jobs()).toHaveLength(7);
	expect(takenOverIn(third)).toEqual([]);
	const [{ hints } = {}] = third.runs('Kling');
	expect(hints?.map(({ message }) => message)).toEqual([
		'3 videos made, at least 1,125 credits. If you run this node once more, it makes all 3 videos anew, and you pay again',
	]);
});

it('a run that came through by Retry On Fail leaves nothing', async () => {
	failJob(2);
	const flow = flowOf({}, retryOnFail(2));
	expect((await press(flow)).status).toBe('success');
	expect(stage.jobs()).toHaveLength(4);
	await press(flow);
	expect(stage.jobs()).toHaveLength(7);
});

it('equal items keep jobs of their own: a second try takes none that its first try left', async () => {
	failJob(2);
	const flow = flowOf({ prompt: 'The same' }, retryOnFail(2));
	const execution = await press(flow);
	expect(new Set(outputOf(execution).map(({ jobId }) => jobId)).size).toBe(3);
	expect(stage.jobs()).toHaveLength(4);
});

it('each job is taken over once, by its request and not by its place', async () => {
	failJob(3);
	const flow = flowOf();
	await press(flow, itemsOf({ prompt: 'A' }, { prompt: 'B' }, { prompt: 'C' }));
	await press(flow, itemsOf({ prompt: 'C' }, { prompt: 'B' }, { prompt: 'A' }, { prompt: 'A' }));
	expect(stage.prompts()).toEqual(['A', 'B', 'C', 'C', 'A']);
});

it('a changed prompt makes a new video, and the others are taken over all the same', async () => {
	failJob(3);
	const flow = flowOf();
	await press(flow);
	await press(flow, itemsOf({ prompt: 'Shot 0' }, { prompt: 'Changed' }, { prompt: 'Shot 2' }));
	expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Changed', 'Shot 2']);
});

describe('nothing is taken over', () => {
	const other = (flow: WorkflowJson, changes: Record<string, unknown>): WorkflowJson => ({
		...flow,
		nodes: flow.nodes.map((each) => (each.name === 'Kling' ? { ...each, ...changes } : each)),
	});

	it.each([
		['in another workflow', (flow: WorkflowJson) => ({ ...flow, id: 'another' })],
		['by another node', (flow: WorkflowJson) => other(flow, { id: 'another' })],
		[
			'with another credential',
			(flow: WorkflowJson) => other(flow, { credentials: { coreTodayApi: { id: 'another', name: 'Another' } } }),
		],
	])('%s', async (_where, changed) => {
		failJob(3);
		await press(flowOf({ provider: 'coreToday' }));
		await press(changed(flowOf({ provider: 'coreToday' })));
		expect(stage.jobs()).toHaveLength(6);
	});

	it('from a workflow that was never saved', async () => {
		failJob(3);
		const flow = { ...flowOf(), id: '__EMPTY__' };
		expect(thrown(await press(flow)).description).not.toContain('Execute step');
		await press(flow);
		expect(stage.jobs()).toHaveLength(6);
	});

	it('an hour later', async () => {
		failJob(3);
		const flow = flowOf();
		await press(flow);
		lateMs = HOUR_MS;
		await press(flow);
		expect(stage.jobs()).toHaveLength(6);
	});

	it('by a production execution, nor from one, nor from a sub-workflow', async () => {
		failJob(3);
		failJob(6);
		const flow = flowOf();
		const items = shots(3);
		for (const mode of ['trigger', 'integrated'] as const) await stage.engine.run(flow, { mode, items });
		failJob(9);
		await press(flow);
		expect(stage.jobs()).toHaveLength(9);
		await stage.engine.run(flow, { items });
		expect(stage.jobs()).toHaveLength(12);
	});

	it('by a dry run, which leaves everything to the next real one', async () => {
		failJob(3);
		const flow = flowOf();
		await press(flow);
		const dry = await press(flowOf({ options: { dryRun: true } }));
		expect(outputOf(dry).map(({ dryRun }) => dryRun)).toEqual([true, true, true]);
		await press(flow);
		expect(stage.jobs()).toHaveLength(4);
	});

	it('where a later node failed', async () => {
		const nodes = flowOf().nodes.filter(({ name }) => name === 'Kling');
		const flow = { ...row([...nodes, node('Later', 'flaky', { succeedsAt: 9 })]), id: `workflow-${workflows}` };
		expect((await press(flow)).status).toBe('error');
		expect((await press(flow)).status).toBe('error');
		expect(stage.jobs()).toHaveLength(6);
	});

	it('at another base URL', async () => {
		failJob(3);
		const flow = flowOf();
		await press(flow);
		await elsewhere.engine.run(flow, { ...MANUAL, items: shots(3) });
		expect(elsewhere.jobs()).toHaveLength(3);
	});
});

it('a job that has failed since is not taken over: its picture may have been mended', async () => {
	stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 25_000, endsAs: 'failed', error: PASSING } });
	const flow = flowOf({ options: { timeoutSeconds: 15 } });
	await press(flow, shots(1));
	await stage.clock.sleep(15_000);
	expect(outputOf(await press(flow, shots(1)))).toMatchObject([{ jobId: jobIds()[1], status: 'completed' }]);
	expect(stage.jobs()).toHaveLength(2);
});

it('a submit whose answer was lost is not taken over: a new run is the advice there', async () => {
	stage.emulator.misbehave({ when: { call: 'submit', first: 1 }, do: { cut: 'after' } });
	const flow = flowOf();
	expect(thrown(await press(flow, shots(1))).message).toContain('not known');
	expect((await press(flow, shots(1))).status).toBe('success');
	expect(stage.jobs()).toHaveLength(2);
});

it('a job whose record is gone is named and not paid for again in silence', async () => {
	stage.emulator.script({ job: { runMs: 25_000 } });
	const flow = flowOf({ provider: 'coreToday', options: { timeoutSeconds: 15 } });
	await press(flow, shots(1));
	stage.emulator.misbehave({ when: { call: 'status' }, do: { reply: { status: 404, body: { detail: 'gone' } } } });
	const gone = thrown(await press(flow, shots(1)));
	expect(`${gone.message} ${gone.description}`).toContain(jobIds()[0]);
	expect(gone.description).toContain('run again to make, and pay for, a new one');
	expect(stage.jobs()).toHaveLength(1);
	await press(flow, shots(1));
	expect(stage.jobs()).toHaveLength(2);
});

it('what is taken over counts in no limit', async () => {
	failJob(3);
	await press(flowOf({ provider: 'runpod' }));
	const options = { maxConcurrency: 1, maxJobs: 1, maxCost: 0.45 };
	expect((await press(flowOf({ provider: 'runpod', options }))).status).toBe('success');
	expect(stage.jobs()).toHaveLength(4);
});

it('a run that is refused by its limits takes nothing away', async () => {
	failJob(3);
	const flow = flowOf();
	await press(flow);
	const refused = await press(flowOf({ options: { maxJobs: 0 } }));
	expect(refused.status).toBe('error');
	expect((await press(flow)).status).toBe('success');
	expect(stage.jobs()).toHaveLength(4);
});

it('Executions > Retry takes its jobs from the execution, and the next manual run makes new ones', async () => {
	failJob(3);
	const flow = flowOf();
	const failed = await press(flow);
	expect((await stage.engine.retry(failed)).status).toBe('success');
	expect(stage.jobs()).toHaveLength(4);
	await press(flow);
	expect(stage.jobs()).toHaveLength(7);
});

it("with Output Raw the provider's reply is there again", async () => {
	failJob(2);
	const flow = flowOf({ options: { maxConcurrency: 1, output: 'raw' } });
	await press(flow);
	expect(outputOf(await press(flow)).map(({ raw }) => typeof raw)).toEqual(['object', 'object', 'object']);
	expect(stage.jobs()).toHaveLength(4);
});

it('Pause Until Callback follows a job that was taken over, as its callback goes to the run before', async () => {
	stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 25_000 } });
	await press(flowOf({ options: { timeoutSeconds: 15 } }), shots(1));
	const execution = await press(flowOf({ completion: 'callback' }), shots(1));
	expect([execution.status, stage.jobs().length]).toEqual(['success', 1]);
	expect(outputOf(execution)).toMatchObject([{ jobId: jobIds()[0], status: 'completed' }]);
});

describe('a loop', () => {
	/** Start → Loop ⇄ Kling, one item a turn. */
	function loopOf(settings: Record<string, unknown> = {}): WorkflowJson {
		const kinds = [node('Start', 'items'), node('Loop', 'loop'), ...flowOf({}, settings).nodes.slice(1)];
		const links = [
			{ from: 'Start', to: 'Loop' },
			{ from: 'Loop', to: 'Collect' },
			{ from: 'Loop', to: 'Kling', output: 1 },
			{ from: 'Kling', to: 'Loop' },
		];
		return { ...workflow(kinds, links), id: `workflow-${workflows}` };
	}

	it('leaves the jobs of all its turns when one throws', async () => {
		failJob(3);
		expect((await press(loopOf())).status).toBe('error');
		expect((await press(loopOf())).status).toBe('success');
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 2']);
	});

	it('leaves the jobs of the turns after an error item, too', async () => {
		failJob(2);
		await press(loopOf(CONTINUE));
		await press(loopOf(CONTINUE));
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 1']);
		await press(loopOf(CONTINUE));
		expect(stage.jobs()).toHaveLength(7);
	});

	it('leaves the jobs of earlier turns when one is refused', async () => {
		const items = itemsOf({ prompt: 'Shot 0' }, { prompt: '' });
		expect((await press(loopOf(), items)).status).toBe('error');
		await press(loopOf(), shots(2));
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1']);
	});
});

it('nobody is asked for completed jobs that are taken over', async () => {
	failJob(3);
	const flow = flowOf();
	await press(flow);
	const before = stage.requests('status').length;
	await press(flow);
	const asked = stage.requests('status').slice(before);
	expect(new Set(asked.map(({ jobId }) => jobId))).toEqual(new Set([jobIds()[3]]));
});
