import { choices } from '../../../nodes/core/providers/choices';
import { credentialNames, providerNames } from '../../support/apis';
import { itemsOf, node, workflow, type Execution, type WorkflowJson } from '../harness/index';
import { setCalledStage, type CalledStage } from './parking';
import { parking } from '../harness/probes';
import { errorsIn, FROM_ITEM, kling, shots } from '../scenes';

let stage: CalledStage;
beforeAll(async () => (stage = await setCalledStage({ engine: { nodeTypes: { approval: parking } } })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const form = () => ({
	operation: 'generate',
	prompt: 'A shot',
	startImageUrl: stage.emulator.imageUrl,
	completion: 'callback',
});
const credentials = { credentials: credentialNames };
const drop = () => stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });

/** Runs a workflow through all its parks; the callbacks come from the emulator. */
async function through(flow: WorkflowJson, parks: number, items = itemsOf({})): Promise<Execution> {
	await stage.engine.run(flow, { items });
	return await stage.resumed(parks);
}

describe.each(providerNames)('%s', (provider) => {
	test('two Kling nodes park one after the other in one execution', async () => {
		const nodes = ['First', 'Second'].map((name) =>
			node(name, 'klingVideo', { ...form(), provider, prompt: name }, credentials),
		);
		const links = [
			{ from: 'Start', to: 'First' },
			{ from: 'First', to: 'Second' },
		];
		const execution = await through(workflow([node('Start', 'items'), ...nodes], links), 2);
		expect(execution.status).toBe('success');
		const jobs = stage.emulator.jobs();
		expect(jobs.map(({ input }) => input.prompt)).toEqual(['First', 'Second']);
		expect(['First', 'Second'].map((name) => execution.items(name)[0]?.json)).toMatchObject(
			jobs.map(({ id }) => ({ jobId: id, status: 'completed' })),
		);
	});

	test('a callback that comes late does not let another node go on that waits further on', async () => {
		const flow = workflow(
			[
				node('Start', 'items'),
				node('Kling', 'klingVideo', { ...form(), provider }, credentials),
				node('Approval', 'approval'),
			],
			[
				{ from: 'Start', to: 'Kling' },
				{ from: 'Kling', to: 'Approval' },
			],
		);
		const waiting = await through(flow, 1);
		expect(waiting.status).toBe('waiting');
		const { response, done } = stage.call(stage.emulator.jobs()[0]?.webhookUrl, { done: true });
		expect((await response).status).toBe(404);
		expect(await done).toBeUndefined();
	});

	test('a loop parks in every turn, seconds after the last one, and each turn has its own job', async () => {
		const flow = workflow(
			[
				node('Start', 'items'),
				node('Loop', 'loop'),
				node('Kling', 'klingVideo', { ...form(), provider, ...FROM_ITEM }, credentials),
				node('Collect', 'collect'),
			],
			[
				{ from: 'Start', to: 'Loop' },
				{ from: 'Loop', to: 'Collect' },
				{ from: 'Loop', to: 'Kling', output: 1 },
				{ from: 'Kling', to: 'Loop' },
			],
		);
		const execution = await through(flow, 3, itemsOf({ prompt: 'a' }, { prompt: 'b' }, { prompt: 'c' }));
		expect(execution.items('Collect').map(({ json }) => json)).toMatchObject(
			stage.emulator.jobs().map(({ id }) => ({ jobId: id, status: 'completed' })),
		);
		expect(stage.emulator.jobs().map(({ input }) => input.prompt)).toEqual(['a', 'b', 'c']);
	});

	test.each(['continueRegularOutput', 'continueErrorOutput'])(
		'with On Error %s a bad item keeps its place over a park',
		async (onError) => {
			const items = itemsOf({ prompt: '' }, { prompt: 'good' });
			await stage.park({ provider, ...FROM_ITEM }, items, { onError });
			const execution = await stage.resumed();
			expect(kling(execution).map(({ status, error }) => status ?? typeof error)).toEqual(
				onError === 'continueErrorOutput' ? ['completed'] : ['object', 'completed'],
			);
			const all = [...kling(execution), ...kling(execution, 1)];
			expect(errorsIn(all).map(({ message }) => message)).toEqual([expect.stringContaining('Prompt')]);
			expect(execution.items('Kling').at(-1)?.pairedItem).toMatchObject({ item: 1 });
		},
	);

	test('Retry On Fail does not run a parked node again because its first item is an error', async () => {
		drop();
		const settings = { onError: 'continueRegularOutput', retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
		// What is stored for the deadline has no prompt of its own: read as input, it would be another request, to be paid.
		const prompt = '={{ $json.prompt ?? "another" }}';
		const parked = await stage.park({ provider, prompt }, itemsOf({ prompt: '' }, { prompt: 'good' }), settings);
		expect(parked.status).toBe('waiting');
		const missed = await stage.engine.resumeByTimer(parked);
		expect(kling(missed).map(({ jobId }) => jobId)).toEqual([undefined, stage.emulator.jobs()[0]?.id]);
		expect(stage.emulator.jobs()).toHaveLength(1);
	});

	test('after one submit was refused, Retry On Fail takes up the jobs that exist and parks with all', async () => {
		stage.emulator.misbehave({
			when: { call: 'submit', skip: 1, first: 1 },
			do: { reply: { status: 402, body: { error: 'no credit' } } },
		});
		const settings = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
		await stage.park({ provider, ...FROM_ITEM }, shots(3), settings);
		const execution = await stage.resumed();
		expect(kling(execution).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
		expect(stage.emulator.jobs()).toHaveLength(3);
	});

	test('a retried execution, which the jobs of the first will never call, still gets their videos', async () => {
		stage.emulator.misbehave({
			when: { call: 'submit', skip: 1, first: 1 },
			do: { reply: { status: 402, body: { error: 'no credit' } } },
		});
		stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 90_000 } });
		const failed = await stage.park({ provider, ...FROM_ITEM }, shots(2));
		expect(failed.status).toBe('error');
		const retried = await stage.engine.retry(failed);
		const execution = retried.status === 'waiting' ? await stage.resumed() : retried;
		expect(kling(execution).map(({ status }) => status)).toEqual(['completed', 'completed']);
		expect(stage.emulator.jobs()).toHaveLength(2);
	});

	test.each(['engine', 'process'])(
		'as an AI tool called through the %s it gives the job ID and does not park',
		async (calledThrough) => {
			const flow = workflow(
				[
					node('Start', 'items'),
					node('Agent', 'agent', { calls: [{ a: '1' }], through: calledThrough }),
					node('Kling', 'klingVideoTool', { ...form(), provider }, credentials),
				],
				[
					{ from: 'Start', to: 'Agent' },
					{ from: 'Kling', to: 'Agent', type: 'ai_tool' },
				],
			);
			const execution = await stage.engine.run(flow);
			expect(execution.status).toBe('success');
			const [job, ...others] = stage.emulator.jobs();
			expect(others).toEqual([]);
			expect(JSON.stringify(execution.items('Agent'))).toContain(job?.id);
			expect(job?.webhookUrl).toBeUndefined();
		},
	);
});

const pairs = choices
	.filter(({ chain }) => chain.length > 1)
	.map(({ value, chain }) => [value, chain[0], chain[1]] as const);

test.each(pairs)('%s: what falls back is called back, too', async (choice, first, second) => {
	const do402 = { reply: { status: 402, body: { error: 'no credit' } } };
	stage.emulator.misbehave({ when: { provider: first, call: 'submit' }, do: do402 });
	await stage.park({ provider: choice });
	const [item] = kling(await stage.resumed());
	expect(item).toMatchObject({ provider: second, status: 'completed', fallbackFrom: { provider: first } });
});
