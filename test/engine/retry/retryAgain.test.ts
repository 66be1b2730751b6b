import { itemsOf, type WorkflowJson } from '../harness/index';
import { FROM_ITEM, shots } from '../items';
import { outputOf } from '../results';
import { createStage, type Stage } from '../stage';

const RETRYABLE = 'Prediction interrupted; please retry (code: PA)';

let stage: Stage;
let workflows = 0;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 4_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => {
	stage.reset();
	workflows += 1;
});

const failJobs = (...numbers: number[]) => {
	for (const jobNumber of numbers) {
		stage.emulator.script({ when: { jobNumber }, job: { endsAs: 'failed', error: RETRYABLE } });
	}
};
/** One item after the other, so that the jobs have the items' order. Each test has a workflow of its own. */
const flowOf = (parameters: Record<string, unknown> = {}): WorkflowJson => ({
	...stage.workflow({ ...FROM_ITEM, downloadVideo: false, options: { maxConcurrency: 1 }, ...parameters }),
	id: `retried-${workflows}`,
});
const jobIdOf = (index: number) => stage.job(index).id;

describe('Executions > Retry of an execution that was retried before', () => {
	it('does not pay again for what the first retry made, and says so', async () => {
		failJobs(2, 3, 5);
		const first = await stage.engine.run(flowOf(), { items: shots(3) });
		expect((await stage.engine.retry(first)).status).toBe('error');
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 1', 'Shot 2']);
		const again = await stage.engine.retry(first);
		expect(stage.prompts().slice(5)).toEqual(['Shot 2']);
		expect(outputOf(again).map(({ jobId }) => jobId)).toEqual([jobIdOf(0), jobIdOf(3), jobIdOf(5)]);
		const hints = again.runs('Kling').flatMap((run) => (run.hints ?? []).map(({ message }) => message));
		expect(hints.join()).toContain('1 video of an earlier retry is used again and not paid for again');
	});

	it('keeps equal items apart: the retry of a retry takes no job that another item has', async () => {
		failJobs(1, 2, 4);
		const equal = itemsOf({ prompt: 'A' }, { prompt: 'A' });
		const first = await stage.engine.run(flowOf(), { items: equal });
		const second = await stage.engine.retry(first);
		const third = await stage.engine.retry(second);
		expect(outputOf(third).map(({ jobId }) => jobId)).toEqual([jobIdOf(2), jobIdOf(4)]);
		expect(stage.prompts()).toHaveLength(5);
	});

	it('takes nothing from retries of another execution, even of the same request', async () => {
		failJobs(1, 2);
		const flow = flowOf();
		const monday = await stage.engine.run(flow, { items: shots(1) });
		const tuesday = await stage.engine.run(flow, { items: shots(1) });
		await stage.engine.retry(monday);
		await stage.engine.retry(tuesday);
		expect(stage.prompts()).toHaveLength(4);
	});
});
