import type { ProviderName } from '../../../nodes/core/job';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import { CONTINUE } from '../items';
import { errorsIn, itemOf, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

const MINIMUM = { amount: 375, unit: 'credits', source: 'minimum' };
const usd = (amount: number, source: string) => ({ amount, unit: 'USD', source });

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

const costOf = async (parameters: Record<string, unknown>) => itemOf(await stage.run(parameters)).json.cost;
/** The item of a job that was submitted and not waited for. */
const submitted = async (provider: string) => at(await stage.submit({ provider }), 0).json;
/** What an operation says of the job in such an item. */
const on = async (operation: string, parameters: Record<string, unknown>, json: object) => {
	const about = { operation, provider: 'fromInput', jobId: '={{ $json.jobId }}', ...parameters };
	return itemOf(await stage.run(about, [{ json: { ...json } }])).json;
};
/** From now on the provider's replies name no cost. */
const reportNoCost = () => stage.emulator.script({ job: { outputShape: 'string' } });

describe('the cost of a video', () => {
	it('is what Runpod reports', async () => {
		expect(await costOf({ provider: 'runpod' })).toEqual(usd(0.45, 'reported'));
		expect(await costOf({ provider: 'runpod', duration: 10 })).toEqual(usd(0.9, 'reported'));
	});

	it('is estimated from the documented price where Runpod reports none', async () => {
		reportNoCost();
		expect(await costOf({ provider: 'runpod' })).toEqual(usd(0.45, 'estimated'));
		expect(await costOf({ provider: 'runpod', duration: 10 })).toEqual(usd(0.9, 'estimated'));
	});

	it('is a minimum at Core.Today, which documents a base price only', async () => {
		expect(await costOf({})).toEqual(MINIMUM);
		expect(await costOf({ mode: 'pro', duration: 10 })).toEqual(MINIMUM);
	});

	it('is absent for a model or endpoint of unknown price', async () => {
		expect(await costOf({ model: 'other', modelId: 'other/model' })).toBeUndefined();
		expect(await costOf({ provider: 'runpod', model: 'other', modelId: 'other-endpoint' })).toBeUndefined();
	});

	it('is the estimate of the merged request, additional input included', async () => {
		expect(
			await costOf({ provider: 'runpod', completion: 'jobId', options: { additionalInput: { duration: 10 } } }),
		).toEqual(usd(0.9, 'estimated'));
	});
});

/** What a job of the default form costs: before and after its provider has reported it. */
const COSTS: Readonly<Record<ProviderName, readonly [before: object, after: object]>> = {
	coreToday: [MINIMUM, MINIMUM],
	runpod: [usd(0.45, 'estimated'), usd(0.45, 'reported')],
};

describe.each(providerNames)('a job of %s that was not waited for', (provider) => {
	const [before, after] = COSTS[provider];

	it('has its estimate at once, and keeps it until the provider reports', async () => {
		stage.emulator.script({ job: { runMs: 20_000 } });
		const job = await submitted(provider);
		expect(job.cost).toEqual(before);
		expect(await on('getStatus', {}, job)).toMatchObject({ status: 'processing', cost: before });
		expect(await on('wait', {}, job)).toMatchObject({ status: 'completed', cost: after });
	});

	it('has no estimate where the input item has none', async () => {
		stage.emulator.script({ job: { runMs: 60_000 } });
		const { jobId, model } = await submitted(provider);
		expect(await on('getStatus', { provider }, { jobId, model })).not.toHaveProperty('cost');
	});

	it("does not take another job's estimate for its own", async () => {
		stage.emulator.script({ job: { runMs: 60_000 } });
		const job = await submitted(provider);
		const other = { ...job, jobId: 'another-job' };
		expect(await on('getStatus', { jobId: job.jobId }, other)).not.toHaveProperty('cost');
	});

	it('has no cost once it was cancelled, as nobody documents what that costs', async () => {
		stage.emulator.script({ job: { runMs: 60_000 } });
		const job = await submitted(provider);
		const cancelled = await on('cancel', {}, job);
		expect(cancelled.status).toBe('cancelled');
		expect(cancelled).not.toHaveProperty('cost');
	});
});

it.each(providerNames)('a failed job at %s has no cost unless one was reported', async (provider) => {
	stage.emulator.script({ job: { endsAs: 'failed', error: 'CUDA error' } });
	const job = await submitted(provider);
	await stage.clock.sleep(4_000);
	const seen = await on('getStatus', {}, job);
	expect(seen.status).toBe('failed');
	expect(seen).not.toHaveProperty('cost');
});

it('a job that ran into its deadline says what it is expected to cost', async () => {
	stage.emulator.script({ job: { endsAs: 'never' } });
	const options = { timeoutSeconds: 10, onTimeout: 'return' };
	expect(await costOf({ provider: 'runpod', options })).toEqual(usd(0.45, 'estimated'));
});

it('an error item has no cost of its own', async () => {
	stage.emulator.script({ job: { endsAs: 'failed', error: 'CUDA error' } });
	const execution = await stage.run({ provider: 'runpod' }, undefined, CONTINUE);
	expect(errorsIn(outputOf(execution))[0]).not.toHaveProperty('cost');
});
