import { FROM_ITEM, shots } from '../items';
import { createStage, type Stage } from '../stage';

const JOBS = 400;
/** How many callbacks are under way at once. All jobs together are more than a trigger may check at once. */
const AT_ONCE = 50;

let stage: Stage;
beforeAll(async () => {
	stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 2_000 } } });
	stage.dropCallbacks();
	await stage.submit({ provider: 'runpod', ...FROM_ITEM, options: { maxConcurrency: 200 } }, shots(JOBS));
	await stage.jobsEnded();
	stage.freezeTrigger();
}, 60_000);
afterAll(async () => await stage.close());

/** The URL of a workflow that starts with these events. */
const publish = (events: readonly string[]) =>
	stage.publish({ provider: 'runpod', downloadVideo: false, events: [...events] }).url;

/** Calls the trigger back for each of these jobs: what was answered, and how many executions started. */
async function callBackAll(url: string, jobIds: readonly string[]) {
	const statuses: number[] = [];
	let started = 0;
	for (let from = 0; from < jobIds.length; from += AT_ONCE) {
		const some = jobIds.slice(from, from + AT_ONCE);
		const outcomes = await Promise.all(some.map(async (id) => await stage.callBack(url, { id })));
		statuses.push(...outcomes.map(({ status }) => status));
		started += outcomes.filter(({ execution }) => execution !== undefined).length;
	}
	return { statuses, started };
}

const jobIds = () => stage.jobs().map(({ id }) => id);

test.each([0, 1])(
	'400 jobs that end at the same time start it 400 times, with %d failed calls each',
	async (first) => {
		for (const { number } of stage.jobs()) {
			const when = { call: 'status', jobNumber: number, first } as const;
			stage.emulator.misbehave({ when, do: { reply: { status: 500 } } });
		}
		const { statuses, started } = await callBackAll(publish(['completed']), jobIds());
		expect(statuses).toEqual(Array.from({ length: JOBS }, () => 200));
		expect(started).toBe(JOBS);
	},
	120_000,
);

test('400 callbacks of jobs whose event is not chosen are all accepted, and start nothing', async () => {
	const { statuses, started } = await callBackAll(publish(['failed']), jobIds());
	expect([new Set(statuses), started]).toEqual([new Set([200]), 0]);
}, 120_000);

test('repeats of one callback whose event is not chosen are limited as guessed job IDs are', async () => {
	const { id } = stage.job();
	const asked = stage.requests('status').length;
	const { statuses } = await callBackAll(
		publish(['failed']),
		Array.from({ length: 350 }, () => id),
	);
	expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
	expect(stage.requests('status').length - asked).toBeLessThanOrEqual(301);
}, 120_000);
