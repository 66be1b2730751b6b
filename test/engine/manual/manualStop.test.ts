import { CONTINUE, FROM_ITEM, shots } from '../items';
import { errorsIn, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => {
	stage = await createStage({ factor: 30, emulator: { jobTimes: { queueMs: 2_000, runMs: 60_000 } } });
});
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const jobIds = () => stage.jobs().map(({ id }) => id);

/** Execute step, and Stop as soon as all jobs are there. */
async function stopped(
	count: number,
	parameters: Record<string, unknown> = {},
	settings: Record<string, unknown> = {},
) {
	const flow = { ...stage.workflow({ ...FROM_ITEM, downloadVideo: false, ...parameters }, settings), id: 'stopped' };
	const running = stage.engine.start(flow, { items: shots(count), mode: 'manual' });
	await stage.until(() => stage.jobs().length === count);
	running.stop();
	return { flow, execution: await running.done };
}

test.each([1, 3])('the error after Stop names every job, wherever n8n shows it: %d', async (count) => {
	const { execution } = await stopped(count);
	expect(jobIds()).toHaveLength(count);
	for (const id of jobIds()) expect(execution.error('Kling')?.description).toContain(id);
});

test('with On Error "Continue" the error items name them', async () => {
	const { execution } = await stopped(3, {}, CONTINUE);
	expect(
		errorsIn(outputOf(execution))
			.map(({ jobId }) => jobId)
			.sort(),
	).toEqual(jobIds().sort());
});

test('what Stop has cancelled is made anew by the next manual run', async () => {
	const { flow } = await stopped(2);
	const execution = await stage.engine.run(flow, { items: shots(2), mode: 'manual' });
	expect([execution.status, jobIds().length]).toEqual(['success', 4]);
});

test('what goes on, as Cancel on Stop is off, is taken over by the next manual run', async () => {
	const { flow } = await stopped(2, { options: { cancelOnStop: false } });
	const execution = await stage.engine.run(flow, { items: shots(2), mode: 'manual' });
	expect(
		outputOf(execution)
			.map(({ jobId }) => jobId)
			.sort(),
	).toEqual(jobIds().sort());
	expect(jobIds()).toHaveLength(2);
});
