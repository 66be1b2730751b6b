import { providerNames } from '../../support/apis';
import { NO_CREDIT } from '../faults';
import { FROM_ITEM, retryOnFail, shots } from '../items';
import { outputOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 1_000, runMs: 5_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const refuseSubmit = (number: number) =>
	stage.emulator.misbehave({ when: { call: 'submit', skip: number - 1, first: 1 }, do: NO_CREDIT });

describe.each(providerNames)('Retry On Fail at %s', (provider) => {
	it('pays once for each item though its prompt holds the time, which each try reads anew', async () => {
		refuseSubmit(2);
		const parameters = { provider, prompt: "={{ $json.prompt + ' at ' + $now.toMillis() }}" };
		const execution = await stage.run(parameters, shots(3), retryOnFail());
		expect(statusesOf(execution)).toEqual(Array(3).fill('completed'));
		expect(stage.jobs()).toHaveLength(3);
	});
});

describe('Executions > Retry with the workflow as it is now', () => {
	const failed = async (parameters: Record<string, unknown>, count = 3) =>
		await stage.run({ ...FROM_ITEM, ...parameters }, shots(count));
	const retried = async (execution: Awaited<ReturnType<typeof failed>>, parameters: Record<string, unknown>) =>
		await stage.engine.retry(execution, stage.workflow({ ...FROM_ITEM, ...parameters }));

	it.each([
		['a fallback was added', { provider: 'coreToday' }, { provider: 'coreTodayThenRunpod' }],
		['the fallback was taken away', { provider: 'runpodThenCoreToday' }, { provider: 'runpod' }],
		[
			'an option of the second provider was changed',
			{ provider: 'coreTodayThenRunpod' },
			{ provider: 'coreTodayThenRunpod', options: { guidanceScale: 0.9 } },
		],
		[
			'Submit With was changed',
			{ provider: 'runpod', options: { submitWith: 'run' } },
			{ provider: 'runpod', options: { submitWith: 'runsync' } },
		],
	])('takes up the jobs whose request is the same: %s', async (_change, before, after) => {
		stage.emulator.misbehave({
			when: { call: 'submit', first: 1 },
			do: { reply: { status: 422, body: { detail: 'no' } } },
		});
		const execution = await retried(await failed(before), after);
		expect(statusesOf(execution)).toEqual(Array(3).fill('completed'));
		expect(stage.prompts().sort()).toEqual(['Shot 0', 'Shot 1', 'Shot 2']);
	});

	it('never sends a submit again whose answer was lost, though a fallback was added', async () => {
		stage.emulator.misbehave({ when: { call: 'submit', first: 1 }, do: { cut: 'after' } });
		const execution = await retried(await failed({ provider: 'coreToday' }, 1), { provider: 'coreTodayThenRunpod' });
		expect(execution.error()?.message).toContain('It is not known whether Core.Today accepted the job');
		expect(stage.jobs()).toHaveLength(1);
	});

	it('pays anew for a request that was changed', async () => {
		refuseSubmit(1);
		await retried(await failed({ provider: 'runpod' }), {
			provider: 'runpod',
			prompt: '={{ $json.prompt }}, at night',
		});
		expect(stage.jobs()).toHaveLength(5);
	});
});

it('a submit whose answer was lost at the second provider is told with that provider and its model on each try', async () => {
	stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: NO_CREDIT });
	stage.emulator.misbehave({ when: { provider: 'runpod', call: 'submit' }, do: { cut: 'after' } });
	const flow = stage.workflow(
		{ provider: 'coreTodayThenRunpod' },
		{ ...retryOnFail(), onError: 'continueRegularOutput' },
	);
	expect(outputOf(await stage.engine.run(flow))).toMatchObject([
		{ error: { provider: 'runpod', model: 'kling-v2-1-i2v-pro' } },
	]);
});

it('a failed job that was charged for is not paid for again', async () => {
	const body = { id: 'job-1', status: 'FAILED', error: 'worker crashed', output: { cost: 0.45 } };
	stage.emulator.misbehave({ when: { call: 'submit' }, do: { reply: { status: 200, body } } });
	await stage.run({ provider: 'runpod' }, undefined, retryOnFail());
	expect(stage.requests('submit')).toHaveLength(1);
});

describe('a second try on which an item is not valid any more', () => {
	// Right on the first try only.
	const prompt = '={{ $node["Kling"].context.ledger?.length ? "" : $json.prompt }}';
	const retry = retryOnFail(2);
	const failed = { endsAs: 'failed', error: 'Prediction interrupted; please retry (code: PA)' } as const;

	it.each(['stopWorkflow', 'continueRegularOutput'])(
		'names the jobs that the first try paid for, and says of none that it was not charged, with On Error %s',
		async (onError) => {
			stage.emulator.script({ when: { jobNumber: 1 }, job: failed });
			// One after the other: n8n's retry looks at the first item only.
			const options = { maxConcurrency: 1 };
			const flow = stage.workflow({ prompt, provider: 'coreToday', options }, { ...retry, onError });
			const execution = await stage.engine.run(flow, { items: shots(3) });
			const told = JSON.stringify([outputOf(execution), onError === 'stopWorkflow' ? thrown(execution) : undefined]);
			for (const { id } of stage.jobs()) expect(told).toContain(id);
			expect(told).toContain('othing new was sent');
			expect(told).not.toContain('"charged":"no"');
			expect(stage.jobs()).toHaveLength(3);
		},
	);
});
