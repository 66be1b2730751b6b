import type { INodeExecutionData } from 'n8n-workflow';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import { itemsOf } from '../harness/index';
import { FROM_ITEM, withFile } from '../items';
import { errorOf, itemOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ factor: 100, emulator: { jobTimes: { queueMs: 1_000, runMs: 15_000 } } })),
);
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const OUTPUT_OF_ERRORS = { continueRegularOutput: 0, continueErrorOutput: 1 };
/** On an error output n8n lays the error over the input item. */
const inputBelow = (errorOutput: number, item: INodeExecutionData | undefined) =>
	errorOutput === 0 ? undefined : item;
const CONTINUING = Object.entries(OUTPUT_OF_ERRORS).map(([onError, errorOutput]) => ({ onError, errorOutput }));
const PROVIDERS = providerNames.map((provider) => ({ provider }));
const BOTH = PROVIDERS.flatMap(({ provider }) => CONTINUING.map((rest) => ({ provider, ...rest })));

const isError = ({ json }: INodeExecutionData) => 'error' in json;
const itemNumber = ({ pairedItem }: INodeExecutionData) => pairedItem;

/** 30 rows of a sheet, three of them bad: no prompt, a length that Kling does not make, a picture that is no link. */
const rows30 = () =>
	Array.from({ length: 30 }, (_, row) => ({
		json: {
			prompt: row === 4 ? '' : `Shot ${row}`,
			duration: row === 11 ? '7' : '5',
			picture: row === 23 ? 'pictures/a.png' : 'https://pictures.example.com/a.png',
		},
	}));
const fromSheet = {
	prompt: '={{ $json.prompt }}',
	duration: '={{ $json.duration }}',
	startImageUrl: '={{ $json.picture }}',
};

describe.each(PROVIDERS)('30 rows of which three are bad, at $provider', ({ provider }) => {
	test('under Stop nothing is sent, and all three are named', async () => {
		const execution = await stage.run({ provider, ...fromSheet }, rows30());
		const { text } = thrown(execution);
		expect(text).toContain('3 of 30 items have wrong or missing values. Nothing was sent.');
		expect(text).toContain('5th item: Prompt is empty.');
		expect(text).toContain('12th item: Duration has to be 5 or 10, but is "7".');
		expect(text).toContain('24th item: Start Image URL has to begin with https://');
		expect(stage.requests()).toEqual([]);
	});

	test.each(CONTINUING)('under $onError it is 27 videos and three error items', async ({ onError, errorOutput }) => {
		const execution = await stage.run({ provider, ...fromSheet }, rows30(), { onError });
		const videos = execution.items('Kling').filter((item) => !isError(item));
		const errors = execution.items('Kling', errorOutput).filter(isError);
		expect(videos.map(({ json, binary: files }) => [json.status, files?.data?.mimeType])).toEqual(
			videos.map(() => ['completed', 'video/mp4']),
		);
		expect(videos).toHaveLength(27);
		expect(errors.map(itemNumber)).toEqual([{ item: 4 }, { item: 11 }, { item: 23 }]);
		const failures = errors.map(
			(item, index) => errorOf(item, inputBelow(errorOutput, rows30()[[4, 11, 23][index] ?? 0])).failure,
		);
		expect(failures).toEqual(
			failures.map(() => expect.objectContaining({ code: 'invalid_input', retryable: false, charged: 'no' })),
		);
		expect(stage.jobs()).toHaveLength(27);
	});
});

describe.each(PROVIDERS)('a batch at $provider in which one job fails and one is cancelled', ({ provider }) => {
	beforeEach(() => {
		stage.emulator.script({
			when: { jobNumber: 2 },
			job: { endsAs: 'failed', error: 'Content flagged as sensitive (E005)' },
		});
		stage.emulator.script({ when: { jobNumber: 3 }, job: { endsAs: 'cancelled' } });
	});
	const rows = () => withFile(itemsOf({}, {}, {}, {}));
	const asked = { options: { maxConcurrency: 1 } };

	test.each(CONTINUING)(
		'under $onError each error item has its job and its reason, whole',
		async ({ onError, errorOutput }) => {
			const execution = await stage.run({ provider, ...asked }, rows(), { onError });
			const errors = execution.items('Kling', errorOutput).filter(isError);
			const [second, third] = [stage.job(1), stage.job(2)];
			expect(errors.map(itemNumber)).toEqual([{ item: 1 }, { item: 2 }]);
			expect(errorOf(at(errors, 0))).toEqual({
				message: expect.stringContaining('Content flagged as sensitive'),
				description: expect.stringContaining(`Job ID: ${second.id}`),
				jobId: second.id,
				provider,
				model: second.model,
				status: 'failed',
				failure: expect.objectContaining({ code: 'content_policy', retryable: false }),
			});
			expect(errorOf(at(errors, 1))).toMatchObject({ jobId: third.id, status: 'cancelled', provider });
			const videos = execution.items('Kling').filter((item) => !isError(item));
			expect(videos.map(itemNumber)).toEqual([{ item: 0 }, { item: 3 }]);
		},
	);

	test('under Stop it throws only after every job has ended, and lists every job with its state and its video', async () => {
		const execution = await stage.run({ provider, ...asked }, rows());
		const { text } = thrown(execution);
		const jobs = stage.jobs();
		expect(text).toContain('1 of 4 videos failed (2nd item), 1 was cancelled (3rd item). 2 videos are finished.');
		expect(text).toContain(`1st item: ${jobs[0]?.id}, completed, ${jobs[0]?.videoUrl}`);
		expect(text).toContain(`2nd item: ${jobs[1]?.id}, failed`);
		expect(text).toContain(`3rd item: ${jobs[2]?.id}, cancelled`);
		expect(text).toContain(`4th item: ${jobs[3]?.id}, completed, ${jobs[3]?.videoUrl}`);
		expect(text).toContain('Executions > Retry keeps finished and running videos');
		expect(jobs.every(({ finishedAtMs }) => finishedAtMs !== undefined)).toBe(true);
	});
});

describe('rows that were pinned in the editor after the node before had run, with the error output', () => {
	const pinned = () => withFile(itemsOf({ prompt: '' }, { prompt: 'Shot 1' }, { prompt: '' }));

	test('the video is in the output, and the errors are there without the fields of rows of the earlier run', async () => {
		const flow = stage.workflow({ provider: 'coreToday', ...FROM_ITEM }, { onError: 'continueErrorOutput' });
		const execution = await stage.engine.runStepOfPinned(flow, { before: itemsOf({ row: 'old' }), pinned: pinned() });
		expect(execution.items('Kling').map(({ json }) => json.jobId)).toEqual([stage.job().id]);
		const error = { json: { error: expect.objectContaining({ message: 'Prompt is empty. Fill it in.' }) } };
		expect(execution.items('Kling', 1)).toEqual([error, error]);
	});
});

describe.each(BOTH)('$provider under $onError', ({ provider, onError, errorOutput }) => {
	const settings = { onError };

	async function failing(parameters: Record<string, unknown>, items: INodeExecutionData[]) {
		const execution = await stage.run({ provider, ...parameters }, withFile(items), settings);
		return execution
			.items('Kling', errorOutput)
			.map((item, index) => ({ ...errorOf(item, inputBelow(errorOutput, items[index])), pairedItem: item.pairedItem }));
	}

	test('a job that is not done in time is an error with its job ID, and goes on', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		const [error] = await failing({ options: { timeoutSeconds: 20 } }, itemsOf({}));
		const job = stage.job();
		expect(error).toMatchObject({
			jobId: job.id,
			message: expect.stringContaining(`Job ${job.id}`),
			description: expect.stringContaining('Run the Wait operation with its job ID'),
			failure: { code: 'timed_out', retryable: true },
			pairedItem: { item: 0 },
		});
		expect(job.phase).toBe('running');
		expect(stage.requests('cancel')).toEqual([]);
	});

	test('Wait makes an error of a job that failed, cancelled or has no record', async () => {
		stage.emulator.script({ when: { jobNumber: 1 }, job: { endsAs: 'failed', error: 'out of memory' } });
		const jobs = await stage.submit({ provider }, itemsOf({}, {}));
		await stage.run({ operation: 'cancel', provider }, jobs.slice(1));
		const errors = await failing({ operation: 'wait' }, [...jobs, ...itemsOf({ jobId: 'unheard-of' })]);
		expect(errors.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
		expect(errors).toMatchObject([
			{ status: 'failed' },
			{ status: 'cancelled' },
			{ failure: { code: 'job_not_found' } },
		]);
	});

	test.each(['getStatus', 'cancel'])(
		'%s of a job that has no record is an error with the job ID',
		async (operation) => {
			const item = itemsOf({ jobId: 'unheard-of', timing: { submittedAt: '2026-01-01T00:00:00Z' } });
			const [error] = await failing(
				{ operation, provider: 'fromInput' },
				item.map(({ json }) => ({ json: { ...json, provider } })),
			);
			expect(error).toMatchObject({
				jobId: 'unheard-of',
				message: expect.stringContaining('has no job unheard-of'),
				failure: { code: 'job_not_found', charged: 'unknown' },
			});
		},
	);

	test('Download of a link that leads nowhere is an error with the job and the link', async () => {
		const videoUrl = `${stage.emulator.url}/files/${provider}/gone.mp4`;
		const [error] = await failing({ operation: 'download' }, itemsOf({ jobId: 'gone', videoUrl }));
		expect(error).toMatchObject({ jobId: 'gone', message: expect.stringContaining(videoUrl) });
	});
});

test('On Timeout Return gives the job as it stands, and says that time was up', async () => {
	stage.emulator.script({ job: { endsAs: 'never' } });
	const execution = await stage.run({ provider: 'runpod', options: { timeoutSeconds: 20, onTimeout: 'return' } });
	expect(itemOf(execution).json).toMatchObject({ jobId: stage.job().id, status: 'processing', timedOut: true });
	expect(execution.status).toBe('success');
});
