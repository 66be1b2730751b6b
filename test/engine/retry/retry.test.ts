import { join, readFileSync, repositoryFolder } from '../../support/node.cts';
import { providerNames } from '../../support/apis';
import { node, workflow } from '../harness/index';
import { errorsIn, FROM_ITEM, kling, promptsOf, requestsOf, setWarmStage, shots, thrown } from '../scenes';
import type { Stage } from '../stage';

/** What Replicate says of a job that is worth another try, and of one that is not. */
const PASSING = 'Prediction interrupted; please retry (code: PA)';
const REFUSED_FOR_CONTENT =
	'The input or output was flagged as sensitive. Please try again with different inputs. (E005)';
const RETRY = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };

let stage: Stage;

beforeAll(async () => {
	stage = await setWarmStage({ factor: 60, emulator: { jobTimes: { queueMs: 1_000, runMs: 5_000 } } });
});
afterAll(async () => await stage.close());
beforeEach(() => stage.emulator.reset());

const failJobs = (error: string, ...numbers: number[]) => {
	for (const jobNumber of numbers) stage.emulator.script({ when: { jobNumber }, job: { endsAs: 'failed', error } });
};
const timesPaid = () => {
	const prompts = promptsOf(stage);
	return prompts
		.filter((each, at) => prompts.indexOf(each) === at)
		.map((each) => prompts.filter((other) => other === each).length);
};

describe.each(providerNames)('Retry On Fail at %s', (provider) => {
	it('pays once more for the failed item on each further try, and for no other', async () => {
		failJobs(PASSING, 3, 6, 7);
		const execution = await stage.engine.run(stage.workflow({ ...FROM_ITEM, provider }, RETRY), { items: shots(5) });
		expect(execution.status).toBe('error');
		expect(stage.emulator.jobs()).toHaveLength(7);
		expect(timesPaid().sort()).toEqual([1, 1, 1, 1, 3]);
	});

	it('gives all five videos when the second try of the failed item succeeds', async () => {
		failJobs(PASSING, 3);
		const execution = await stage.engine.run(stage.workflow({ ...FROM_ITEM, provider }, RETRY), { items: shots(5) });
		expect(kling(execution).map(({ status }) => status)).toEqual(Array(5).fill('completed'));
		expect(new Set(kling(execution).map(({ jobId }) => jobId)).size).toBe(5);
		expect(stage.emulator.jobs()).toHaveLength(6);
	});

	it('does not pay again for an item that was refused for its content', async () => {
		failJobs(REFUSED_FOR_CONTENT, 3);
		const execution = await stage.engine.run(stage.workflow({ ...FROM_ITEM, provider }, RETRY), { items: shots(5) });
		expect(execution.status).toBe('error');
		expect(stage.emulator.jobs()).toHaveLength(5);
	});
});

describe('Retry On Fail beside On Error "Continue", where n8n looks at the first item only', () => {
	// One after the other, so that the items' jobs have the items' order.
	const flow = () =>
		stage.workflow({ ...FROM_ITEM, options: { maxConcurrency: 1 } }, { ...RETRY, onError: 'continueRegularOutput' });

	it('pays once more for a first item that failed, and for no other', async () => {
		failJobs(PASSING, 1);
		const execution = await stage.engine.run(flow(), { items: shots(3) });
		expect(kling(execution).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
		expect(promptsOf(stage)).toEqual(['Shot 0', 'Shot 1', 'Shot 2', 'Shot 0']);
	});

	it('pays nothing more for a later one', async () => {
		failJobs(PASSING, 2);
		const execution = await stage.engine.run(flow(), { items: shots(3) });
		expect(errorsIn(kling(execution))).toMatchObject([{ failure: { retryable: true } }]);
		expect(promptsOf(stage)).toEqual(['Shot 0', 'Shot 1', 'Shot 2']);
	});
});

describe("the editor's Retry", () => {
	it('re-attaches to jobs that still run', async () => {
		stage.emulator.script({ job: { runMs: 20_000 } });
		const impatient = stage.workflow({ ...FROM_ITEM, options: { timeoutSeconds: 10 } });
		const failed = await stage.engine.run(impatient, { items: shots(3) });
		expect(failed.status).toBe('error');
		const retried = await stage.engine.retry(failed, stage.workflow(FROM_ITEM));
		expect(kling(retried).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
		expect(kling(retried).map(({ jobId }) => jobId)).toEqual(stage.emulator.jobs().map(({ id }) => id));
		expect(stage.emulator.jobs()).toHaveLength(3);
	});

	it('takes the videos of finished jobs without asking for their jobs again', async () => {
		failJobs(PASSING, 2);
		const failed = await stage.engine.run(stage.workflow(FROM_ITEM), { items: shots(3) });
		const looksBefore = requestsOf(stage, 'status').length;
		const finished = stage.emulator
			.jobs()
			.filter(({ phase }) => phase === 'completed')
			.map(({ id }) => id);
		const retried = await stage.engine.retry(failed);
		const [again] = stage.emulator.jobs().slice(3);
		expect(stage.emulator.jobs()).toHaveLength(4);
		expect(new Set(kling(retried).map(({ jobId }) => jobId))).toEqual(new Set([...finished, again?.id]));
		const asked = requestsOf(stage, 'status')
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
		const failed = await stage.engine.run(stage.workflow(FROM_ITEM), { items: shots(3) });
		expect(stage.emulator.jobs()).toHaveLength(1);
		const retried = await stage.engine.retry(failed);
		expect(kling(retried).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
		expect(timesPaid()).toEqual([1, 1, 1]);
	});

	it('does not submit a job again that somebody else cancelled', async () => {
		stage.emulator.script({ job: { endsAs: 'cancelled' } });
		const failed = await stage.engine.run(stage.workflow({}));
		const retried = await stage.engine.retry(failed);
		expect(stage.emulator.jobs()).toHaveLength(1);
		expect(thrown(retried).message).toContain('was cancelled');
	});

	it('makes a new job where the request was changed', async () => {
		failJobs(REFUSED_FOR_CONTENT, 1);
		const failed = await stage.engine.run(stage.workflow({ prompt: 'Something refused' }));
		const retried = await stage.engine.retry(failed, stage.workflow({ prompt: 'Something decent' }));
		expect(kling(retried)).toMatchObject([{ status: 'completed' }]);
		expect(promptsOf(stage)).toEqual(['Something refused', 'Something decent']);
	});
});

it('two equal items are two jobs, also after a retry', async () => {
	failJobs(PASSING, 2);
	const execution = await stage.engine.run(stage.workflow({}, RETRY), { items: shots(2) });
	const ids = kling(execution).map(({ jobId }) => jobId);
	expect(new Set(ids).size).toBe(2);
	expect(stage.emulator.jobs()).toHaveLength(3);
});

it("a loop's next turn is a new job, though its request is the same", async () => {
	const kinds = [
		node('Start', 'items'),
		node('Loop', 'loop'),
		...stage.workflow({}, RETRY).nodes.filter(({ name }) => name !== 'Start'),
	];
	const links = [
		{ from: 'Start', to: 'Loop' },
		{ from: 'Loop', to: 'Collect' },
		{ from: 'Loop', to: 'Kling', output: 1 },
		{ from: 'Kling', to: 'Loop' },
	];
	failJobs(PASSING, 2);
	const execution = await stage.engine.run(workflow(kinds, links), { items: shots(3) });
	expect(new Set(execution.items('Collect').map(({ json }) => json.jobId)).size).toBe(3);
	expect(stage.emulator.jobs()).toHaveLength(4);
});

it('the ledger keeps what a retry needs, and no picture or video', async () => {
	const data = readFileSync(join(repositoryFolder, 'test/fixtures/media/image.png')).toString('base64');
	const items = [{ json: {}, binary: { data: { data, mimeType: 'image/png' } } }];
	const execution = await stage.engine.run(stage.workflow({ provider: 'runpod', startImageSource: 'binary' }), {
		items,
	});
	const [job] = stage.emulator.jobs();
	const kept = JSON.stringify(execution.contextData);
	expect(job?.input.image).toBe(`data:image/png;base64,${data}`);
	expect(kept).toContain(job?.id);
	expect(kept).not.toContain(data.slice(0, 40));
	expect(kept.length).toBeLessThan(2_000);
});
