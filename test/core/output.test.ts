import { withoutRaw, type Cost, type Failure, type Handle, type Job } from '../../nodes/core/job';
import { endedError, errorJson, failureError, jobJson } from '../../nodes/core/output';

const HANDLE: Handle = {
	provider: 'runpod',
	model: 'kling-v2-1-i2v-pro',
	jobId: 'job-1',
	submittedAt: '2026-01-01T00:00:00.000Z',
};
const ESTIMATE: Cost = { amount: 0.45, unit: 'USD', source: 'estimated' };
const FAILURE: Failure = { message: 'The prompt was flagged', code: 'content_policy', retryable: false, charged: 'no' };
const VIDEO_URL = 'https://video.runpod.ai/1.mp4';

const completed: Job = {
	handle: HANDLE,
	status: 'completed',
	videoUrl: VIDEO_URL,
	videoUrlExpiresAt: '2026-01-08T00:01:00.000Z',
	cost: { amount: 0.36, unit: 'USD', source: 'reported' },
	finishedAt: '2026-01-01T00:01:00.000Z',
	queueSeconds: 0.03,
	runSeconds: 59.97,
	raw: { id: 'job-1' },
};
const failed: Job & { status: 'failed' } = { handle: HANDLE, status: 'failed', failure: FAILURE, raw: null };
const cancelled: Job & { status: 'cancelled' } = { handle: HANDLE, status: 'cancelled', raw: null };

describe('the item of a job', () => {
	test('has every reported value under its documented name', () => {
		expect(jobJson(withoutRaw(completed), { cost: ESTIMATE })).toStrictEqual({
			jobId: 'job-1',
			provider: 'runpod',
			model: 'kling-v2-1-i2v-pro',
			status: 'completed',
			videoUrl: VIDEO_URL,
			videoUrlExpiresAt: '2026-01-08T00:01:00.000Z',
			cost: { amount: 0.36, unit: 'USD', source: 'reported' },
			timing: {
				submittedAt: '2026-01-01T00:00:00.000Z',
				finishedAt: '2026-01-01T00:01:00.000Z',
				queueSeconds: 0.03,
				runSeconds: 59.97,
			},
		});
	});

	test('has nothing that nobody reported', () => {
		expect(jobJson({ handle: { provider: 'coreToday', jobId: 'a' }, status: 'pending' })).toStrictEqual({
			jobId: 'a',
			provider: 'coreToday',
			status: 'pending',
		});
	});

	test.each<[string, Job, Cost | undefined]>([
		['an estimate until something is reported', { handle: HANDLE, status: 'processing', raw: null }, ESTIMATE],
		['none on a failed job', failed, undefined],
		['none on a cancelled job', cancelled, undefined],
		[
			'what a failed job reports',
			{ ...failed, cost: { amount: 0.45, unit: 'USD', source: 'reported' } },
			{ amount: 0.45, unit: 'USD', source: 'reported' },
		],
	])('its cost: %s', (_name, job, cost) => {
		expect(jobJson(job, { cost: ESTIMATE }).cost).toEqual(cost);
	});

	test('the last keys are there only where they apply', () => {
		const fallbackFrom = { provider: 'coreToday', reason: 'no credit' } as const;
		expect(jobJson(failed, { timedOut: true, fallbackFrom, downloadFailure: 'gone' })).toMatchObject({
			failure: FAILURE,
			timedOut: true,
			fallbackFrom,
			downloadFailure: { message: 'gone' },
			raw: null,
		});
		expect(Object.keys(jobJson(withoutRaw(completed)))).not.toEqual(expect.arrayContaining(['raw']));
		expect(jobJson(completed).raw).toEqual({ id: 'job-1' });
	});
});

describe('an error item', () => {
	test('has the single key "error", with the receipt and what to do', () => {
		const error = failureError(FAILURE, { provider: 'runpod', handle: HANDLE, status: 'failed' });
		expect(errorJson(error)).toStrictEqual({
			error: {
				message: 'The prompt was flagged',
				description:
					'Change the prompt or the picture: the same request would be refused again. Job ID: job-1 (Runpod).',
				jobId: 'job-1',
				provider: 'runpod',
				model: 'kling-v2-1-i2v-pro',
				status: 'failed',
				failure: FAILURE,
			},
		});
	});

	test('without a job names none', () => {
		const error = failureError(FAILURE, { provider: 'coreToday', model: 'a/b' });
		expect(errorJson(error)).toStrictEqual({
			error: {
				message: 'The prompt was flagged',
				description: expect.not.stringContaining('Job ID'),
				provider: 'coreToday',
				model: 'a/b',
				failure: FAILURE,
			},
		});
	});

	test.each([{ handle: HANDLE }, { model: 'kling-v2-1-i2v-pro' }])('offers no model that is gone: %j', (about) => {
		const gone: Failure = { message: 'gone', code: 'endpoint_not_found', charged: 'unknown' };
		const { description } = failureError(gone, { provider: 'runpod', ...about });
		expect(description).toContain('Choose another Model: Kling O1 or Kling v2.6 Motion Control.');
	});

	test('of a job that failed says who could not make the video, and why', () => {
		expect(endedError(failed)).toMatchObject({
			message: 'Runpod could not make the video: The prompt was flagged',
			jobId: 'job-1',
			status: 'failed',
			failure: FAILURE,
		});
	});

	test('of a job that was cancelled says so, and invents no failure', () => {
		const error = endedError(cancelled);
		expect(error).toMatchObject({
			message: 'Runpod reports that job job-1 was cancelled',
			jobId: 'job-1',
			status: 'cancelled',
		});
		expect(error).not.toHaveProperty('failure');
	});
});
