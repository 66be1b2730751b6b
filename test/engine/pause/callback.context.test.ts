import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node.ts';
import { row, type WorkflowJson } from '../harness/index';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ callbacks: true, emulator: { jobTimes: { queueMs: 0, runMs: 15_000 } } })),
);
beforeEach(() => stage.dropCallbacks());
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** A workflow whose node with that name pauses. */
const flowOf = (name: string): WorkflowJson => {
	const kling = stage.node({ provider: 'runpod', completion: 'callback' });
	return row([{ ...kling, name }]);
};
const called = async () => await stage.callBack(stage.job().webhookUrl);

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
	const paused = await stage.engine.run(flowOf(name));
	expect(paused.status).toBe('waiting');
	await stage.jobsEnded();
	const { status, execution } = await called();
	expect([status, execution?.items(name)[0]?.json.status]).toEqual([200, 'completed']);
});

test.each([
	['is gone', () => undefined],
	['is empty', () => ({})],
	['is of an older version', () => ({ pause: { items: [] } })],
	['is damaged', () => ({ pause: { pausedMs: 1, items: [{ kind: 'job', job: { handle: null } }] } })],
])('a stored record that %s leaves the execution waiting', async (_name, record) => {
	const paused = await stage.engine.run(flowOf('Kling'));
	await stage.jobsEnded();
	const stored = paused.readStored();
	const context = stored.executionData?.contextData ?? {};
	const damaged = record();
	if (damaged === undefined) delete context['node:Kling'];
	else context['node:Kling'] = damaged;
	jest.spyOn(paused, 'readStored').mockImplementation(() => structuredClone(stored));
	expect(await called()).toEqual({ status: 404, execution: undefined });
});

test('a credential that is gone leaves the execution waiting, and n8n answers so that the provider calls again', async () => {
	const flow = flowOf('Kling');
	await stage.engine.run(flow);
	await stage.jobsEnded();
	for (const each of flow.nodes) each.credentials = {};
	expect(await called()).toEqual({ status: 503, execution: undefined });
	expect(stage.engine.webhookLogs.filter(({ level }) => level === 'warn')).toContainEqual(
		expect.objectContaining({
			message: expect.stringContaining('credential'),
			meta: { jobId: stage.job().id },
		}),
	);
});

test('webhook() answers and never throws, even where everything it asks n8n for fails', async () => {
	const { webhook } = new KlingVideo(stage.clock);
	const answers: unknown[] = [];
	const json = (code: number) => (body: unknown) => answers.push([code, body]);
	const response = { headersSent: false, status: (code: number) => ({ json: json(code) }) };
	const fail = () => {
		throw new Error('broken');
	};
	const warnings: string[] = [];
	const logger = { warn: (text: string) => warnings.push(text) };
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
	expect(answers).toEqual([[500, { message: 'try again' }]]);
	expect(warnings).toEqual(['A Kling callback could not be handled; the execution stays paused: broken']);
});
