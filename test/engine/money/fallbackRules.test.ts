import { refusing } from '../faults';
import { FROM_ITEM, CONTINUE, END, itemWith, retryOnFail, shots } from '../items';
import { outputOf, errorsIn, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;

beforeAll(async () => {
	stage = await createStage({
		factor: 60,
		emulator: { jobTimes: { queueMs: 0, runMs: 3_000 }, otherEndpoints: ['other-endpoint'] },
	});
});
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

describe('what the second provider is asked', () => {
	it('is pro at Core.Today where standard was chosen, as Runpod would have made pro', async () => {
		empty('runpod');
		const execution = await run({ provider: 'runpodThenCoreToday', mode: 'standard', duration: 10 });
		expect(jobs()).toMatchObject([{ provider: 'coreToday', input: { mode: 'pro', duration: 10, prompt: 'Shot 0' } }]);
		expect(outputOf(execution)).toMatchObject([{ cost: { unit: 'credits', source: 'minimum' } }]);
	});

	it("is Runpod's only quality where standard was chosen at Core.Today, and the item's cost says so", async () => {
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

	it('has the form of its own options and the same negative prompt', async () => {
		empty('coreToday');
		await run({ provider: 'coreTodayThenRunpod', options: { guidanceScale: 0.8, negativePrompt: 'blur' } });
		expect(jobs()[0]?.input).toMatchObject({ guidance_scale: 0.8, negative_prompt: 'blur' });
		expect(stage.requests('submit')[0]?.body).toMatchObject({ input: { negative_prompt: 'blur' } });
		expect(stage.requests('submit')[0]?.body).not.toMatchObject({ input: { guidance_scale: 0.8 } });
	});

	it('gets a picture of the input in its own way', async () => {
		empty('coreToday');
		const startImage = { provider: 'coreTodayThenRunpod', startImageSource: 'binary' };
		await stage.run(startImage, [itemWith({ data: END })]);
		const data = Buffer.from(END.bytes).toString('base64');
		expect(stage.requests('uploadUrl')).toHaveLength(1);
		expect(jobs()).toMatchObject([{ provider: 'runpod', input: { image: `data:image/png;base64,${data}` } }]);
	});
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

describe('no second chance is taken', () => {
	it('after a job that the first accepted and failed', async () => {
		stage.emulator.script({ job: { endsAs: 'failed', error: 'flagged as sensitive (E005)' } });
		await run({ provider: 'coreTodayThenRunpod' });
		expect(jobs().map(({ provider }) => provider)).toEqual(['coreToday']);
	});

	it('where the second refuses too: the error names both', async () => {
		empty('coreToday');
		empty('runpod');
		const execution = await run({ provider: 'coreTodayThenRunpod' });
		expect(thrown(execution).message).toMatch(/Runpod: Insufficient credit.*before that, Core\.Today was tried/);
		expect(stage.requests('submit')).toHaveLength(2);
	});

	it('after a second whose answer was lost, also by a retry', async () => {
		empty('coreToday');
		stage.emulator.misbehave({ when: { provider: 'runpod', call: 'submit' }, do: { cut: 'after' } });
		const failed = await run({ provider: 'coreTodayThenRunpod' }, 1, retryOnFail());
		const retried = await stage.engine.retry(failed);
		expect(jobs()).toHaveLength(1);
		expect(thrown(retried).message).toContain('It is not known whether Runpod accepted the job');
	});

	it('by a retry of a job that the second made', async () => {
		empty('coreToday');
		stage.emulator.script({ job: { runMs: 20_000 } });
		const failed = await run({ provider: 'coreTodayThenRunpod', options: { timeoutSeconds: 10 } });
		const retried = await stage.engine.retry(failed, stage.workflow({ ...FROM_ITEM, provider: 'coreTodayThenRunpod' }));
		expect(outputOf(retried)).toMatchObject([{ jobId: jobs()[0]?.id, fallbackFrom: { provider: 'coreToday' } }]);
		expect(stage.requests('submit')).toHaveLength(2);
	});
});
