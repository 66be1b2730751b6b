import { itemsOf } from '../harness/index';
import { NO_CREDIT } from '../faults';
import { FROM_ITEM, retryOnFail, shots } from '../items';
import { outputOf, errorsIn, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => {
	stage = await createStage({ factor: 60, emulator: { jobTimes: { queueMs: 0, runMs: 4_000 } } });
});
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

describe('a value that an expression gives', () => {
	it.each([
		['Cancel on Stop', { options: { cancelOnStop: 'FALSE' } }],
		['Download Video', { downloadVideo: 'yes' }],
		['Output', { options: { output: 'Raw' } }],
		['Timeout', { options: { timeoutSeconds: 1e13 } }],
	])('is refused by its field if it is none of the choices: %s', async (field, parameters) => {
		const execution = await stage.run({ provider: 'coreToday', ...parameters });
		expect(thrown(execution).message).toContain(`${field} has to be`);
		expect(stage.requests()).toEqual([]);
	});

	it('is taken where a sheet gives it as text: Download Video "true"', async () => {
		const execution = await stage.run({ downloadVideo: 'true' });
		expect(execution.items('Kling')[0]?.binary).toHaveProperty('data');
	});

	it.each(['continueRegularOutput', 'continueErrorOutput'])(
		'cannot be read for an option of the whole run: with %s every item is an error, none goes on as a result',
		async (onError) => {
			const options = { maxJobs: "={{ $('Nowhere').item.json.x }}" };
			const flow = stage.workflow({ ...FROM_ITEM, completion: 'jobId', options }, { onError });
			const execution = await stage.engine.run(flow, { items: shots(2) });
			const output = onError === 'continueErrorOutput' ? 1 : 0;
			expect(errorsIn(outputOf(execution, output))).toHaveLength(2);
			expect(stage.requests()).toEqual([]);
		},
	);
});

it('an end image that Additional Input gives has no second provider that could not take it', async () => {
	stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: NO_CREDIT });
	const additionalInput = { end_image: stage.emulator.imageUrl, mode: 'pro' };
	const parameters = { provider: 'coreTodayThenRunpod', options: { additionalInput: JSON.stringify(additionalInput) } };
	const execution = await stage.run(parameters);
	expect([execution.status, stage.jobs()]).toEqual(['error', []]);
});

it('a refusal that names a job is not taken for a sure no: its ID is told, and no second provider is paid', async () => {
	const body = { job_id: 'job-77', status: 'pending', error: 'payment required' };
	stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: { reply: { status: 402, body } } });
	const execution = await stage.run({ provider: 'coreTodayThenRunpod' });
	expect(thrown(execution).message).toMatch(/It is not known whether Core.Today accepted the job: .*job-77/);
	expect(stage.jobs()).toEqual([]);
});

it('a dry run beside real items counts for no limit', async () => {
	const options = { dryRun: '={{ $json.dry }}', maxJobs: 1 };
	const items = itemsOf({ prompt: 'A', dry: true }, { prompt: 'B', dry: false });
	await stage.run({ ...FROM_ITEM, completion: 'jobId', options }, items);
	expect(stage.prompts()).toEqual(['B']);
});

it('From Input takes nothing from an item whose job is another one', async () => {
	await stage.submit({ provider: 'runpod' });
	const job = stage.job();
	const timing = { submittedAt: '2026-01-01T00:00:00.000Z' };
	const items = itemsOf({ jobId: 'another', newJobId: job.id, provider: 'runpod', timing });
	const execution = await stage.run({ operation: 'wait', jobId: '={{ $json.newJobId }}' }, items);
	const [item] = outputOf(execution);
	expect(item).toMatchObject({ jobId: job.id, status: 'completed' });
	expect(JSON.stringify(item)).not.toContain('2026-01-01');
});

it('Download keeps the other fields of a row where one is no JSON', async () => {
	await stage.run({ provider: 'runpod', downloadVideo: false });
	const job = stage.job();
	// As the Code node leaves it: n8n's own type of an item knows no such value.
	const row = { row: 7, customer: 'x', note: undefined, videoUrl: job.videoUrl } as never;
	const execution = await stage.run({ operation: 'download' }, itemsOf(row));
	expect(outputOf(execution)).toMatchObject([{ row: 7, customer: 'x', videoUrl: job.videoUrl }]);
});

it.each([403, 404])('a page on the way with HTTP status %d does not end the following of a job', async (status) => {
	const page = { status, body: '<html>gateway</html>', contentType: 'text/html' };
	stage.emulator.misbehave({ when: { call: 'status', first: 2 }, do: { reply: page } });
	expect(outputOf(await stage.run({ provider: 'coreToday' }))).toMatchObject([{ status: 'completed' }]);
});

describe('a second try that finds an item wrong', () => {
	// Right on the first try only.
	const prompt = '={{ $node["Kling"].context.ledger?.length ? "" : $json.prompt }}';
	const retry = retryOnFail(2);
	const failed = { endsAs: 'failed', error: 'Prediction interrupted; please retry (code: PA)' } as const;

	it.each(['stopWorkflow', 'continueRegularOutput'])(
		'names the jobs that the first try paid for, and says of none that it was not charged: %s',
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
