import { expect } from 'expect';
import type { EmulatorOptions } from '../../emulator/index';
import { hasEnded, isParked, itemsOf, runsOf } from '../harness/execution.ts';
import { createJumpingClock, type JumpingClock } from '../harness/jumpingClock.ts';
import { expectVideoOf, providerLabels, providerNames, startBench, type Bench, type ProviderName } from '../harness/kling.cts';
import type { Host } from '../harness/host.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import { itemsNode, manualTrigger, node, row, type WorkflowDefinition } from '../harness/workflow.ts';

/** A job runs until the scenario lets this pass. */
const RUN_MS = 600_000;

interface ParkStage {
	readonly bench: Bench;
	readonly clock: JumpingClock;
	readonly host: Host;
}

async function setStage(
	context: Pick<ScenarioContext, 'host' | 'afterwards'>,
	provider: ProviderName,
	options: EmulatorOptions = {},
): Promise<ParkStage> {
	const clock = createJumpingClock();
	const jobTimes = { queueMs: 0, runMs: RUN_MS };
	return { bench: await startBench(context, provider, { clock, jobTimes, ...options }), clock, host: context.host };
}

function parkWorkflow(
	bench: Bench,
	prompts: string[],
	{ provider = bench.provider, timeoutSeconds = 1200 }: { provider?: ProviderName; timeoutSeconds?: number } = {},
): WorkflowDefinition {
	const rows = itemsNode('Rows', prompts.map((prompt) => ({ prompt })));
	const options = { timeoutSeconds };
	const generate = bench.generate({ provider, prompt: '={{ $json.prompt }}', completion: 'callback', options });
	return row('Park', [manualTrigger(), rows, generate, node('Done', 'noOp')]);
}

/** Starts the workflow and sees it parked; the execution's id. */
async function park(host: Host, definition: WorkflowDefinition): Promise<string> {
	const id = await host.runManually(await host.workflow(definition));
	await host.waitForExecution(id, (execution) => isParked(execution) || hasEnded(execution));
	expect((await host.execution(id)).status).toBe('waiting');
	return id;
}

/** The execution has ended well, and its items are the prompts' jobs in order, each with its video. */
async function expectFinished({ bench, host }: ParkStage, id: string, prompts: string[]): Promise<void> {
	const execution = await host.waitForExecution(id);
	expect(execution.status).toBe('success');
	const items = itemsOf(execution, 'Done');
	expect(items).toHaveLength(prompts.length);
	for (const [index, prompt] of prompts.entries()) {
		const jobs = bench.emulator.jobs().filter(({ input }) => input.prompt === prompt);
		expect(jobs).toHaveLength(1);
		await expectVideoOf(host, items[index], jobs[0]);
	}
	expect([runsOf(execution, 'Generate').length, runsOf(execution, 'Done').length]).toEqual([1, 1]);
}

function each(name: string, run: (provider: ProviderName, context: ScenarioContext) => Promise<void>): Scenario[] {
	return providerNames.map((provider) => ({
		name: `${providerLabels[provider]}: ${name}`,
		run: async (context) => await run(provider, context),
	}));
}

const shot = ['a single shot'];
const shots = Array.from({ length: 10 }, (_, index) => `shot ${index}`);

export const scenarios: Scenario[] = [
	...each('1 and 10 items go through a park, every video in its place', async (provider, context) => {
		// The last one ends first.
		const jobTimes: EmulatorOptions['jobTimes'] = ({ number }) => ({ queueMs: 0, runMs: RUN_MS + (11 - number) * 100 });
		const stage = await setStage(context, provider, { jobTimes });
		const ids = await Promise.all([shot, shots].map(async (prompts) => await park(stage.host, parkWorkflow(stage.bench, prompts))));
		expect(stage.bench.emulator.jobs()).toHaveLength(11);
		stage.clock.jump(RUN_MS);
		await expectFinished(stage, ids[0], shot);
		await expectFinished(stage, ids[1], shots);
		expect(stage.bench.emulator.jobs()).toHaveLength(11);
	}),

	...each('10 callbacks at once resume a parked execution once', async (provider, context) => {
		const stage = await setStage(context, provider);
		const { bench, clock, host } = stage;
		const { emulator } = bench;
		emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { times: 10 } } });
		const definition = parkWorkflow(bench, shot);
		const last = definition.nodes.findIndex(({ name }) => name === 'Done');
		definition.nodes[last] = node('Done', 'httpRequest', { url: emulator.imageUrl, options: {} }, { typeVersion: 4.2 });
		const id = await park(host, definition);
		const seenOutside = () => emulator.requests().filter(({ call }) => call === 'image').length;
		const before = seenOutside();
		clock.jump(RUN_MS);
		await host.until('all deliveries', () => emulator.deliveries().filter(({ attempt }) => attempt === 1).length === 10);
		const execution = await host.waitForExecution(id);
		expect(execution.status).toBe('success');
		await expectVideoOf(host, itemsOf(execution, 'Generate')[0], emulator.jobs()[0]);
		expect(runsOf(execution, 'Done')).toHaveLength(1);
		expect(await host.executionsOf(execution.workflowId)).toHaveLength(1);
		expect(seenOutside() - before).toBe(1);
		expect(emulator.requests().filter(({ call }) => call === 'video')).toHaveLength(1);
		expect(emulator.jobs()).toHaveLength(1);
	}),
];
