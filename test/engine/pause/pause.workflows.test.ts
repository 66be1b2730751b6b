import { choices } from '../../../nodes/core/providers/choices';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import { NO_CREDIT } from '../faults';
import { type Execution, itemsOf, loop, node, row, withAgent, type WorkflowJson } from '../harness/index';
import { pausing } from '../harness/probes';
import { CONTINUE, FROM_ITEM, retryOnFail, shots } from '../items';
import { errorsIn, outputOf, statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ callbacks: true, nodeTypes: () => ({ approval: pausing }) })));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** A Kling node that pauses. */
const klingNode = (parameters: Record<string, unknown>) => stage.node({ ...parameters, completion: 'callback' });

/** Runs a workflow through so many pauses, which callbacks of the emulator end. */
async function runThrough(pauses: number, flow: WorkflowJson, items = itemsOf({})): Promise<Execution> {
	await stage.engine.run(flow, { items });
	return await stage.resumed(pauses);
}

describe.each(providerNames)('%s', (provider) => {
	test('two Kling nodes pause one after the other in one execution', async () => {
		const nodes = ['First', 'Second'].map((name) => ({ ...klingNode({ provider, prompt: name }), name }));
		const execution = await runThrough(2, row(nodes));
		expect(execution.status).toBe('success');
		const jobs = stage.jobs();
		expect(jobs.map(({ input }) => input.prompt)).toEqual(['First', 'Second']);
		expect(['First', 'Second'].map((name) => execution.items(name)[0]?.json)).toMatchObject(
			jobs.map(({ id }) => ({ jobId: id, status: 'completed' })),
		);
	});

	test('a late callback does not resume another node that has paused since', async () => {
		const waiting = await runThrough(1, row([klingNode({ provider }), node('Approval', 'approval')]));
		expect(waiting.status).toBe('waiting');
		expect(await stage.callBack(stage.job().webhookUrl, { done: true })).toEqual({ status: 404, execution: undefined });
	});

	test('a loop pauses in every turn, seconds after the last one, and each turn has its own job', async () => {
		const flow = loop([klingNode({ provider, ...FROM_ITEM })]);
		const execution = await runThrough(3, flow, itemsOf({ prompt: 'a' }, { prompt: 'b' }, { prompt: 'c' }));
		expect(execution.items('Collect').map(({ json }) => json)).toMatchObject(
			stage.jobs().map(({ id }) => ({ jobId: id, status: 'completed' })),
		);
		expect(stage.jobs().map(({ input }) => input.prompt)).toEqual(['a', 'b', 'c']);
	});

	test.each(['continueRegularOutput', 'continueErrorOutput'])(
		'with On Error %s a bad item keeps its place over a pause',
		async (onError) => {
			const items = itemsOf({ prompt: '' }, { prompt: 'good' });
			await stage.pause({ provider, ...FROM_ITEM }, items, { onError });
			const execution = await stage.resumed();
			expect(outputOf(execution).map(({ status, error }) => status ?? typeof error)).toEqual(
				onError === 'continueErrorOutput' ? ['completed'] : ['object', 'completed'],
			);
			const all = [...outputOf(execution), ...outputOf(execution, 1)];
			expect(errorsIn(all).map(({ message }) => message)).toEqual([expect.stringContaining('Prompt')]);
			expect(execution.items('Kling').at(-1)?.pairedItem).toMatchObject({ item: 1 });
		},
	);

	test('Retry On Fail does not run a paused node again because its first item is an error', async () => {
		stage.dropCallbacks();
		const settings = { ...CONTINUE, ...retryOnFail() };
		// What is stored for the deadline has no prompt of its own: read as input, it would be another request, to be paid.
		const prompt = '={{ $json.prompt ?? "another" }}';
		const paused = await stage.pause({ provider, prompt }, itemsOf({ prompt: '' }, { prompt: 'good' }), settings);
		expect(paused.status).toBe('waiting');
		const missed = await stage.engine.resumeByTimer(paused);
		expect(outputOf(missed).map(({ jobId }) => jobId)).toEqual([undefined, stage.job().id]);
		expect(stage.jobs()).toHaveLength(1);
	});

	test('after one submit was refused, Retry On Fail takes up the jobs that exist and pauses with all', async () => {
		stage.emulator.misbehave({
			when: { call: 'submit', skip: 1, first: 1 },
			do: NO_CREDIT,
		});
		await stage.pause({ provider, ...FROM_ITEM }, shots(3), retryOnFail(2));
		const execution = await stage.resumed();
		expect(statusesOf(execution)).toEqual(['completed', 'completed', 'completed']);
		expect(stage.jobs()).toHaveLength(3);
	});

	test('a retried execution, which the jobs of the first will never call, still gets their videos', async () => {
		stage.emulator.misbehave({
			when: { call: 'submit', skip: 1, first: 1 },
			do: NO_CREDIT,
		});
		stage.emulator.script({ when: { jobNumber: 1 }, job: { runMs: 90_000 } });
		const failed = await stage.pause({ provider, ...FROM_ITEM }, shots(2));
		expect(failed.status).toBe('error');
		const retried = await stage.engine.retry(failed);
		const execution = retried.status === 'waiting' ? await stage.resumed() : retried;
		expect(statusesOf(execution)).toEqual(['completed', 'completed']);
		expect(stage.jobs()).toHaveLength(2);
	});

	test.each(['engine', 'process'])(
		'as an AI tool called through the %s it gives the job ID and does not pause',
		async (calledThrough) => {
			const flow = withAgent(klingNode({ provider }), [{ a: '1' }], calledThrough);
			const execution = await stage.engine.run(flow);
			expect(execution.status).toBe('success');
			expect(stage.jobs()).toHaveLength(1);
			const job = stage.job();
			expect(JSON.stringify(execution.items('Agent'))).toContain(job.id);
			expect(job.webhookUrl).toBeUndefined();
		},
	);
});

const pairs = choices
	.filter(({ chain }) => chain.length > 1)
	.map(({ value, chain }) => [value, at(chain, 0), at(chain, 1)] as const);

test.each(pairs)('%s: the job of the second provider is called back, too', async (choice, first, second) => {
	stage.emulator.misbehave({ when: { provider: first, call: 'submit' }, do: NO_CREDIT });
	await stage.pause({ provider: choice });
	const [item] = outputOf(await stage.resumed());
	expect(item).toMatchObject({ provider: second, status: 'completed', fallbackFrom: { provider: first } });
});
