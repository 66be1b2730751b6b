import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import { credentialNames } from '../../support/apis';
import { node, workflow, type WorkflowJson } from '../harness/index';
import { checksOf, setCalledStage, type CalledStage } from '../pause/parking';
import { shots } from '../scenes';

const JOBS = 400;
/** How many callbacks are under way at once; together they are more than a trigger's burst of checks. */
const WAVE = 50;

let stage: CalledStage;
const trigger = new KlingVideoTrigger();
beforeAll(async () => {
	const engine = { nodeTypes: { klingVideoTrigger: trigger } };
	stage = await setCalledStage({ engine, emulator: { jobTimes: { queueMs: 0, runMs: 2_000 } } });
	stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
	const form = { provider: 'runpod', completion: 'jobId', prompt: '={{ $json.prompt }}' };
	await stage.run({ ...form, options: { maxConcurrency: 200 } }, shots(JOBS));
	await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'completed'));
	const nowMs = stage.clock.now();
	// Time stands still, so that nothing is refilled meanwhile.
	Object.assign(trigger, new KlingVideoTrigger({ ...stage.clock, now: () => nowMs }));
}, 60_000);
afterAll(async () => await stage.close());

function flowOf(id: string, events: readonly string[]): WorkflowJson {
	const parameters = { provider: 'runpod', downloadVideo: false, events: [...events] };
	const ended = node('Ended', 'klingVideoTrigger', parameters, { credentials: credentialNames });
	return { ...workflow([ended, node('Collect', 'collect')], [{ from: 'Ended', to: 'Collect' }]), id };
}

/** Calls the trigger back for each of these jobs: what was answered, and how many executions started. */
async function callBack(flow: WorkflowJson, jobIds: readonly string[]) {
	const statuses: number[] = [];
	let started = 0;
	for (let from = 0; from < jobIds.length; from += WAVE) {
		const wave = jobIds.slice(from, from + WAVE);
		const outcomes = await Promise.all(wave.map(async (id) => await stage.engine.runWebhook(flow, { body: { id } })));
		statuses.push(...outcomes.map(({ response }) => response.status));
		started += outcomes.filter(({ execution }) => execution !== undefined).length;
	}
	return { statuses, started };
}

const jobIds = () => stage.emulator.jobs().map(({ id }) => id);

test('every job of a big batch that ends at once starts the workflow', async () => {
	const { statuses, started } = await callBack(flowOf('crowd', ['completed']), jobIds());
	expect(statuses).toEqual(Array.from({ length: JOBS }, () => 200));
	expect(started).toBe(JOBS);
}, 120_000);

test('a big batch whose ends are not listened for uses up no checks', async () => {
	const flow = flowOf('deaf', ['failed']);
	const { statuses, started } = await callBack(flow, jobIds());
	expect([new Set(statuses), started]).toEqual([new Set([200]), 0]);
}, 120_000);

test('repeats of a callback that is not listened for are limited as guesses are', async () => {
	const [id = ''] = jobIds();
	const asked = checksOf(stage);
	const { statuses } = await callBack(
		flowOf('repeated', ['failed']),
		Array.from({ length: 350 }, () => id),
	);
	expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
	expect(checksOf(stage) - asked).toBeLessThanOrEqual(301);
}, 120_000);
