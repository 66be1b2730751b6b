import type { IWebhookFunctions } from 'n8n-workflow';
import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import { credentialNames } from '../../support/apis';
import { node, workflow, type WorkflowJson } from '../harness/index';
import { checksOf, setCalledStage, type CalledStage } from '../pause/parking';

let stage: CalledStage;
const trigger = new KlingVideoTrigger();
/** The same node as the editor's "Listen for test event" runs it. */
const listening = new KlingVideoTrigger();

beforeAll(async () => {
	const engine = { nodeTypes: { klingVideoTrigger: trigger, listening } };
	stage = await setCalledStage({ engine, emulator: { jobTimes: { queueMs: 0, runMs: 2_000 } } });
	// The nodes take their clock when they are made, and the stage's is made with the stage.
	Object.assign(trigger, new KlingVideoTrigger(stage.clock));
	const { webhook } = new KlingVideoTrigger(stage.clock);
	listening.webhook = async function (this: IWebhookFunctions) {
		return await webhook.call(Object.create(this, { getMode: { value: () => 'manual' } }));
	};
	stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
});
afterAll(async () => await stage.close());

const flowOf = (type: string): WorkflowJson => {
	const started = node('Ended', type, { provider: 'runpod', downloadVideo: false }, { credentials: credentialNames });
	return { ...workflow([started, node('Collect', 'collect')], [{ from: 'Ended', to: 'Collect' }]), id: type };
};

async function endedJob(): Promise<string> {
	await stage.run({ provider: 'runpod', completion: 'jobId' });
	await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'completed'));
	return String(stage.emulator.jobs().at(-1)?.id);
}

test('after a restart of n8n a job that started the workflow before does not start it again', async () => {
	const id = await endedJob();
	const flow = flowOf('klingVideoTrigger');
	expect((await stage.engine.runWebhook(flow, { body: { id } })).execution?.status).toBe('success');
	jest.isolateModules(() => {
		// A fresh copy of the module, as a new process has it: with an empty memory.
		const fresh: typeof import('../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts') = jest.requireActual(
			'../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts',
		);
		expect(fresh.KlingVideoTrigger).not.toBe(KlingVideoTrigger);
		Object.assign(trigger, new fresh.KlingVideoTrigger(stage.clock));
	});
	const asked = checksOf(stage);
	const again = await stage.engine.runWebhook(flow, { body: { id } });
	expect([again.response.status, again.execution, checksOf(stage)]).toEqual([200, undefined, asked]);
	expect((await stage.engine.runWebhook(flow, { body: { id: await endedJob() } })).execution?.status).toBe('success');
});

test('while the workflow is tried out in the editor, one job can start it again and again', async () => {
	const id = await endedJob();
	const flow = flowOf('listening');
	const once = await stage.engine.runWebhook(flow, { body: { id } });
	const again = await stage.engine.runWebhook(flow, { body: { id } });
	const item = { json: { jobId: id, status: 'completed' } };
	expect([once, again].map(({ execution }) => execution?.items('Collect'))).toMatchObject([[item], [item]]);
});

test('status checks that a trigger can be made to do are limited', async () => {
	const nowMs = stage.clock.now();
	// Time stands still, so that nothing is refilled meanwhile.
	Object.assign(trigger, new KlingVideoTrigger({ ...stage.clock, now: () => nowMs }));
	const flow = { ...flowOf('klingVideoTrigger'), id: 'flooded' };
	const before = checksOf(stage);
	const calls = Array.from(
		{ length: 350 },
		async (_, index) => await stage.engine.runWebhook(flow, { body: { id: `guess-${index}` } }),
	);
	const outcomes = await Promise.all(calls);
	expect(outcomes.filter(({ execution }) => execution !== undefined)).toEqual([]);
	expect(outcomes.filter(({ response }) => response.status === 429)).toHaveLength(50);
	expect(checksOf(stage) - before).toBe(300);
});
