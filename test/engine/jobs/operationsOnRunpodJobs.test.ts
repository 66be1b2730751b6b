import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { errorOf, itemOf, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ factor: 100 })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const submitted = async (provider: string, rows = itemsOf({})) => await stage.submit({ provider }, rows);

describe('a job at Runpod', () => {
	test('/runsync is asked to hold for 90 s, and its early answer is followed to the end by its sync id', async () => {
		stage.emulator.script({ job: { runMs: 120_000 } });
		const execution = await stage.run({ provider: 'runpod', options: { submitWith: 'runsync' } });
		const [submit] = stage.requests('submit', 'runsync');
		expect([submit?.call, submit?.query]).toEqual(['runsync', { wait: '90000' }]);
		expect(outputOf(execution)).toEqual([
			expect.objectContaining({ status: 'completed', jobId: expect.stringMatching(/^sync-/) }),
		]);
		expect(stage.requests('status').length).toBeGreaterThan(0);
		expect(stage.jobs()).toHaveLength(1);
	});

	test('/runsync keeps to Timeout, which counts from the submit and not from the held answer', async () => {
		stage.emulator.script({ job: { runMs: 10_000_000 } });
		const options = { submitWith: 'runsync', timeoutSeconds: 100 };
		const execution = await stage.run({ provider: 'runpod', options }, undefined, CONTINUE);
		const job = stage.job();
		expect(errorOf(itemOf(execution)).message).toContain('was not finished after 100 seconds');
		const looksMs = stage.requests('status').map(({ atMs }) => atMs);
		const [submit] = stage.requests('submit', 'runsync');
		expect(submit?.call).toBe('runsync');
		expect(Math.max(...looksMs) - (submit?.atMs ?? 0)).toBeLessThan(150_000);
		expect(job.phase).toBe('running');
	});

	test('/runsync that answers with the video needs no status call', async () => {
		const execution = await stage.run({ provider: 'runpod', options: { submitWith: 'runsync' } });
		expect(outputOf(execution)).toEqual([
			expect.objectContaining({ status: 'completed', cost: { amount: 0.45, unit: 'USD', source: 'reported' } }),
		]);
		expect(stage.requests('status')).toEqual([]);
	});

	test('a job that is not visible yet is pending within 150 s of its submit', async () => {
		stage.emulator.script({ job: { invisibleMs: 60_000, runMs: 200_000 } });
		const items = await submitted('runpod');
		const seen = await stage.run({ operation: 'getStatus' }, items);
		expect(outputOf(seen)).toEqual([expect.objectContaining({ status: 'pending' })]);
		const waited = await stage.run({ operation: 'wait', downloadVideo: false }, items);
		expect(outputOf(waited)).toEqual([expect.objectContaining({ status: 'completed' })]);
	});

	test('Wait with a job ID alone gives a job 150 s from the first status call to become visible', async () => {
		stage.emulator.script({ job: { invisibleMs: 90_000, runMs: 100_000 } });
		const [item] = await submitted('runpod');
		const alone = itemsOf({ jobId: item?.json.jobId ?? '' });
		const execution = await stage.run({ operation: 'wait', provider: 'runpod', downloadVideo: false }, alone);
		expect(outputOf(execution)).toEqual([expect.objectContaining({ status: 'completed' })]);
	});

	test.each(['getStatus', 'cancel'])('a job that is gone is an error of %s, never "pending"', async (operation) => {
		const execution = await stage.run({ operation, provider: 'runpod', jobId: 'gone-u1' }, undefined, CONTINUE);
		expect(errorOf(itemOf(execution)).failure).toMatchObject({ code: 'job_not_found' });
	});

	test('From Input takes the endpoint from the item, for status and cancel', async () => {
		const item = { json: { jobId: 'abc', provider: 'runpod', model: 'another-endpoint' } };
		await stage.run({ operation: 'getStatus' }, [item], CONTINUE);
		await stage.run({ operation: 'cancel' }, [item], CONTINUE);
		const paths = stage.requests().map(({ path }) => path.replace('/runpod/v2', ''));
		expect(new Set(paths)).toEqual(new Set(['/another-endpoint/status/abc', '/another-endpoint/cancel/abc']));
	});

	test('a Runpod link says when it expires: 7 days after the job ended', async () => {
		const [item] = outputOf(await stage.run({ provider: 'runpod', downloadVideo: false }));
		const { finishedAtMs = 0 } = stage.jobs()[0] ?? {};
		const expiresMs = Date.parse(String(item?.videoUrlExpiresAt));
		expect(Math.abs(expiresMs - finishedAtMs - 7 * 24 * 3_600_000)).toBeLessThan(10_000);
	});
});
