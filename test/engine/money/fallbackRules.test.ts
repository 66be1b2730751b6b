import { NO_CREDIT, refusing } from '../faults';
import { CONTINUE, END, FROM_ITEM, itemWith, retryOnFail, shots } from '../items';
import { errorsIn, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;

beforeAll(
	async () =>
		(stage = await createStage({
			emulator: { jobTimes: { queueMs: 0, runMs: 3_000 }, otherEndpoints: ['other-endpoint'] },
		})),
);
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

/** The provider's account is empty: it surely creates nothing. */
const empty = (provider: 'coreToday' | 'runpod') =>
	stage.emulator.misbehave({
		when: { provider, call: 'submit' },
		do: refusing(402, 'Insufficient credit'),
	});
const run = async (parameters: Record<string, unknown>, count = 1, settings: Record<string, unknown> = {}) =>
	await stage.run({ ...FROM_ITEM, ...parameters }, shots(count), settings);
const jobs = () => stage.jobs();

describe('the request to the second provider', () => {
	it('has Mode Pro at Core.Today where Standard was chosen, as Runpod makes nothing else', async () => {
		empty('runpod');
		const execution = await run({ provider: 'runpodThenCoreToday', mode: 'standard', duration: 10 });
		expect(jobs()).toMatchObject([{ provider: 'coreToday', input: { mode: 'pro', duration: 10, prompt: 'Shot 0' } }]);
		expect(outputOf(execution)).toMatchObject([{ cost: { unit: 'credits', source: 'minimum' } }]);
	});

	it('has no Mode at Runpod where Standard was chosen, and the item has the cost of Runpod', async () => {
		empty('coreToday');
		const execution = await run({ provider: 'coreTodayThenRunpod', mode: 'standard', duration: 10 });
		expect(jobs()).toMatchObject([{ provider: 'runpod', input: { duration: 10 } }]);
		expect(jobs()[0]?.input).not.toHaveProperty('mode');
		expect(outputOf(execution)).toMatchObject([{ cost: { amount: 0.9, unit: 'USD', source: 'reported' } }]);
	});

	it.each([
		['coreTodayThenRunpod', 'coreToday'],
		['runpodThenCoreToday', 'runpod'],
	] as const)('has none of the additional input (%s)', async (provider, first) => {
		empty(first);
		const options = { additionalInput: { negative_prompt: 'only for the first' } };
		await run({ provider, options });
		expect(stage.requests('submit')[0]?.body).toMatchObject({ input: options.additionalInput });
		expect(jobs()[0]?.input).not.toHaveProperty('negative_prompt');
	});

	it('has the options of that provider, and the same negative prompt', async () => {
		empty('coreToday');
		await run({ provider: 'coreTodayThenRunpod', negativePrompt: 'blur', options: { guidanceScale: 0.8 } });
		expect(jobs()[0]?.input).toMatchObject({ guidance_scale: 0.8, negative_prompt: 'blur' });
		expect(stage.requests('submit')[0]?.body).toMatchObject({ input: { negative_prompt: 'blur' } });
		expect(stage.requests('submit')[0]?.body).not.toMatchObject({ input: { guidance_scale: 0.8 } });
	});

	it('has a picture of the input as that provider takes it', async () => {
		empty('coreToday');
		const startImage = { provider: 'coreTodayThenRunpod', startImageSource: 'binary' };
		await stage.run(startImage, [itemWith({ data: END })]);
		const data = Buffer.from(END.bytes).toString('base64');
		expect(stage.requests('uploadUrl')).toHaveLength(1);
		expect(jobs()).toMatchObject([{ provider: 'runpod', input: { image: `data:image/png;base64,${data}` } }]);
	});
});

it('a model that Runpod has retired is no fallback: the item is an error, and nothing is paid for', async () => {
	empty('coreToday');
	const gone = { reply: { status: 404, body: { error: 'endpoint not found' } } };
	stage.emulator.misbehave({ when: { provider: 'runpod', call: 'submit' }, do: gone });
	const [error] = errorsIn(outputOf(await run({ provider: 'coreTodayThenRunpod' }, 1, CONTINUE)));
	expect(error).toMatchObject({ failure: { code: 'endpoint_not_found', charged: 'no' } });
	expect(jobs()).toEqual([]);
});

describe('an end image', () => {
	const endImage = () => ({ mode: 'pro', endImageSource: 'url', endImageUrl: `${stage.emulator.url}/images/end.png` });

	it('cannot go to Runpod, so there is no fallback to it', async () => {
		empty('coreToday');
		const execution = await run({ provider: 'coreTodayThenRunpod', ...endImage() });
		expect(jobs()).toEqual([]);
		expect(stage.requests('submit').map(({ provider }) => provider)).toEqual(['coreToday']);
		expect(thrown(execution).message).toContain('Insufficient credit');
	});

	it('is refused where Runpod comes first, rather than silently dropped', async () => {
		const execution = await run({ provider: 'runpodThenCoreToday', ...endImage() });
		expect(stage.requests()).toEqual([]);
		expect(thrown(execution).message).toContain('End Image cannot go to Runpod');
	});
});

describe('End Image None from an expression, in any case and with blanks around it', () => {
	const none = (word: string) => ({ endImageSource: `={{ "${word}" }}`, endImageUrl: 'https://example.com/end.png' });

	it.each(['None', ' none ', 'NONE\\u200b'])('is no end image where Runpod comes first: "%s"', async (word) => {
		await run({ provider: 'runpodThenCoreToday', ...none(word) });
		expect(jobs()).toMatchObject([{ provider: 'runpod' }]);
	});

	it('leaves the fallback to Runpod', async () => {
		empty('coreToday');
		await run({ provider: 'coreTodayThenRunpod', ...none('None') });
		expect(jobs()).toMatchObject([{ provider: 'runpod' }]);
	});
});

describe('Fallback Max Cost', () => {
	it('caps what the second provider is paid in the execution', async () => {
		empty('coreToday');
		const options = { fallbackMaxCost: 0.9 };
		const execution = await run({ provider: 'coreTodayThenRunpod', options }, 3, CONTINUE);
		expect(jobs().map(({ provider }) => provider)).toEqual(['runpod', 'runpod']);
		expect(errorsIn(outputOf(execution))).toMatchObject([
			{ provider: 'coreToday', failure: { code: 'insufficient_credit' } },
		]);
	});

	it('is in credits where Core.Today is the second', async () => {
		empty('runpod');
		await run({ provider: 'runpodThenCoreToday', options: { fallbackMaxCost: 374 } });
		expect(jobs()).toEqual([]);
	});

	it('lets nothing go to a second provider of unknown price', async () => {
		empty('coreToday');
		const options = { fallbackMaxCost: 100, endpointId: 'other-endpoint' };
		await run({ provider: 'coreTodayThenRunpod', options });
		expect(jobs()).toEqual([]);
	});

	it('has to be set beside Max Cost, or there is no fallback', async () => {
		empty('coreToday');
		await run({ provider: 'coreTodayThenRunpod', options: { maxCost: 1000 } });
		expect(jobs()).toEqual([]);
		await run({ provider: 'coreTodayThenRunpod', options: { maxCost: 1000, fallbackMaxCost: 1 } });
		expect(jobs()).toHaveLength(1);
	});
});

describe('fallbackFrom', () => {
	it('says which provider did not and why, on the item and in what Wait makes of it', async () => {
		empty('coreToday');
		const submitted = await run({ provider: 'coreTodayThenRunpod', completion: 'jobId' });
		const fallbackFrom = { provider: 'coreToday', reason: 'Core.Today: Insufficient credit' };
		expect(outputOf(submitted)).toMatchObject([{ provider: 'runpod', fallbackFrom }]);
		const flow = stage.workflow({ operation: 'wait', provider: 'fromInput', jobId: '={{ $json.jobId }}' });
		const waited = await stage.engine.run(flow, { items: submitted.items('Kling') });
		expect(outputOf(waited)).toMatchObject([{ status: 'completed', fallbackFrom }]);
	});

	it('is absent where the first made the video', async () => {
		expect(outputOf(await run({ provider: 'coreTodayThenRunpod' }))[0]).not.toHaveProperty('fallbackFrom');
	});
});

describe('nothing more is paid for', () => {
	it('after a job that the first provider accepted and that failed', async () => {
		stage.emulator.script({ job: { endsAs: 'failed', error: 'flagged as sensitive (E005)' } });
		await run({ provider: 'coreTodayThenRunpod' });
		expect(jobs().map(({ provider }) => provider)).toEqual(['coreToday']);
	});

	it('where the second provider refuses too, and the error names both', async () => {
		empty('coreToday');
		empty('runpod');
		const execution = await run({ provider: 'coreTodayThenRunpod' });
		expect(thrown(execution).message).toMatch(/Runpod: Insufficient credit.*before that, Core\.Today was tried/);
		expect(stage.requests('submit')).toHaveLength(2);
	});

	it('after the answer of the second provider was lost, also by a retry', async () => {
		empty('coreToday');
		stage.emulator.misbehave({ when: { provider: 'runpod', call: 'submit' }, do: { cut: 'after' } });
		const failed = await run({ provider: 'coreTodayThenRunpod' }, 1, retryOnFail());
		const retried = await stage.engine.retry(failed);
		expect(jobs()).toHaveLength(1);
		expect(thrown(retried).message).toContain('It is not known whether Runpod accepted the job');
	});

	it('by a retry, which takes up the job of the second provider', async () => {
		empty('coreToday');
		stage.emulator.script({ job: { runMs: 20_000 } });
		const failed = await run({ provider: 'coreTodayThenRunpod', options: { timeoutSeconds: 10 } });
		const retried = await stage.engine.retry(failed, stage.workflow({ ...FROM_ITEM, provider: 'coreTodayThenRunpod' }));
		expect(outputOf(retried)).toMatchObject([{ jobId: jobs()[0]?.id, fallbackFrom: { provider: 'coreToday' } }]);
		expect(stage.requests('submit')).toHaveLength(2);
	});
});

it('an end image in Additional Input is not dropped: a second provider that cannot take it is not tried', async () => {
	stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: NO_CREDIT });
	const additionalInput = { end_image: stage.emulator.imageUrl, mode: 'pro' };
	const parameters = { provider: 'coreTodayThenRunpod', options: { additionalInput: JSON.stringify(additionalInput) } };
	const execution = await stage.run(parameters);
	expect([execution.status, stage.jobs()]).toEqual(['error', []]);
});

it('a 402 that names a job is not taken for a refusal: the error has the job ID, and no second provider is paid', async () => {
	const body = { job_id: 'job-77', status: 'pending', error: 'payment required' };
	stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: { reply: { status: 402, body } } });
	const execution = await stage.run({ provider: 'coreTodayThenRunpod' });
	expect(thrown(execution).message).toMatch(/It is not known whether Core.Today accepted the job: .*job-77/);
	expect(stage.jobs()).toEqual([]);
});
