import { FROM_ITEM, kling, setWarmStage, shots, thrown } from '../scenes';
import type { Stage } from '../stage';
import { join, readFileSync, repositoryFolder } from '../../support/node.cts';

let stage: Stage;
beforeAll(async () => {
	stage = await setWarmStage({ factor: 60, emulator: { jobTimes: { queueMs: 0, runMs: 3_000 } } });
});
afterAll(async () => await stage.close());
beforeEach(() => stage.emulator.reset());

const RETRIES = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };

/** Three videos with a limit of three jobs, of which the third accepted one fails and would be tried again. */
async function runToTheLimit(settings: Record<string, unknown>) {
	stage.emulator.script({ when: { jobNumber: 3 }, job: { endsAs: 'failed', error: 'Please try again' } });
	const parameters = { ...FROM_ITEM, provider: 'runpod', downloadVideo: false, options: { maxJobs: 3 } };
	return await stage.engine.run(stage.workflow(parameters, settings), { items: shots(3) });
}

test('a limit that is reached on a retry keeps the receipts of what was paid for', async () => {
	const execution = await runToTheLimit(RETRIES);
	const done = stage.emulator.jobs().filter(({ endsAs }) => endsAs !== 'failed');
	expect(stage.emulator.jobs()).toHaveLength(3);
	expect(done).toHaveLength(2);
	const { description } = thrown(execution);
	expect(description).toContain('Max Jobs is 3');
	for (const { id, videoUrl } of done) expect(description).toContain(`${id}, completed, ${videoUrl}`);
});

test('a stored picture that cannot be read takes no other row along', async () => {
	const lost = {
		id: 'filesystem-v2:workflows/none/executions/1/binary_data/lost',
		data: 'filesystem-v2',
		mimeType: 'image/png',
	};
	const whole = {
		data: readFileSync(join(repositoryFolder, 'test/fixtures/media/image.png')).toString('base64'),
		mimeType: 'image/png',
	};
	const items = [whole, lost, whole].map((data) => ({ json: {}, binary: { data } }));
	const parameters = { provider: 'runpod', startImageSource: 'binary', completion: 'jobId' };
	const execution = await stage.engine.run(stage.workflow(parameters, { onError: 'continueRegularOutput' }), { items });
	expect(stage.emulator.jobs()).toHaveLength(2);
	expect(kling(execution).map((json) => 'error' in json)).toEqual([false, true, false]);
	expect(JSON.stringify(kling(execution)[1])).toContain('Correct the expression or the picture');
});
