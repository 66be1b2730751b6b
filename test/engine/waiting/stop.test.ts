import { join, readFileSync, repositoryFolder } from '../../support/node.cts';
import { providerNames } from '../../support/apis';
import { store } from '../harness/execution';
import { Execution } from '../harness/index';
import { FROM_ITEM, promptsOf, requestsOf, setWarmStage, shots, thrown, until } from '../scenes';
import type { Stage } from '../stage';

const LONG = { queueMs: 2_000, runMs: 300_000 };

let stage: Stage;

beforeAll(async () => {
	stage = await setWarmStage({ factor: 30, emulator: { jobTimes: LONG } });
});
afterAll(async () => await stage.close());
beforeEach(() => stage.emulator.reset());

const allAccepted = async (count: number) => await until(stage, () => stage.emulator.jobs().length >= count);
const cancelled = () => stage.emulator.jobs().filter(({ phase }) => phase === 'cancelled');

/** Starts a run of so many items, stops it when that many jobs are there, and waits for the node's last word. */
async function stopAfter(count: number, parameters: Record<string, unknown> = {}) {
	const flow = stage.workflow({ ...FROM_ITEM, ...parameters });
	const running = stage.engine.start(flow, { items: shots(count) });
	await allAccepted(count);
	running.stop();
	return await running.done;
}

describe.each(providerNames)('Stop in the middle of a batch at %s', (provider) => {
	it('cancels none with Cancel on Stop off, and says in the log that they go on', async () => {
		const execution = await stopAfter(3, { provider, options: { cancelOnStop: false } });
		expect(requestsOf(stage, 'cancel')).toEqual([]);
		expect(stage.emulator.jobs().map(({ phase }) => phase)).not.toContain('cancelled');
		const log = execution.logs.map(({ message }) => message).join('\n');
		for (const { id } of stage.emulator.jobs()) expect(log).toContain(id);
	});

	it('reads Cancel on Stop once, at the first item', async () => {
		const options = { cancelOnStop: "={{ $json.prompt === 'Shot 0' }}" };
		await stopAfter(3, { provider, options });
		expect(cancelled()).toHaveLength(3);
	});

	it('names in the log what could not be cancelled', async () => {
		stage.emulator.misbehave({ when: { call: 'cancel', jobNumber: 2 }, do: { reply: { status: 500, body: 'down' } } });
		const execution = await stopAfter(3, { provider });
		const [left, ...others] = stage.emulator.jobs().filter(({ phase }) => phase !== 'cancelled');
		expect([left?.number, others]).toEqual([2, []]);
		expect(execution.logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
			expect.stringContaining(`${left?.id} could not be cancelled`),
		]);
	});
});

describe('five seconds after Stop', () => {
	let slowStage: Stage;

	// So slow that the machine's own milliseconds hardly count.
	beforeAll(async () => {
		slowStage = await setWarmStage({ factor: 3, emulator: { jobTimes: LONG } });
	});
	afterAll(async () => await slowStage.close());

	it.each([10, 50].flatMap((count) => providerNames.map((name) => [name, count] as const)))(
		'all jobs at %s are cancelled: %d',
		async (provider, count) => {
			slowStage.emulator.reset();
			const flow = slowStage.workflow({ ...FROM_ITEM, provider, options: { maxConcurrency: count } });
			const running = slowStage.engine.start(flow, { items: shots(count) });
			await until(slowStage, () => slowStage.emulator.jobs().length === count);
			const stoppedMs = slowStage.clock.now();
			running.stop();
			const execution = await running.done;
			expect(execution.status).toBe('canceled');
			const cancelledMs = slowStage.emulator.jobs().map(({ cancelledAtMs = Infinity }) => cancelledAtMs);
			expect(cancelledMs).toHaveLength(count);
			expect(Math.max(...cancelledMs) - stoppedMs).toBeLessThan(5_000);
		},
	);
});

it('a cancel that is answered with nothing and changes nothing is named in the log', async () => {
	stage.emulator.script({ job: { ignoresCancel: true } });
	const execution = await stopAfter(1);
	const [job] = stage.emulator.jobs();
	const warnings = execution.logs.filter(({ level }) => level === 'warn').map(({ message }) => message);
	expect(warnings).toEqual([expect.stringContaining(`${job?.id} could not be cancelled`)]);
});

it('a provider that calls a failed job canceled does not make the execution a stopped one', async () => {
	stage.emulator.script({ job: { runMs: 5_000, endsAs: 'failed', error: 'Prediction was canceled' } });
	const execution = await stage.engine.run(stage.workflow({}));
	expect([execution.status, execution.error()?.message]).toEqual(['error', expect.stringContaining('was cancelled')]);
});

it('Stop cancels 150 jobs at the rate that Runpod allows: none is refused, none is left', async () => {
	await stopAfter(150, { provider: 'runpod', options: { maxConcurrency: 150, maxJobs: 150 } });
	expect(cancelled()).toHaveLength(150);
	expect(requestsOf(stage, 'cancel')).toHaveLength(150);
	expect(stage.emulator.requests().filter(({ answeredStatus }) => answeredStatus === 429)).toEqual([]);
});

it('Stop submits nothing more of the items that wait for their turn', async () => {
	const flow = stage.workflow({ ...FROM_ITEM, options: { maxConcurrency: 2 } });
	const running = stage.engine.start(flow, { items: shots(6) });
	await allAccepted(2);
	running.stop();
	await running.done;
	expect(stage.emulator.jobs()).toHaveLength(2);
	expect(cancelled()).toHaveLength(2);
});

it('Stop uploads nothing more for the items that wait for their turn', async () => {
	const items = ['one', 'two', 'three'].map((text) => {
		const bytes = Buffer.concat([
			readFileSync(join(repositoryFolder, 'test/fixtures/images/start.jpg')),
			Buffer.from(text),
		]);
		return { json: {}, binary: { data: { data: bytes.toString('base64'), mimeType: 'image/jpeg' } } };
	});
	const form = { provider: 'coreToday', startImageSource: 'binary', options: { maxConcurrency: 1 } };
	const running = stage.engine.start(stage.workflow(form), { items });
	await allAccepted(1);
	running.stop();
	await running.done;
	expect(requestsOf(stage, 'uploadUrl', 'uploadForm').map(({ call }) => call)).toEqual(['uploadUrl', 'uploadForm']);
});

it('a job whose submit was under way at Stop is cancelled as soon as its ID is known', async () => {
	stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs: 6_000 } });
	const running = stage.engine.start(stage.workflow({}));
	await until(stage, () => requestsOf(stage, 'submit').length === 1);
	running.stop();
	await running.done;
	expect(stage.emulator.jobs()).toMatchObject([{ phase: 'cancelled' }]);
});

it('each job is in the log with its ID before anything else becomes of it', async () => {
	const execution = await stopAfter(3);
	const lines = execution.logs.map(({ level, message }) => `${level} ${message}`);
	for (const { id, provider } of stage.emulator.jobs()) {
		const [first] = lines.filter((line) => line.includes(id));
		expect(first).toMatch(new RegExp(`^info Kling video job ${id} submitted to ${provider}`));
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
	const flow = stage.workflow({ ...FROM_ITEM, options: { maxConcurrency: 1 } });
	const running = stage.engine.start(flow, { items: shots(2) });
	await allAccepted(2);
	running.stop();
	const { id, workflow, run, logs } = await running.done;
	// As n8n keeps it where what a node did after Stop is saved.
	const kept = new Execution(id, workflow, run, logs, store(run.data));
	stage.emulator.script({ job: { runMs: 3_000 } });
	const retried = await stage.engine.retry(kept);
	expect(promptsOf(stage)).toEqual(['Shot 0', 'Shot 1', 'Shot 1']);
	expect(stage.emulator.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'completed']);
	expect(thrown(retried).description).toContain(`${stage.emulator.jobs()[2]?.id}, completed`);
});
