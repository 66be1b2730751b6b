import { providerNames } from '../../support/apis';
import { CONTINUE, FROM_ITEM, shots } from '../items';
import { errorsIn, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const HOUR_MS = 3_600_000;

let stage: Stage;

beforeAll(
	async () => (stage = await createStage({ factor: 40, emulator: { jobTimes: { queueMs: 1_000, runMs: HOUR_MS } } })),
);
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

describe.each(providerNames)('at its deadline a job at %s', (provider) => {
	it('is an error that carries the job ID, and is not cancelled', async () => {
		const execution = await stage.run({ provider, options: { timeoutSeconds: 15 } });
		const { message, description } = thrown(execution);
		expect(message).toContain(`Job ${stage.job().id}`);
		expect(message).toContain('was not finished after 15 seconds');
		expect(description).toMatch(
			/not cancelled and may still finish.*Wait operation.*Executions > Retry keeps finished and running videos/s,
		);
		expect(stage.requests('cancel')).toEqual([]);
		expect(stage.job().phase).toBe('running');
	});

	it('is an error item with its receipt under Continue', async () => {
		const flow = stage.workflow({ provider, options: { timeoutSeconds: 15 } }, CONTINUE);
		const execution = await stage.engine.run(flow);
		expect(errorsIn(outputOf(execution))).toMatchObject([
			{
				jobId: stage.job().id,
				provider,
				status: 'processing',
				failure: { code: 'timed_out', retryable: true, charged: 'unknown' },
			},
		]);
	});

	it('is the item as it stands with On Timeout set to Return', async () => {
		const options = { timeoutSeconds: 15, onTimeout: 'return' };
		const execution = await stage.run({ provider, options });
		expect(outputOf(execution)).toMatchObject([{ jobId: stage.job().id, status: 'processing', timedOut: true }]);
		expect(execution.items('Kling')[0]?.binary).toBeUndefined();
	});
});

describe.each(providerNames)('on a clock that runs only five times as fast, a job at %s', (provider) => {
	let slow: Stage;
	beforeAll(
		async () => (slow = await createStage({ factor: 5, emulator: { jobTimes: { queueMs: 1_000, runMs: HOUR_MS } } })),
	);
	afterAll(async () => await slow.close());

	it('gets one last status call, at the deadline and not later', async () => {
		// The pauses before status calls are 3.6 to 4.4 seconds, so none is sent between 8.8 and 10.8 seconds.
		const options = { timeoutSeconds: 10, onTimeout: 'return' };
		const execution = await slow.run({ provider, options });
		// The submit that the deadline counts from: sent before the provider accepted it.
		const { submittedAt } = Object(outputOf(execution)[0]?.timing);
		const deadlineMs = Date.parse(submittedAt) + 10_000;
		const callsAt = slow.requests('status').map(({ atMs }) => atMs);
		expect(callsAt.filter((atMs) => atMs >= deadlineMs)).toHaveLength(1);
		await slow.clock.sleep(5_000);
		expect(slow.requests('status')).toHaveLength(callsAt.length);
	});
});

it('a job that ends just before its deadline is a video', async () => {
	stage.emulator.script({ job: { queueMs: 0, runMs: 14_500 } });
	const execution = await stage.run({ options: { timeoutSeconds: 15 } });
	expect(outputOf(execution)).toMatchObject([{ status: 'completed' }]);
});

it('a last status call that hangs does not hold a job long past its deadline', async () => {
	stage.emulator.misbehave({ when: { call: 'status' }, do: { hang: 'before' } });
	const startedMs = stage.clock.now();
	const execution = await stage.run({ options: { timeoutSeconds: 15, onTimeout: 'return' } });
	expect(outputOf(execution)).toMatchObject([{ jobId: stage.job().id, status: 'pending', timedOut: true }]);
	expect(stage.clock.now() - startedMs).toBeLessThan(60_000);
});

it('each job has its own deadline, counted from its own submit, and holds none of the others', async () => {
	stage.emulator.script({ when: { jobNumber: 1 }, job: {} });
	stage.emulator.script({ job: { queueMs: 0, runMs: 8_000 } });
	const options = { timeoutSeconds: 15, maxConcurrency: 1, onTimeout: 'return' };
	const execution = await stage.run({ ...FROM_ITEM, options }, shots(3));
	expect(outputOf(execution).map(({ status, timedOut }) => [status, timedOut])).toEqual([
		['processing', true],
		['completed', undefined],
		['completed', undefined],
	]);
});

it('a timeout is thrown only after the other jobs have ended, with all they came to', async () => {
	stage.emulator.script({ when: { jobNumber: 1 }, job: {} });
	stage.emulator.script({ job: { queueMs: 0, runMs: 20_000 } });
	// The first item gives up long before the second one's video is there.
	const items = shots(2).map((item, index) => ({ json: { ...item.json, seconds: index === 0 ? 10 : 60 } }));
	const flow = stage.workflow({ ...FROM_ITEM, options: { timeoutSeconds: '={{ $json.seconds }}' } });
	stage.emulator.misbehave({ when: { call: 'submit', jobNumber: 2 }, do: { delayMs: 2_000 } });
	const execution = await stage.engine.run(flow, { items });
	const [slow, quick] = stage.jobs();
	const lines = thrown(execution).description.split('<br>\n');
	expect(lines[0]).toContain(`1st item: ${slow?.id}, processing, Job ${slow?.id}`);
	expect(lines).toContain(`2nd item: ${quick?.id}, completed, ${quick?.videoUrl}`);
});

describe('the Wait operation', () => {
	const submitted = async () => await stage.submit();
	const wait = (options: Record<string, unknown>) =>
		stage.workflow({ operation: 'wait', provider: 'fromInput', jobId: '={{ $json.jobId }}', options });

	it('counts its timeout from its own first status call', async () => {
		const items = await submitted();
		await stage.clock.sleep(20_000);
		const startedMs = stage.clock.now();
		const execution = await stage.engine.run(wait({ timeoutSeconds: 15, onTimeout: 'return' }), { items });
		expect(stage.clock.now() - startedMs).toBeGreaterThanOrEqual(14_000);
		expect(outputOf(execution)).toMatchObject([{ jobId: stage.job().id, status: 'processing', timedOut: true }]);
	});

	it('names the job in its error, and cancels nothing', async () => {
		const execution = await stage.engine.run(wait({ timeoutSeconds: 15 }), {
			items: await submitted(),
		});
		expect(thrown(execution).message).toContain(stage.job().id);
		expect(stage.requests('cancel')).toEqual([]);
	});
});
