import { providerNames } from '../../support/apis';
import { NO_CREDIT } from '../faults';
import { FROM_ITEM, shots } from '../items';
import { errorsIn, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ callbacks: true })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** A run of two items that is to pause, whose second submit is refused: it fails, with the first job paid for. */
async function failedRun(provider: string, options: Record<string, unknown> = {}) {
	stage.emulator.misbehave({ when: { call: 'submit', skip: 1, first: 1 }, do: NO_CREDIT });
	const failed = await stage.pause({ provider, ...FROM_ITEM, options: { maxConcurrency: 1, ...options } }, shots(2));
	expect([failed.status, stage.jobs()]).toEqual(['error', [expect.anything()]]);
	return failed;
}

/** The end of an execution that Executions > Retry made. */
async function retried(failed: Awaited<ReturnType<typeof failedRun>>) {
	const execution = await stage.engine.retry(failed);
	return execution.status === 'waiting' ? await stage.resumed() : execution;
}

describe.each(providerNames)('Executions > Retry at %s, of a run that pauses', (provider) => {
	test('tells a job of the first execution that fails meanwhile as failed, and gives the other videos', async () => {
		const failure = { endsAs: 'failed', error: 'Prediction interrupted; please retry (code: PA)' } as const;
		stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 90_000, ...failure } });
		const execution = await retried(await failedRun(provider));
		const ends = outputOf(execution).map(({ status, failure: reason }) => [status, reason]);
		expect(ends).toContainEqual(['failed', expect.objectContaining({ retryable: true })]);
		expect(ends).toContainEqual(['completed', undefined]);
	});

	test('asks no more for a job of the first execution once its end is known', async () => {
		const failed = await failedRun(provider);
		await stage.jobsEnded();
		await retried(failed);
		const { id, finishedAtMs = Infinity } = stage.job();
		const asked = stage.requests('status').filter(({ jobId, atMs }) => jobId === id && atMs > finishedAtMs);
		expect(asked).toHaveLength(1);
	});

	test('leaves a job of the first execution that is not over by its Timeout to the Wait operation', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { endsAs: 'never' } });
		const paused = await stage.engine.retry(await failedRun(provider, { timeoutSeconds: 60 }));
		expect(paused.status).toBe('waiting');
		const [first] = outputOf(await stage.engine.resumeByTimer(paused));
		expect(first).toMatchObject({ jobId: stage.job().id, status: 'processing', timedOut: true });
	});
});

test('Stop cancels a job of the first execution once', async () => {
	stage.emulator.script({ job: { endsAs: 'never' } });
	const flow = { ...stage.workflow({ ...FROM_ITEM, provider: 'runpod', completion: 'callback' }), id: 'followed' };
	stage.emulator.misbehave({ when: { call: 'submit', skip: 1, first: 1 }, do: NO_CREDIT });
	await stage.engine.run(flow, { items: shots(2), mode: 'manual' });
	const running = stage.engine.start(flow, { items: shots(2), mode: 'manual' });
	await stage.until(() => stage.jobs().length === 2 && stage.requests('status').length > 2);
	running.stop();
	await running.done;
	expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled']);
	expect(stage.requests('cancel')).toHaveLength(2);
});

test('a run that fails at a submit fetches no video', async () => {
	// Core.Today says already in its answer to the submit that this job has ended.
	stage.emulator.script({ job: { queueMs: 0, runMs: 0 } });
	await failedRun('coreToday');
	expect([stage.job().phase, stage.requests('video')]).toEqual(['completed', []]);
});

test('a job of the first execution that the provider no longer has is an error, not a job that still runs', async () => {
	stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 20_000, vanishAfterMs: 10_000 } });
	const failed = await failedRun('coreToday');
	await stage.clock.sleep(30_000);
	const items = outputOf(await retried(failed));
	expect(errorsIn(items)).toMatchObject([{ jobId: stage.job().id, failure: { code: 'job_not_found' } }]);
	expect(items.filter(({ status }) => status === 'completed')).toHaveLength(1);
});
