import { loop, withAgent } from '../harness/index';
import { CONTINUE, FROM_ITEM, retryOnFail, shots } from '../items';
import { errorsIn, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const SUBMIT_ONLY = { ...FROM_ITEM, completion: 'jobId' };

let stage: Stage;

beforeAll(
	async () =>
		(stage = await createStage({
			emulator: {
				jobTimes: { queueMs: 0, runMs: 3_000 },
				otherModels: ['other/model'],
				otherEndpoints: ['other-endpoint'],
			},
		})),
);
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const run = async (parameters: Record<string, unknown>, count: number, settings: Record<string, unknown> = {}) =>
	await stage.run({ ...SUBMIT_ONLY, ...parameters }, shots(count), settings);
const nothingSent = () => expect(stage.requests()).toEqual([]);

describe('Max Cost', () => {
	it('allows a run that costs exactly that much', async () => {
		await run({ provider: 'runpod', options: { maxCost: 1.35 } }, 3);
		expect(stage.jobs()).toHaveLength(3);
	});

	it('refuses the whole run above it, naming estimate, limit and items', async () => {
		const execution = await run({ provider: 'runpod', options: { maxCost: 1.34 } }, 3);
		nothingSent();
		const { message } = thrown(execution);
		expect(message).toContain('1.35 USD for the 1st–3rd items');
		expect(message).toContain('Max Cost is 1.34 USD');
		expect(message).toContain('Nothing was submitted');
	});

	it('counts ten seconds double at Runpod', async () => {
		const execution = await run({ provider: 'runpod', duration: 10, options: { maxCost: 0.89 } }, 1);
		nothingSent();
		expect(thrown(execution).message).toContain('0.9 USD for the 1st item');
	});

	it('counts what has only a base price as its minimum, and says so', async () => {
		const execution = await run({ mode: 'pro', duration: 10, options: { maxCost: 749 } }, 2);
		nothingSent();
		const { message } = thrown(execution);
		expect(message).toContain('at least 750 credits for the 1st and 2nd items');
		expect(message).toContain('Only a base price is documented, so the real cost may be higher');
	});

	it.each([
		['coreToday', 'other/model'],
		['runpod', 'other-endpoint'],
	])('refuses an unknown price at %s', async (provider, modelId) => {
		const execution = await run({ provider, model: 'other', modelId, options: { maxCost: 1_000_000 } }, 1);
		nothingSent();
		expect(thrown(execution).message).toMatch(/The price of "other(\/model|-endpoint)" is not known.*Max Jobs instead/);
	});

	it('under Continue gives an error item for each item', async () => {
		const execution = await run({ provider: 'runpod', options: { maxCost: 0.5 } }, 2, {
			onError: 'continueRegularOutput',
		});
		nothingSent();
		expect(errorsIn(outputOf(execution)).map(({ message }) => message)).toEqual(
			Array(2).fill(expect.stringContaining('Max Cost is 0.5 USD')),
		);
	});
});

describe('Max Jobs', () => {
	it('allows a run that makes exactly that many', async () => {
		await run({ options: { maxJobs: 3 } }, 3);
		expect(stage.jobs()).toHaveLength(3);
	});

	it('refuses the whole run above it, naming count, limit and items', async () => {
		const execution = await run({ options: { maxJobs: 2 } }, 3);
		nothingSent();
		expect(thrown(execution).message).toMatch(/3 jobs \(1st–3rd items\).*Max Jobs is 2/);
	});

	it('holds for a model of unknown price', async () => {
		await run({ model: 'other', modelId: 'other/model', options: { maxJobs: 1 } }, 1);
		expect(stage.jobs()).toHaveLength(1);
	});
});

describe.each(['maxCost', 'maxJobs', 'fallbackMaxCost'])('%s', (limit) => {
	it.each([
		-1,
		'many',
		'',
		null,
		'1e400',
		'={{ NaN }}',
		'={{ Infinity }}',
		'={{ undefined }}',
		'={{ [] }}',
		'={{ true }}',
		'0x10',
	])('refuses the run if it is %j', async (value) => {
		const execution = await run({ provider: 'coreTodayThenRunpod', options: { [limit]: value } }, 1);
		nothingSent();
		expect(thrown(execution).message).toContain('has to be a number of 0 or more');
	});
});

it('a limit of 0 allows nothing, and a sheet may give it as text', async () => {
	expect(thrown(await run({ options: { maxJobs: 0 } }, 1)).message).toContain('Max Jobs is 0');
	expect(thrown(await run({ options: { maxCost: '374.5' } }, 1)).message).toContain('Max Cost is 374.5 credits');
	nothingSent();
});

describe('a workflow can tell by its code why an item was not submitted:', () => {
	it.each([
		['Max Cost', { provider: 'runpod', options: { maxCost: 0.5 } }, 'limit_reached'],
		['Max Jobs', { options: { maxJobs: 1 } }, 'limit_reached'],
		['a limit that is no number', { options: { maxJobs: 'many' } }, 'invalid_input'],
	])('%s', async (_name, parameters, code) => {
		const execution = await run(parameters, 2, CONTINUE);
		nothingSent();
		const errors = errorsIn(outputOf(execution));
		expect(errors).toHaveLength(2);
		for (const { message, failure } of errors) {
			expect(failure).toEqual({ message, code, retryable: code === 'limit_reached', charged: 'no' });
		}
	});

	it('a retry that would pass the limit, beside an item that keeps its job', async () => {
		stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'Please try again' } });
		const options = { maxJobs: 2 };
		const failed = await run({ completion: 'wait', downloadVideo: false, options }, 2);
		const flow = stage.workflow({ ...FROM_ITEM, downloadVideo: false, options }, CONTINUE);
		const [done, refused] = outputOf(await stage.engine.retry(failed, flow));
		expect(stage.jobs()).toHaveLength(2);
		expect(done).toMatchObject({ status: 'completed' });
		// Core.Today does not say whether the failed job was charged.
		const { id } = stage.job(1);
		const failure = { code: 'limit_reached', charged: 'unknown' };
		const description = expect.stringContaining(`${id} (Core.Today), which failed: Please try again`);
		expect(refused).toMatchObject({ error: { jobId: id, status: 'failed', failure, description } });
	});
});

describe('a limit holds for the whole execution', () => {
	const looped = (parameters: Record<string, unknown>) => loop([stage.node({ ...SUBMIT_ONLY, ...parameters })]);

	it.each([
		[
			'maxCost',
			{ maxCost: 1 },
			'0.45 USD for the 1st item on top of 0.9 USD that this execution has already submitted',
		],
		['maxJobs', { maxJobs: 2 }, '1 jobs (1st item) on top of 2 that this execution has already submitted'],
	])('a loop that would pass %s item by item is stopped at it', async (_limit, options, text) => {
		const execution = await stage.engine.run(looped({ provider: 'runpod', options }), { items: shots(5) });
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1']);
		expect(thrown(execution).message).toContain(text);
	});

	it('with Return Job ID a job counts whatever becomes of it, as the node does not see how it ends', async () => {
		const job = { queueMs: 0, runMs: 0, endsAs: 'failed', error: 'worker temporarily unavailable' } as const;
		stage.emulator.script({ when: { jobNumber: 1 }, job });
		const execution = await stage.engine.run(looped({ provider: 'runpod', options: { maxJobs: 2 } }), {
			items: shots(3),
		});
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1']);
		expect(thrown(execution).message).toContain('on top of 2 that this execution has already submitted');
	});

	it('a retry counts what earlier tries paid', async () => {
		const error = 'Prediction interrupted; please retry (code: PA)';
		stage.emulator.script({ job: { endsAs: 'failed', error } });
		const settings = retryOnFail(5);
		// Core.Today does not say whether a failed job is charged, so it counts.
		const execution = await run({ completion: 'wait', options: { maxCost: 375 * 2 } }, 1, settings);
		expect(stage.jobs()).toHaveLength(2);
		expect(thrown(execution).message).toContain('on top of 750 credits');
	});

	it('a failed job that was surely not charged does not count against Max Cost and Max Jobs', async () => {
		const error = 'worker temporarily unavailable';
		stage.emulator.script({ when: { first: 2 }, job: { endsAs: 'failed', error } });
		const settings = retryOnFail();
		const execution = await run(
			{ provider: 'runpod', completion: 'wait', options: { maxCost: 0.45, maxJobs: 1 } },
			1,
			settings,
		);
		expect(outputOf(execution)).toMatchObject([{ status: 'completed' }]);
	});

	it('a limit that is reached on a retry keeps the receipts of what was paid for', async () => {
		// Of three videos with a limit of three jobs the third fails, and would be tried again.
		stage.emulator.script({ when: { jobNumber: 3 }, job: { endsAs: 'failed', error: 'Please try again' } });
		const parameters = { completion: 'wait', downloadVideo: false, options: { maxJobs: 3 } };
		const execution = await run(parameters, 3, retryOnFail(2));
		const done = stage.jobs().filter(({ endsAs }) => endsAs !== 'failed');
		expect(stage.jobs()).toHaveLength(3);
		expect(done).toHaveLength(2);
		const { description } = thrown(execution);
		expect(description).toContain('Max Jobs is 3');
		for (const { id, videoUrl } of done) expect(description).toContain(`${id}, completed, ${videoUrl}`);
	});

	it('a limit that is reached on a retry of a failed video names its job and its reason', async () => {
		stage.emulator.script({ job: { endsAs: 'failed', error: 'Please try again' } });
		const execution = await run({ completion: 'wait', options: { maxJobs: 1 } }, 1, retryOnFail(2));
		const { message, description } = thrown(execution);
		expect(message).toContain('Max Jobs is 1');
		expect(description).toMatch(
			new RegExp(`^Nothing new was submitted\\.<br>\n.*\n.*${stage.job().id}, failed, .*Please try again`),
		);
	});

	it.each([
		['one provider refuses', 'coreToday'],
		['both providers refuse', 'coreTodayThenRunpod'],
	])('a submit that %s when a failed video is made again names the job of the first try', async (_name, provider) => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { endsAs: 'failed', error: 'Please try again' } });
		const reply = { status: 402, body: { detail: 'Payment required' } };
		stage.emulator.misbehave({ when: { call: 'submit', skip: 1 }, do: { reply } });
		const execution = await run({ provider, completion: 'wait' }, 1, { ...retryOnFail(2), ...CONTINUE });
		expect(stage.jobs()).toHaveLength(1);
		const [item] = outputOf(execution);
		expect(item).toMatchObject({ error: { jobId: stage.job().id, failure: { code: 'insufficient_credit' } } });
	});

	it('a submit whose answer was lost counts as a job', async () => {
		stage.emulator.misbehave({ when: { call: 'submit', first: 1 }, do: { cut: 'after' } });
		const failed = await run({ options: { maxJobs: 2 } }, 1);
		const retried = await stage.engine.retry(failed, stage.workflow({ completion: 'jobId', options: { maxJobs: 1 } }));
		expect(stage.jobs()).toHaveLength(1);
		expect(thrown(retried).message).toContain('Max Jobs is 1');
	});
});

describe.each(['engine', 'process'])('an AI Agent that calls the tool through its %s', (through) => {
	it.each([
		['maxCost', { maxCost: 1 }],
		['maxJobs', { maxJobs: 2 }],
	])('is stopped at %s', async (_limit, options) => {
		const parameters = { provider: 'runpod', completion: 'jobId', prompt: "={{ $fromAI('prompt') }}", options };
		const flow = withAgent(
			stage.node(parameters),
			shots(5).map(({ json }) => ({ prompt: String(json.prompt) })),
			through,
		);
		const execution = await stage.engine.run(flow);
		expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1']);
		// In its own process the agent fails with the tool; through the engine the tool's error is its answer.
		const answers = execution.items('Agent').map(({ json }) => String(json.answer));
		const refused = through === 'process' ? [execution.error('Agent')?.message ?? ''] : answers.slice(2);
		expect(refused).toHaveLength(through === 'process' ? 1 : 3);
		for (const answer of refused) expect(answer).toMatch(/Max (Cost is 1 USD|Jobs is 2)/);
	});
});
