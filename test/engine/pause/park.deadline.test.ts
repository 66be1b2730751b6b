import { providerNames } from '../../support/apis';
import { expectVideos, setCalledStage, type CalledStage } from './parking';
import { FROM_ITEM, kling, shots } from '../scenes';

let stage: CalledStage;
beforeAll(async () => (stage = await setCalledStage()));
beforeEach(() => stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } }));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

describe.each(providerNames)('%s, every callback lost', (provider) => {
	test('at the deadline the items are the jobs as last seen, and Wait gets their videos', async () => {
		const parked = await stage.park({ provider, ...FROM_ITEM }, shots(3));
		const missed = await stage.engine.resumeByTimer(parked);
		expect(missed.status).toBe('success');
		expect(kling(missed).map(({ status, timedOut }) => [status === 'completed', timedOut])).toEqual(
			kling(missed).map(() => [false, true]),
		);
		expect(missed.items('Kling').filter(({ binary }) => binary !== undefined)).toEqual([]);
		const waited = await stage.run({ operation: 'wait' }, missed.items('Collect'));
		await expectVideos(stage, waited, 3);
		expect(stage.emulator.jobs()).toHaveLength(3);
	});

	test('what had ended before is not said to have timed out', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { queueMs: 0, runMs: 0 } });
		const missed = await stage.engine.resumeByTimer(await stage.park({ provider, ...FROM_ITEM }, shots(2)));
		const first = stage.emulator.jobs()[0];
		for (const { jobId, status, timedOut } of kling(missed)) {
			if (jobId === first?.id) expect([status, timedOut]).toEqual(['completed', undefined]);
			else expect(timedOut).toBe(true);
		}
	});

	test('what had ended before says that its video was not downloaded', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { queueMs: 0, runMs: 0 } });
		const missed = await stage.engine.resumeByTimer(await stage.park({ provider, ...FROM_ITEM }, shots(2)));
		const first = kling(missed).find(({ jobId }) => jobId === stage.emulator.jobs()[0]?.id);
		expect(first?.downloadFailure).toEqual({ message: expect.stringMatching(/was not downloaded.*no callback/) });
		expect(first?.videoUrl).toEqual(stage.emulator.jobs()[0]?.videoUrl);
	});

	test('it is parked for the Timeout, counted from the submit', async () => {
		const parked = await stage.park({ provider, options: { timeoutSeconds: 900 } });
		const submittedMs = stage.emulator.jobs()[0]?.acceptedAtMs ?? 0;
		const waitsMs = (parked.waitTill?.getTime() ?? 0) - submittedMs;
		// The answer has to travel back; at this clock a busy machine takes seconds for it.
		expect(Math.abs(waitsMs - 900_000)).toBeLessThan(60_000);
	});
});
