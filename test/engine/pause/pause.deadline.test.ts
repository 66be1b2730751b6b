import { providerNames } from '../../support/apis';
import { itemsOf } from '../harness/index';
import { FROM_ITEM, shots } from '../items';
import { expectVideos, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ callbacks: true })));
beforeEach(() => stage.dropCallbacks());
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

describe.each(providerNames)('%s, every callback lost', (provider) => {
	test('at the deadline the items are the jobs as last seen, and Wait gets their videos', async () => {
		const paused = await stage.pause({ provider, ...FROM_ITEM }, shots(3));
		const missed = await stage.engine.resumeByTimer(paused);
		expect(missed.status).toBe('success');
		expect(outputOf(missed).map(({ status, timedOut }) => [status === 'completed', timedOut])).toEqual(
			outputOf(missed).map(() => [false, true]),
		);
		expect(missed.items('Kling').filter(({ binary }) => binary !== undefined)).toEqual([]);
		const waited = await stage.run({ operation: 'wait' }, missed.items('Collect'));
		await expectVideos(stage, waited, 3);
		expect(stage.jobs()).toHaveLength(3);
	});

	test('a job that had ended before the pause is not said to have timed out', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { queueMs: 0, runMs: 0 } });
		const missed = await stage.engine.resumeByTimer(await stage.pause({ provider, ...FROM_ITEM }, shots(2)));
		const first = stage.job();
		for (const { jobId, status, timedOut } of outputOf(missed)) {
			if (jobId === first.id) expect([status, timedOut]).toEqual(['completed', undefined]);
			else expect(timedOut).toBe(true);
		}
	});

	test('a job that had ended before the pause says that its video was not downloaded', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { queueMs: 0, runMs: 0 } });
		const missed = await stage.engine.resumeByTimer(await stage.pause({ provider, ...FROM_ITEM }, shots(2)));
		const first = outputOf(missed).find(({ jobId }) => jobId === stage.job().id);
		expect(first?.downloadFailure).toEqual({
			message: expect.stringMatching(/another job of this run was not confirmed.*was not downloaded/),
		});
		expect(first?.videoUrl).toEqual(stage.job().videoUrl);
	});

	test('a job that had failed before the pause, or whose video is not wanted, lacks no video', async () => {
		const failure = { queueMs: 0, runMs: 0, endsAs: 'failed', error: 'NSFW content' } as const;
		stage.emulator.script({ when: { jobNumber: 1 }, job: failure });
		stage.emulator.script({ when: { jobNumber: 2 }, job: { queueMs: 0, runMs: 0 } });
		const parameters = { provider, ...FROM_ITEM, downloadVideo: '={{ $json.prompt !== "Shot 1" }}' };
		const options = { maxConcurrency: 1, output: 'raw' };
		const missed = await stage.engine.resumeByTimer(await stage.pause({ ...parameters, options }, shots(3)));
		expect(outputOf(missed)).toMatchObject([{ status: 'failed' }, { status: 'completed' }, { timedOut: true }]);
		for (const item of outputOf(missed)) {
			expect(item).not.toHaveProperty('downloadFailure');
			expect(JSON.stringify(item.raw)).toContain(String(item.jobId));
		}
	});

	test('it pauses until the Timeout, counted from the submit', async () => {
		const paused = await stage.pause({ provider, options: { timeoutSeconds: 900 } });
		const submittedMs = stage.job().acceptedAtMs;
		const waitsMs = (paused.waitTill?.getTime() ?? 0) - submittedMs;
		// The answer has to travel back; at this clock a busy machine takes seconds for it.
		expect(Math.abs(waitsMs - 900_000)).toBeLessThan(60_000);
	});

	test('with several jobs it pauses until the last Timeout of those that still run', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { queueMs: 0, runMs: 0 } });
		const items = [1_500, 600, 1_000].map((seconds) => ({ json: { prompt: `Shot ${seconds}`, seconds } }));
		const options = { maxConcurrency: 1, timeoutSeconds: '={{ $json.seconds }}' };
		const paused = await stage.pause({ provider, ...FROM_ITEM, options }, items);
		const waitsMs = (paused.waitTill?.getTime() ?? 0) - stage.job(2).acceptedAtMs;
		expect(Math.abs(waitsMs - 1_000_000)).toBeLessThan(60_000);
	});
});

test('with Execute Once there is one item, as after a callback: the rows that the node was not given do not come out', async () => {
	const missed = await stage.engine.resumeByTimer(await stage.pause(FROM_ITEM, shots(3), { executeOnce: true }));
	expect(outputOf(missed)).toEqual([expect.objectContaining({ jobId: stage.job().id, timedOut: true })]);
	expect(stage.jobs()).toHaveLength(1);
});

test('rows that were pinned after the node before had run keep the job at the error output, and get no field of rows of that run', async () => {
	const pinned = itemsOf({ prompt: '' }, { prompt: 'Shot 1' }, { prompt: '' });
	const flow = stage.workflow({ completion: 'callback', ...FROM_ITEM }, { onError: 'continueErrorOutput' });
	const paused = await stage.engine.runStepOfPinned(flow, { before: itemsOf({ row: 'old' }), pinned });
	const missed = await stage.engine.resumeByTimer(paused);
	const refused = expect.objectContaining({ message: 'Prompt is empty. Fill it in.' });
	const items = missed.items('Kling').map(({ json }) => json);
	expect(items.map(({ jobId, failure }) => jobId ?? failure)).toEqual([refused, stage.job().id, refused]);
	expect(JSON.stringify(missed.items('Kling', 1))).not.toContain('old');
});
