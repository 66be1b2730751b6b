import { providerNames } from '../../support/apis';
import { itemsOf, loop } from '../harness/index';
import { CONTINUE, END, FROM_ITEM, itemWith, retryOnFail, shots } from '../items';
import { errorsIn, outputOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

/** What Replicate says of a job that is worth another try, and of one that is not. */
const RETRYABLE = 'Prediction interrupted; please retry (code: PA)';
const REFUSED_FOR_CONTENT =
	'The input or output was flagged as sensitive. Please try again with different inputs. (E005)';

let stage: Stage;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 1_000, runMs: 5_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const failJobs = (error: string, ...numbers: number[]) => {
	for (const jobNumber of numbers) stage.emulator.script({ when: { jobNumber }, job: { endsAs: 'failed', error } });
};
const timesPaid = () => {
	const prompts = stage.prompts();
	return prompts
		.filter((each, at) => prompts.indexOf(each) === at)
		.map((each) => prompts.filter((other) => other === each).length);
};

describe.each(providerNames)('Retry On Fail at %s', (provider) => {
	it('pays once more for the failed item on each further try, and for no other', async () => {
		failJobs(RETRYABLE, 3, 6, 7);
		const execution = await stage.run({ ...FROM_ITEM, provider }, shots(5), retryOnFail());
		expect(execution.status).toBe('error');
		expect(stage.jobs()).toHaveLength(7);
		expect(timesPaid().sort()).toEqual([1, 1, 1, 1, 3]);
	});

	it('gives all five videos when the second try of the failed item succeeds', async () => {
		failJobs(RETRYABLE, 3);
		const execution = await stage.run({ ...FROM_ITEM, provider }, shots(5), retryOnFail());
		expect(statusesOf(execution)).toEqual(Array(5).fill('completed'));
		expect(new Set(outputOf(execution).map(({ jobId }) => jobId)).size).toBe(5);
		expect(stage.jobs()).toHaveLength(6);
	});

	it('does not pay again for an item that was refused for its content', async () => {
		failJobs(REFUSED_FOR_CONTENT, 3);
		const execution = await stage.run({ ...FROM_ITEM, provider }, shots(5), retryOnFail());
		expect(execution.status).toBe('error');
		expect(stage.jobs()).toHaveLength(5);
	});
});

describe('Retry On Fail beside On Error "Continue", where n8n looks at the first item only', () => {
	// One after the other, so that the items' jobs have the items' order.
	const run = async () =>
		await stage.run({ ...FROM_ITEM, options: { maxConcurrency: 1 } }, shots(3), { ...retryOnFail(), ...CONTINUE });

	it('pays once more for a first item that failed, and for no other', async () => {
		failJobs(RETRYABLE, 1);
		const execution = await run();
		expect(statusesOf(execution)).toEqual(['completed', 'completed', 'completed']);
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 0']);
	});

	it('pays nothing more for a later one', async () => {
		failJobs(RETRYABLE, 2);
		const execution = await run();
		expect(errorsIn(outputOf(execution))).toMatchObject([{ failure: { retryable: true } }]);
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2']);
	});
});

describe('Executions > Retry', () => {
	it('follows the jobs that still run', async () => {
		stage.emulator.script({ job: { runMs: 20_000 } });
		const impatient = stage.workflow({ ...FROM_ITEM, options: { timeoutSeconds: 10 } });
		const failed = await stage.engine.run(impatient, { items: shots(3) });
		expect(failed.status).toBe('error');
		const retried = await stage.engine.retry(failed, stage.workflow(FROM_ITEM));
		expect(statusesOf(retried)).toEqual(['completed', 'completed', 'completed']);
		expect(outputOf(retried).map(({ jobId }) => jobId)).toEqual(stage.jobs().map(({ id }) => id));
		expect(stage.jobs()).toHaveLength(3);
	});

	it('downloads the videos of finished jobs without asking for their status again', async () => {
		failJobs(RETRYABLE, 2);
		const failed = await stage.run(FROM_ITEM, shots(3));
		const looksBefore = stage.requests('status').length;
		const finished = stage
			.jobs()
			.filter(({ phase }) => phase === 'completed')
			.map(({ id }) => id);
		const retried = await stage.engine.retry(failed);
		const [again] = stage.jobs().slice(3);
		expect(stage.jobs()).toHaveLength(4);
		expect(new Set(outputOf(retried).map(({ jobId }) => jobId))).toEqual(new Set([...finished, again?.id]));
		const asked = stage
			.requests('status')
			.slice(looksBefore)
			.map(({ jobId }) => jobId);
		expect(new Set(asked)).toEqual(new Set([again?.id]));
		await expect(
			Promise.all(retried.items('Kling').map(async (item) => await stage.engine.binary(item))),
		).resolves.toHaveLength(3);
	});

	it('submits what was never accepted', async () => {
		stage.emulator.misbehave({
			when: { call: 'submit', first: 2 },
			do: { reply: { status: 402, body: { detail: 'Insufficient credit' } } },
		});
		const failed = await stage.run(FROM_ITEM, shots(3));
		expect(stage.jobs()).toHaveLength(1);
		const retried = await stage.engine.retry(failed);
		expect(statusesOf(retried)).toEqual(['completed', 'completed', 'completed']);
		expect(timesPaid()).toEqual([1, 1, 1]);
	});

	it('does not submit a job again that somebody else cancelled', async () => {
		stage.emulator.script({ job: { endsAs: 'cancelled' } });
		const failed = await stage.run();
		const retried = await stage.engine.retry(failed);
		expect(stage.jobs()).toHaveLength(1);
		expect(thrown(retried).message).toContain('was cancelled');
	});

	it('makes a new job where the request was changed', async () => {
		failJobs(REFUSED_FOR_CONTENT, 1);
		const failed = await stage.run({ prompt: 'Something refused' });
		const retried = await stage.engine.retry(failed, stage.workflow({ prompt: 'Something decent' }));
		expect(outputOf(retried)).toMatchObject([{ status: 'completed' }]);
		expect(stage.prompts()).toEqual(['Something refused', 'Something decent']);
	});
});

describe('Executions > Retry of an execution that was retried before', () => {
	let workflows = 0;
	/** One item after the other, so that the jobs have the items' order. Each is a saved workflow of its own. */
	const savedFlow = () => ({
		...stage.workflow({ ...FROM_ITEM, downloadVideo: false, options: { maxConcurrency: 1 } }),
		id: `retried-${++workflows}`,
	});
	const jobIdsAt = (...indexes: number[]) => indexes.map((index) => stage.job(index).id);

	it('does not pay again for what the first retry made, and says so', async () => {
		failJobs(RETRYABLE, 2, 3, 5);
		const first = await stage.engine.run(savedFlow(), { items: shots(3) });
		expect((await stage.engine.retry(first)).status).toBe('error');
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 1', 'Shot 2']);
		const again = await stage.engine.retry(first);
		expect(stage.prompts().slice(5)).toEqual(['Shot 2']);
		expect(outputOf(again).map(({ jobId }) => jobId)).toEqual(jobIdsAt(0, 3, 5));
		const hints = again.runs('Kling').flatMap((run) => (run.hints ?? []).map(({ message }) => message));
		expect(hints.join()).toContain('1 video of an earlier retry is used again and not paid for again');
	});

	it('keeps equal items apart: the retry of a retry takes no job that another item has', async () => {
		failJobs(RETRYABLE, 1, 2, 4);
		const first = await stage.engine.run(savedFlow(), { items: itemsOf({ prompt: 'A' }, { prompt: 'A' }) });
		const third = await stage.engine.retry(await stage.engine.retry(first));
		expect(outputOf(third).map(({ jobId }) => jobId)).toEqual(jobIdsAt(2, 4));
		expect(stage.jobs()).toHaveLength(5);
	});

	it('takes nothing from retries of another execution, even of the same request', async () => {
		failJobs(RETRYABLE, 1, 2);
		const flow = savedFlow();
		const monday = await stage.engine.run(flow, { items: shots(1) });
		const tuesday = await stage.engine.run(flow, { items: shots(1) });
		await stage.engine.retry(monday);
		await stage.engine.retry(tuesday);
		expect(stage.jobs()).toHaveLength(4);
	});
});

it('two equal items are two jobs, also after a retry', async () => {
	failJobs(RETRYABLE, 2);
	const execution = await stage.run({}, shots(2), retryOnFail());
	const ids = outputOf(execution).map(({ jobId }) => jobId);
	expect(new Set(ids).size).toBe(2);
	expect(stage.jobs()).toHaveLength(3);
});

it("a loop's next turn is a new job, though its request is the same", async () => {
	failJobs(RETRYABLE, 2);
	const execution = await stage.engine.run(loop([stage.node({}, retryOnFail())]), { items: shots(3) });
	expect(new Set(execution.items('Collect').map(({ json }) => json.jobId)).size).toBe(3);
	expect(stage.jobs()).toHaveLength(4);
});

it('the ledger keeps what a retry needs, and no picture or video', async () => {
	const data = Buffer.from(END.bytes).toString('base64');
	const execution = await stage.run({ provider: 'runpod', startImageSource: 'binary' }, [itemWith({ data: END })]);
	const job = stage.job();
	const kept = JSON.stringify(execution.contextData);
	expect(job.input.image).toBe(`data:image/png;base64,${data}`);
	expect(kept).toContain(job.id);
	expect(kept).not.toContain(data.slice(0, 40));
	expect(kept.length).toBeLessThan(2_000);
});
