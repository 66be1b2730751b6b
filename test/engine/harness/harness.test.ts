import Fastify from 'fastify';
import type { INode } from 'n8n-workflow';
import { createEngine, itemsOf, jsonOf, loop, node, row, withAgent, workflow } from './index';
import type { Engine, Execution } from './index';
import * as probes from './probes';

const { keyCredential, untilStopped, ...nodeTypes } = probes;

let engine: Engine;

beforeEach(async () => {
	const credentials = { keyApi: { type: keyCredential, data: { apiKey: 'secret' } } };
	engine = await createEngine({ nodeTypes, credentials, publicUrl: 'https://n8n.test/' });
});

describe('a run', () => {
	it('gives each item the item it came from', async () => {
		const execution = await engine.run(row([node('Look', 'curious')]), { items: itemsOf({ n: 1 }, { n: 2 }) });
		expect(execution.status).toBe('success');
		expect(jsonOf(execution.items('Collect'))).toEqual([{ n: 1 }, { n: 2 }]);
		expect(execution.items('Collect').map(({ pairedItem }) => pairedItem)).toMatchObject([{ item: 0 }, { item: 1 }]);
	});

	it('knows a resume URL under the public address, in expressions and through the data proxy', async () => {
		const execution = await engine.run(row([node('Look', 'curious')]), { executionId: '77' });
		const [line] = execution.logged('curious');
		expect(line?.resumeUrl).toMatch(/^https:\/\/n8n\.test\/webhook-waiting\/77\?signature=\w{64}$/);
		expect(line?.proxyUrl).toBe(line?.resumeUrl);
	});

	it('keeps the lines of two executions apart', async () => {
		const flow = row([node('Flaky', 'flaky')]);
		const [one, two] = await Promise.all([engine.run(flow), engine.run(flow)]);
		expect(one.logged('flaky: try')).toEqual([{ number: 1 }]);
		expect(two.logged('flaky: try')).toEqual([{ number: 1 }]);
	});

	it('splits items by their key', async () => {
		const flow = workflow(
			[node('Start', 'items'), node('If', 'if', { key: 'yes' }), node('Yes', 'collect'), node('No', 'collect')],
			[
				{ from: 'Start', to: 'If' },
				{ from: 'If', to: 'Yes' },
				{ from: 'If', to: 'No', output: 1 },
			],
		);
		const execution = await engine.run(flow, { items: itemsOf({ yes: true }, { yes: false }) });
		expect(jsonOf(execution.items('Yes'))).toEqual([{ yes: true }]);
		expect(jsonOf(execution.items('No'))).toEqual([{ yes: false }]);
	});

	it('sends the credential that the user chose', async () => {
		const app = Fastify();
		app.get('/', async ({ headers }) => ({ got: headers.authorization }));
		const url = await app.listen({ port: 0, host: '127.0.0.1' });
		const execution = await engine.run(row([node('Ask', 'asking', { url }, { credentials: ['keyApi'] })]));
		const without = await engine.run(row([node('Ask', 'asking', { url })]));
		await app.close();
		expect(jsonOf(execution.items('Collect'))).toEqual([{ got: 'Bearer secret' }]);
		expect(without.error('Ask')?.message).toBe('Node does not require credentials');
	});

	it.each([
		['filesystem', true],
		['default', false],
	] as const)('keeps binary data in mode %s', async (mode, onDisk) => {
		engine = await createEngine({ nodeTypes, binaryMode: mode });
		const execution = await engine.run(row([node('Store', 'storing')]));
		const [item] = execution.items('Collect');
		const { bytes, mimeType, fileName } = await engine.binary(item);
		expect(item?.binary?.data?.id?.startsWith('filesystem-v2:') ?? false).toBe(onDisk);
		expect([bytes.length, bytes[9999], mimeType, fileName]).toEqual([10_000, 9, 'video/mp4', 'clip.mp4']);
	});
});

describe('a failing node', () => {
	const flakyRow = (succeedsAt: number, extras: Partial<Omit<INode, 'credentials'>> = {}) =>
		row([node('Flaky', 'flaky', { succeedsAt }, extras)]);

	it('is run again by Retry On Fail, with the same context', async () => {
		const execution = await engine.run(flakyRow(3, { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 }));
		expect(jsonOf(execution.items('Collect'))).toEqual([{ tries: 3 }]);
		expect(execution.runs('Flaky')).toHaveLength(1);
	});

	it('ends the execution, and "Retry execution" goes on from it with its context', async () => {
		const failed = await engine.run(flakyRow(2));
		expect(failed.status).toBe('error');
		expect(failed.error('Flaky')?.message).toBe('not yet');
		const retried = await engine.retry(failed);
		expect(retried.status).toBe('success');
		expect(retried.id).not.toBe(failed.id);
		expect(jsonOf(retried.items('Collect'))).toEqual([{ tries: 2 }]);
		expect(failed.contextData['node:Flaky']).toEqual({ tries: 1 });
		await expect(engine.retry(retried)).rejects.toThrow('cannot be retried');
	});

	it('is retried as the saved workflow has it now', async () => {
		const retried = await engine.retry(await engine.run(flakyRow(9)), flakyRow(2));
		expect(retried.status).toBe('success');
	});

	it('passes error items to the error output whole', async () => {
		const fault = { fault: 'broken' };
		const faulty = node('Faulty', 'faulty', {}, { onError: 'continueErrorOutput' });
		const flow = workflow(
			[node('Start', 'items'), faulty, node('Good', 'collect'), node('Bad', 'collect')],
			[
				{ from: 'Start', to: 'Faulty' },
				{ from: 'Faulty', to: 'Good' },
				{ from: 'Faulty', to: 'Bad', output: 1 },
			],
		);
		const execution = await engine.run(flow, { items: itemsOf({ n: 1 }, fault) });
		expect(jsonOf(execution.items('Good'))).toEqual([{ n: 1 }]);
		expect(jsonOf(execution.items('Bad'))).toEqual([{ ...fault, error: { message: 'broken', jobId: 'job-1' } }]);
	});

	it('hands its input on under "continue (regular output)"', async () => {
		const execution = await engine.run(flakyRow(9, { onError: 'continueRegularOutput' }), { items: itemsOf({ n: 1 }) });
		expect(execution.status).toBe('success');
		expect(jsonOf(execution.items('Collect'))).toEqual([{ n: 1 }]);
	});
});

describe('Stop and timeout', () => {
	const flow = row([node('Hang', 'untilStopped')]);

	it('Stop fires the cancel signal, and all that the execution knew is lost', async () => {
		let stop = () => undefined as void;
		const hang = untilStopped(() => stop());
		const running = (await createEngine({ nodeTypes: { untilStopped: hang } })).start(flow);
		stop = running.stop;
		const execution = await running.done;
		expect(execution.status).toBe('canceled');
		expect(execution.logged('untilStopped: told')).toEqual([{ aborted: true }]);
		expect(execution.readStored().executionData?.contextData).toEqual({});
	});

	it('the workflow timeout fires it too, and what was known then is kept', async () => {
		const hang = untilStopped(() => undefined);
		const settings = { ...flow.settings, executionTimeout: 0.1 };
		const execution = await (await createEngine({ nodeTypes: { untilStopped: hang } })).run({ ...flow, settings });
		expect(execution.status).toBe('canceled');
		expect(execution.logged('untilStopped: told')).toEqual([{ aborted: true }]);
		expect(execution.readStored().executionData?.contextData).toEqual({ 'node:Hang': { seen: true } });
	});
});

describe('a node that runs more than once in one execution', () => {
	const runsOf = (execution: Execution) =>
		execution.logged('curious').map(({ runIndex, runs, type, rewired, asTool }) => ({
			runIndex,
			runs,
			type,
			rewired,
			asTool,
		}));

	const asked = (through: string) => withAgent(node('Look', 'curious'), [{ a: '1' }, { a: '2' }], through);

	it('counts its run index up in a loop, over one context', async () => {
		const execution = await engine.run(loop([node('Look', 'curious')]), { items: itemsOf({ n: 1 }, { n: 2 }) });
		const same = { type: 'curious', rewired: undefined, asTool: false };
		expect(runsOf(execution)).toEqual([
			{ runIndex: 0, runs: 1, ...same },
			{ runIndex: 1, runs: 2, ...same },
		]);
		expect(jsonOf(execution.items('Collect'))).toEqual([{ n: 1 }, { n: 2 }]);
	});

	it('is called by an agent through the engine: rewired, but no tool execution', async () => {
		const execution = await engine.run(asked('engine'));
		const same = { type: 'curiousTool', rewired: 'ai_tool', asTool: false };
		expect(runsOf(execution)).toEqual([
			{ runIndex: 0, runs: 1, ...same },
			{ runIndex: 1, runs: 2, ...same },
		]);
		expect(execution.items('Agent', 0, 0)).toHaveLength(2);
	});

	it('is called by an agent in its own process: a tool execution, not rewired', async () => {
		const execution = await engine.run(asked('process'));
		const same = { type: 'curiousTool', rewired: undefined, asTool: true };
		expect(runsOf(execution)).toEqual([
			{ runIndex: 0, runs: 1, ...same },
			{ runIndex: 1, runs: 2, ...same },
		]);
	});
});
