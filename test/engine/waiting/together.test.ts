import type { EmulatedJob } from '../../emulator/index';
import { NO_CREDIT } from '../faults';
import { CONTINUE, FROM_ITEM, shots } from '../items';
import { errorsIn, outputOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const MINUTE = { queueMs: 3_000, runMs: 57_000 };

let stage: Stage;

beforeAll(async () => (stage = await createStage({ factor: 30, emulator: { jobTimes: MINUTE } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const quick = (jobNumber?: number) =>
	stage.emulator.script({ when: jobNumber === undefined ? {} : { jobNumber }, job: { queueMs: 0, runMs: 3_000 } });
const spanMs = (jobs: readonly EmulatedJob[]) =>
	Math.max(...jobs.map(({ finishedAtMs = Infinity }) => finishedAtMs)) -
	Math.min(...jobs.map(({ acceptedAtMs }) => acceptedAtMs));

/** The most jobs that were accepted and unfinished at once. */
function mostAtOnce(jobs: readonly EmulatedJob[]): number {
	const isOpenAt = (atMs: number) => (job: EmulatedJob) =>
		job.acceptedAtMs <= atMs && atMs < (job.finishedAtMs ?? Infinity);
	return Math.max(0, ...jobs.map(({ acceptedAtMs }) => jobs.filter(isOpenAt(acceptedAtMs)).length));
}

it('ten jobs of a minute take about a minute', async () => {
	const startedMs = stage.clock.now();
	const execution = await stage.run(FROM_ITEM, shots(10));
	const tookMs = stage.clock.now() - startedMs;
	expect(statusesOf(execution)).toEqual(Array(10).fill('completed'));
	// By the emulator's clock: the last end is not much later than one job's.
	expect(spanMs(stage.jobs())).toBeLessThan(75_000);
	expect(tookMs).toBeLessThan(120_000);
});

it('the output has the order and the pairing of the input, whatever ends first', async () => {
	for (const [index, runMs] of [20_000, 3_000, 12_000, 6_000].entries()) {
		stage.emulator.script({ when: { jobNumber: index + 1 }, job: { queueMs: 0, runMs } });
	}
	const execution = await stage.run(FROM_ITEM, shots(4));
	const byId = new Map(stage.jobs().map(({ id, input }) => [id, input.prompt]));
	expect(outputOf(execution).map(({ jobId }) => byId.get(String(jobId)))).toEqual([
		'Shot 0',
		'Shot 1',
		'Shot 2',
		'Shot 3',
	]);
	expect(execution.items('Collect').map(({ pairedItem }) => pairedItem)).toMatchObject([
		{ item: 0 },
		{ item: 1 },
		{ item: 2 },
		{ item: 3 },
	]);
});

describe('Max Concurrency', () => {
	it('is the most jobs that are unfinished at once, and the next is submitted when one ends', async () => {
		stage.emulator.script({ job: { queueMs: 0, runMs: 10_000 } });
		await stage.run({ ...FROM_ITEM, options: { maxConcurrency: 3 } }, shots(7));
		expect(stage.jobs()).toHaveLength(7);
		expect(mostAtOnce(stage.jobs())).toBe(3);
	});

	it('is 10 unless it is set', async () => {
		stage.emulator.script({ job: { endsAs: 'never' } });
		const running = stage.start(FROM_ITEM, shots(14));
		await stage.until(() => stage.requests('status').length > 10);
		expect(stage.jobs()).toHaveLength(10);
		running.stop();
		await running.done;
	});

	it('keeps a slow and a failed job from holding the others', async () => {
		for (const jobNumber of [2, 3, 4, 5]) quick(jobNumber);
		stage.emulator.script({ when: { jobNumber: 6 }, job: { queueMs: 0, runMs: 3_000, endsAs: 'failed' } });
		quick(7);
		const flow = stage.workflow({ ...FROM_ITEM, options: { maxConcurrency: 2 } }, CONTINUE);
		await stage.engine.run(flow, { items: shots(7) });
		const [slow, ...others] = [...stage.jobs()].sort((one, other) => other.runMs - one.runMs);
		for (const { finishedAtMs } of others) expect(finishedAtMs).toBeLessThan(slow?.finishedAtMs ?? 0);
	});

	it('limits the submits under way where nothing is waited for', async () => {
		const delayMs = 6_000;
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs } });
		const flow = stage.workflow({ ...FROM_ITEM, completion: 'jobId', options: { maxConcurrency: 2 } });
		const execution = await stage.engine.run(flow, { items: shots(6) });
		const starts = stage.requests('submit').map(({ atMs }) => atMs);
		for (const startMs of starts) {
			expect(starts.filter((other) => other <= startMs && startMs < other + delayMs).length).toBeLessThanOrEqual(2);
		}
		expect(outputOf(execution).map(({ jobId }) => jobId)).toEqual(
			expect.arrayContaining(stage.jobs().map(({ id }) => id)),
		);
	});
});

describe('an error of one item', () => {
	it('is thrown only after every submitted job has ended, with what all of them came to', async () => {
		for (const jobNumber of [1, 4]) quick(jobNumber);
		stage.emulator.script({
			when: { jobNumber: 2 },
			job: { queueMs: 0, runMs: 2_000, endsAs: 'failed', error: 'Something broke' },
		});
		stage.emulator.misbehave({
			when: { call: 'submit', jobNumber: 3 },
			do: { reply: { status: 422, body: { detail: 'field "prompt" is odd' } } },
		});
		const execution = await stage.run({ ...FROM_ITEM, options: { maxConcurrency: 1 } }, shots(4));
		const [first, second, third] = stage.jobs();
		expect([first, second, third].map((job) => job?.phase)).toEqual(['completed', 'failed', 'completed']);
		const { message, description } = thrown(execution);
		expect(message).toBe(
			'1 of 4 videos failed (2nd item), 1 was not made and is not charged (3rd item). 2 videos are finished.',
		);
		expect(description.split('<br>\n')).toEqual([
			`2nd item: ${second?.id}, failed, Core.Today could not make the video: Something broke`,
			expect.stringMatching(/^3rd item: .*field "prompt" is odd$/),
			'Executions > Retry keeps finished and running videos; only failed ones are made, and paid for, again.',
			'3 videos submitted, at least 1,125 credits',
			`1st item: ${first?.id}, completed, ${first?.videoUrl}`,
			`4th item: ${third?.id}, completed, ${third?.videoUrl}`,
		]);
	});

	it('does not take the other items along under Continue', async () => {
		quick();
		stage.emulator.misbehave({
			when: { call: 'submit', jobNumber: 2 },
			do: NO_CREDIT,
		});
		const flow = stage.workflow({ ...FROM_ITEM, options: { maxConcurrency: 1 } }, CONTINUE);
		const execution = await stage.engine.run(flow, { items: shots(3) });
		expect(outputOf(execution).map(({ status, error }) => status ?? Object.keys(Object(error)))).toEqual([
			'completed',
			['message', 'description', 'provider', 'failure', 'model'],
			'completed',
		]);
	});
});

it('each job is in the log with its ID while it still runs', async () => {
	const running = stage.start(FROM_ITEM, shots(3));
	await stage.until(() => running.logs.filter(({ level }) => level === 'info').length === 3);
	const jobs = stage.jobs();
	expect(jobs.map(({ finishedAtMs }) => finishedAtMs)).toEqual([undefined, undefined, undefined]);
	expect(running.logs.map(({ meta }) => meta.jobId).sort()).toEqual(jobs.map(({ id }) => id).sort());
	running.stop();
	await running.done;
});

describe('30 items of which 3 are bad rows', () => {
	const items = () => {
		const rows = shots(30);
		for (const index of [4, 11, 29]) rows[index] = { json: { prompt: index === 11 ? 'x'.repeat(2501) : '' } };
		return rows;
	};

	it('under Stop: nothing is sent, and all three are named', async () => {
		const execution = await stage.run(FROM_ITEM, items());
		const { message, description } = thrown(execution);
		expect(stage.requests()).toEqual([]);
		expect(message).toBe('3 of 30 items have wrong or missing values. Nothing was sent.');
		expect(description.split('<br>\n')).toEqual([
			'5th and 30th items: Prompt is empty. Fill it in.',
			expect.stringMatching(/^12th item: Prompt is 2501 characters long/),
		]);
	});

	it('under Continue: 27 videos and 3 error items, each in its place', async () => {
		quick();
		const execution = await stage.run(FROM_ITEM, items(), CONTINUE);
		const put = execution.items('Kling');
		expect(put).toHaveLength(30);
		expect([...put.entries()].filter(([, { json }]) => json.error !== undefined).map(([index]) => index)).toEqual([
			4, 11, 29,
		]);
		expect(put.filter(({ binary }) => binary?.data !== undefined)).toHaveLength(27);
		expect(stage.prompts()).toHaveLength(27);
	});

	it('under Continue (error output): 27 videos leave by the one output, 3 errors by the other', async () => {
		quick();
		const execution = await stage.run(FROM_ITEM, items(), { onError: 'continueErrorOutput' });
		expect(outputOf(execution, 0).map(({ status }) => status)).toEqual(Array(27).fill('completed'));
		expect(errorsIn(outputOf(execution, 1))).toMatchObject(
			Array(3).fill({ failure: { code: 'invalid_input', charged: 'no' } }),
		);
		expect(stage.jobs()).toHaveLength(27);
	});
});
