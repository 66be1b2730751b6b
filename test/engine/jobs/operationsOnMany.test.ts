import { providerNames } from '../../support/apis';
import { itemsOf } from '../harness/index';
import { outputOf } from '../results';
import { createStage, type Stage } from '../stage';

/** So slowly a call is answered where it is to be seen how many are under way. */
const ANSWER_MS = 6_000;

let stage: Stage;

beforeAll(
	async () => (stage = await createStage({ factor: 12, emulator: { jobTimes: { queueMs: 0, runMs: 600_000 } } })),
);
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

/** Submits so many jobs, and gives their items. */
async function submitted(count: number, provider: string) {
	const rows = itemsOf(...Array.from({ length: count }, () => ({})));
	const parameters = { provider, options: { maxJobs: count, maxConcurrency: 50 } };
	return await stage.submit(parameters, rows);
}

/** The most requests that came within so many milliseconds. */
function mostWithin(ms: number, times: readonly number[]): number {
	return Math.max(...times.map((endMs) => times.filter((atMs) => atMs > endMs - ms && atMs <= endMs).length));
}

it('Cancel keeps to the rate that Runpod allows: 150 jobs, none refused, none left', async () => {
	const items = await submitted(150, 'runpod');
	const execution = await stage.run({ operation: 'cancel' }, items);
	expect(outputOf(execution).filter(({ status }) => status === 'cancelled')).toHaveLength(150);
	const cancels = stage.requests('cancel');
	expect(cancels.map(({ answeredStatus }) => answeredStatus)).toEqual(Array(150).fill(200));
	expect(
		mostWithin(
			10_000,
			cancels.map(({ atMs }) => atMs),
		),
	).toBeLessThanOrEqual(100);
});

it.each(providerNames)('Cancel has at most 20 calls under way at %s', async (provider) => {
	const items = await submitted(50, provider);
	stage.emulator.misbehave({ when: { call: 'cancel' }, do: { delayMs: ANSWER_MS } });
	const execution = await stage.run({ operation: 'cancel' }, items);
	expect(outputOf(execution).filter(({ status }) => status === 'cancelled')).toHaveLength(50);
	expect(
		mostWithin(
			ANSWER_MS * 0.9,
			stage.requests('cancel').map(({ atMs }) => atMs),
		),
	).toBeLessThanOrEqual(20);
});

it.each(providerNames)('Get Status asks %s for at most 20 jobs at once', async (provider) => {
	const items = await submitted(50, provider);
	stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: ANSWER_MS } });
	const execution = await stage.run({ operation: 'getStatus' }, items);
	expect(outputOf(execution)).toHaveLength(50);
	const times = stage.requests('status').map(({ atMs }) => atMs);
	expect(times).toHaveLength(50);
	expect(mostWithin(ANSWER_MS * 0.9, times)).toBeLessThanOrEqual(20);
});
