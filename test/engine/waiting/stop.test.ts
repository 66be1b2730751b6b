import { providerNames } from '../../support/apis';
import { store } from '../harness/execution';
import { Execution } from '../harness/index';
import { FROM_ITEM, itemsWithPictures, shots } from '../items';
import { thrown } from '../results';
import { createStage, type Stage } from '../stage';

const LONG = { queueMs: 2_000, runMs: 300_000 };

let stage: Stage;

beforeAll(async () => (stage = await createStage({ factor: 30, emulator: { jobTimes: LONG } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

const allAccepted = async (count: number) => await stage.until(() => stage.jobs().length >= count);
const cancelled = () => stage.jobs().filter(({ phase }) => phase === 'cancelled');

/** Starts a run of so many items, stops it when that many jobs are there, and waits until the node has ended. */
async function stopAfter(count: number, parameters: Record<string, unknown> = {}) {
	const running = stage.start({ ...FROM_ITEM, ...parameters }, shots(count));
	await allAccepted(count);
	running.stop();
	return await running.done;
}

describe.each(providerNames)('Stop in the middle of a batch at %s', (provider) => {
	it('cancels none with Cancel on Stop off, and says in the log that they go on', async () => {
		const execution = await stopAfter(3, { provider, options: { cancelOnStop: false } });
		expect(stage.requests('cancel')).toEqual([]);
		expect(stage.jobs().map(({ phase }) => phase)).not.toContain('cancelled');
		const log = execution.logs.map(({ message }) => message).join('\n');
		for (const { id } of stage.jobs()) expect(log).toContain(id);
	});

	it('reads Cancel on Stop once, at the first item', async () => {
		const options = { cancelOnStop: "={{ $json.prompt === 'Shot 0' }}" };
		await stopAfter(3, { provider, options });
		expect(cancelled()).toHaveLength(3);
	});

	it('names in the log what could not be cancelled', async () => {
		stage.emulator.misbehave({ when: { call: 'cancel', jobNumber: 2 }, do: { reply: { status: 500, body: 'down' } } });
		const execution = await stopAfter(3, { provider });
		const [left, ...others] = stage.jobs().filter(({ phase }) => phase !== 'cancelled');
		expect([left?.number, others]).toEqual([2, []]);
		expect(execution.logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
			expect.stringContaining(`${left?.id} could not be cancelled`),
		]);
	});
});

describe('five seconds after Stop', () => {
	let slow: Stage;

	// So slow that the machine's own milliseconds hardly count.
	beforeAll(async () => {
		slow = await createStage({ factor: 3, emulator: { jobTimes: LONG } });
	});
	afterAll(async () => await slow.close());

	it.each([10, 50].flatMap((count) => providerNames.map((name) => [name, count] as const)))(
		'all jobs at %s are cancelled: %d',
		async (provider, count) => {
			slow.reset();
			const running = slow.start({ ...FROM_ITEM, provider, options: { maxConcurrency: count } }, shots(count));
			await slow.until(() => slow.jobs().length === count);
			const stoppedMs = slow.clock.now();
			running.stop();
			const execution = await running.done;
			expect(execution.status).toBe('canceled');
			const cancelledMs = slow.jobs().map(({ cancelledAtMs = Infinity }) => cancelledAtMs);
			expect(cancelledMs).toHaveLength(count);
			expect(Math.max(...cancelledMs) - stoppedMs).toBeLessThan(5_000);
		},
	);
});

it('a job that still runs after its cancel was accepted is named in the log', async () => {
	stage.emulator.script({ job: { ignoresCancel: true } });
	const execution = await stopAfter(1);
	const job = stage.job();
	const warnings = execution.logs.filter(({ level }) => level === 'warn').map(({ message }) => message);
	expect(warnings).toEqual([expect.stringContaining(`${job.id} could not be cancelled`)]);
});

it('a provider that calls a failed job canceled does not make the execution a stopped one', async () => {
	stage.emulator.script({ job: { runMs: 5_000, endsAs: 'failed', error: 'Prediction was canceled' } });
	const execution = await stage.run();
	expect([execution.status, execution.error()?.message]).toEqual(['error', expect.stringContaining('was cancelled')]);
});

it('Stop cancels 150 jobs at the rate that Runpod allows: none is refused, none is left', async () => {
	await stopAfter(150, { provider: 'runpod', options: { maxConcurrency: 150, maxJobs: 150 } });
	expect(cancelled()).toHaveLength(150);
	expect(stage.requests('cancel')).toHaveLength(150);
	expect(stage.requests().filter(({ answeredStatus }) => answeredStatus === 429)).toEqual([]);
});

it('Stop submits nothing more of the items that wait for their turn', async () => {
	const running = stage.start({ ...FROM_ITEM, options: { maxConcurrency: 2 } }, shots(6));
	await allAccepted(2);
	running.stop();
	await running.done;
	expect(stage.jobs()).toHaveLength(2);
	expect(cancelled()).toHaveLength(2);
});

it('Stop uploads nothing more for the items that wait for their turn', async () => {
	const form = { provider: 'coreToday', startImageSource: 'binary', options: { maxConcurrency: 1 } };
	const running = stage.start(form, itemsWithPictures(3));
	await allAccepted(1);
	running.stop();
	await running.done;
	expect(stage.requests('uploadUrl', 'uploadForm').map(({ call }) => call)).toEqual(['uploadUrl', 'uploadForm']);
});

it('a job whose submit was under way at Stop is cancelled as soon as its ID is known', async () => {
	stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs: 6_000 } });
	const running = stage.start();
	await stage.until(() => stage.requests('submit').length === 1);
	running.stop();
	await running.done;
	expect(stage.jobs()).toMatchObject([{ phase: 'cancelled' }]);
});

it('each job is in the log with its ID before anything else is logged of it', async () => {
	const execution = await stopAfter(3);
	const lines = execution.logs.map(({ level, message }) => `${level} ${message}`);
	for (const { id, model, provider } of stage.jobs()) {
		const [first] = lines.filter((line) => line.includes(id));
		expect(first).toMatch(new RegExp(`^info Kling video job ${id} of ${model} submitted to ${provider}`));
	}
});

it('the workflow timeout cancels like Stop', async () => {
	// Real seconds: long enough for the submits, over before the first job ends.
	const flow = { ...stage.workflow(FROM_ITEM), settings: { executionTimeout: 1 } };
	const execution = await stage.engine.run(flow, { items: shots(3) });
	expect(execution.status).toBe('canceled');
	expect(cancelled()).toHaveLength(3);
});

it('after Stop, a retry pays again for what Stop cancelled, not for what somebody else had cancelled', async () => {
	stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 3_000, endsAs: 'cancelled' } });
	const running = stage.start({ ...FROM_ITEM, options: { maxConcurrency: 1 } }, shots(2));
	await allAccepted(2);
	running.stop();
	const { id, workflow, run, logs } = await running.done;
	// As n8n keeps it where what a node did after Stop is saved.
	const kept = new Execution(id, workflow, run, logs, store(run.data));
	stage.emulator.script({ job: { runMs: 3_000 } });
	const retried = await stage.engine.retry(kept);
	expect(stage.prompts()).toEqual(['Shot 0', 'Shot 1', 'Shot 1']);
	expect(stage.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'completed']);
	expect(thrown(retried).description).toContain(`${stage.job(2).id}, completed`);
});
