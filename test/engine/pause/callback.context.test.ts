import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node.ts';
import { credentialNames } from '../../support/apis';
import { node, row, type Execution, type WorkflowJson } from '../harness/index';
import { setCalledStage, type CalledStage } from './parking';

let stage: CalledStage;
beforeAll(async () => (stage = await setCalledStage({ emulator: { jobTimes: { queueMs: 0, runMs: 15_000 } } })));
beforeEach(() => stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } }));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const ended = async () => await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'completed'));
const flowOf = (name: string): WorkflowJson => {
	const form = {
		operation: 'generate',
		prompt: 'A shot',
		startImageUrl: stage.emulator.imageUrl,
		completion: 'callback',
	};
	return row([node(name, 'klingVideo', { ...form, provider: 'runpod' }, { credentials: credentialNames })]);
};

async function called(): Promise<{ status: number; execution: Execution | undefined }> {
	const { response, done } = stage.call(stage.emulator.jobs()[0]?.webhookUrl);
	return { status: (await response).status, execution: await done };
}

test.each([
	'A "quoted" node',
	"It's }} here {{ and $json",
	'Back\\slash \\{{',
	'= {{ 1 }}',
	'Übung — 視頻',
	'Line\nbreak',
	'`${x}`',
	"']; throw 1; ['",
])('a node called %j resumes like any other', async (name) => {
	const parked = await stage.engine.run(flowOf(name));
	expect(parked.status).toBe('waiting');
	await ended();
	const { status, execution } = await called();
	expect([status, execution?.items(name)[0]?.json.status]).toEqual([200, 'completed']);
});

test.each([
	['is gone', () => undefined],
	['is empty', () => ({})],
	['is of an older version', () => ({ parked: { items: [] } })],
	['is damaged', () => ({ parked: { parkedMs: 1, items: [{ kind: 'job', job: { handle: null } }] } })],
])('a record that %s leaves the execution parked', async (_name, record) => {
	const parked = await stage.engine.run(flowOf('Kling'));
	await ended();
	const stored = parked.readStored();
	const context = stored.executionData?.contextData ?? {};
	const damaged = record();
	if (damaged === undefined) delete context['node:Kling'];
	else context['node:Kling'] = damaged;
	jest.spyOn(parked, 'readStored').mockImplementation(() => structuredClone(stored));
	expect(await called()).toEqual({ status: 404, execution: undefined });
});

test('a credential that is gone leaves the execution parked, and answers so that the provider calls again', async () => {
	const flow = flowOf('Kling');
	await stage.engine.run(flow);
	await ended();
	for (const each of flow.nodes) each.credentials = {};
	expect(await called()).toEqual({ status: 503, execution: undefined });
	expect(stage.engine.webhookLogs.filter(({ level }) => level === 'warn')).toContainEqual(
		expect.objectContaining({
			message: expect.stringContaining('credential'),
			meta: { jobId: stage.emulator.jobs()[0]?.id },
		}),
	);
});

test('webhook() answers and never throws, whatever its context does', async () => {
	const { webhook } = new KlingVideo(stage.clock);
	const statuses: number[] = [];
	const response = { headersSent: false, status: (code: number) => ({ json: () => statuses.push(code) }) };
	const fail = () => {
		throw new Error('broken');
	};
	const logger = { warn: () => undefined };
	const broken = {
		getResponseObject: () => response,
		getNode: fail,
		evaluateExpression: fail,
		getBodyData: fail,
		getExecutionId: fail,
		logger,
	};
	// A context of which nothing works but the answer.
	expect(await webhook.call(broken as never)).toEqual({ noWebhookResponse: true });
	expect(statuses).toEqual([500]);
});
