import type { ProviderName } from '../../../nodes/core/job';
import { expect } from 'expect';
import type { EmulatorOptions } from '../../emulator/index';
import { at } from '../../support/defined';
import { hasEnded, isPaused, itemsOf, jsonOf, runsOf } from '../harness/execution.ts';
import { createJumpingClock, type JumpingClock } from '../harness/jumpingClock.ts';
import { expectVideoOf, providerLabels, providerNames, startBench, type Bench } from '../harness/kling.cts';
import type { Host } from '../harness/host.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import { itemsNode, manualTrigger, node, row, type WorkflowDefinition } from '../harness/workflow.ts';

/** A job runs until the scenario lets this pass. */
const RUN_MS = 600_000;
const BETWEEN_ENDS_MS = 60_000;
/** Runpod's pause before it repeats a callback; Core.Today is taken not to repeat any. */
const REPEAT_MS = 10_000;

interface Stage {
	readonly bench: Bench;
	readonly clock: JumpingClock;
	readonly host: Host;
}

async function setStage(
	context: Pick<ScenarioContext, 'host' | 'afterwards'>,
	provider: ProviderName,
	options: EmulatorOptions = {},
	clock = createJumpingClock(),
): Promise<Stage> {
	const jobTimes = { queueMs: 0, runMs: RUN_MS };
	return { bench: await startBench(context, provider, { clock, jobTimes, ...options }), clock, host: context.host };
}

function pausingFlow(
	bench: Bench,
	prompts: string[],
	{ provider = bench.provider, timeoutSeconds = 1200 }: { provider?: ProviderName; timeoutSeconds?: number } = {},
): WorkflowDefinition {
	const rows = itemsNode(
		'Rows',
		prompts.map((prompt) => ({ prompt })),
	);
	const options = { timeoutSeconds };
	const generate = bench.generate({ provider, prompt: '={{ $json.prompt }}', completion: 'callback', options });
	return row('Pause', [manualTrigger(), rows, generate, node('Done', 'noOp')]);
}

/** Starts the workflow and sees it paused; the execution's id. */
async function pause(host: Host, definition: WorkflowDefinition): Promise<string> {
	const id = await host.runManually(await host.workflow(definition));
	await host.waitForExecution(id, (execution) => isPaused(execution) || hasEnded(execution));
	expect((await host.execution(id)).status).toBe('waiting');
	return id;
}

/** The execution has ended well, and its items are the prompts' jobs in order, each with its video. */
async function expectFinished({ bench, host }: Stage, id: string, prompts: string[]): Promise<void> {
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

/** Starts the killed n8n, which calls a paused execution crashed until its recovery, before the editor is up, finds that it waits. */
async function startAgain(host: Host, id: string): Promise<void> {
	const before = host.server.log().length;
	await host.server.launch();
	await host.until('n8n to have recovered', () => host.server.log().slice(before).includes('Editor is now accessible'));
	await host.waitForExecution(id, isPaused);
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
	...each('1 and 10 items go through a pause, every video in its place', async (provider, context) => {
		// The last one ends first.
		const jobTimes: EmulatorOptions['jobTimes'] = ({ number }) => ({
			queueMs: 0,
			runMs: RUN_MS + (11 - number) * BETWEEN_ENDS_MS,
		});
		const stage = await setStage(context, provider, { jobTimes });
		const ids = await Promise.all(
			[shot, shots].map(async (prompts) => await pause(stage.host, pausingFlow(stage.bench, prompts))),
		);
		expect(stage.bench.emulator.jobs()).toHaveLength(11);
		for (let called = 1; called <= 11; called += 1) {
			stage.clock.jump(called === 1 ? RUN_MS : BETWEEN_ENDS_MS);
			await stage.host.until(`callback ${called}`, () => stage.bench.emulator.deliveries().length >= called);
		}
		await expectFinished(stage, at(ids, 0), shot);
		await expectFinished(stage, at(ids, 1), shots);
		expect(stage.bench.emulator.jobs()).toHaveLength(11);
	}),

	...each('10 callbacks at once resume a paused execution once', async (provider, context) => {
		const stage = await setStage(context, provider);
		const { bench, clock, host } = stage;
		const { emulator } = bench;
		emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { times: 10 } } });
		const definition = pausingFlow(bench, shot);
		const last = definition.nodes.findIndex(({ name }) => name === 'Done');
		definition.nodes[last] = node('Done', 'httpRequest', { url: emulator.imageUrl, options: {} }, { typeVersion: 4.2 });
		const id = await pause(host, definition);
		const seenOutside = () => emulator.requests().filter(({ call }) => call === 'image').length;
		const before = seenOutside();
		clock.jump(RUN_MS);
		await host.until(
			'all deliveries',
			() => emulator.deliveries().filter(({ attempt }) => attempt === 1).length === 10,
		);
		const execution = await host.waitForExecution(id);
		expect(execution.status).toBe('success');
		await expectVideoOf(host, itemsOf(execution, 'Generate')[0], emulator.jobs()[0]);
		expect(runsOf(execution, 'Done')).toHaveLength(1);
		expect(await host.executionsOf(execution.workflowId)).toHaveLength(1);
		expect(seenOutside() - before).toBe(1);
		expect(emulator.requests().filter(({ call }) => call === 'video')).toHaveLength(1);
		expect(emulator.jobs()).toHaveLength(1);
	}),

	{
		name: 'n8n is killed while executions are paused, and after its start they complete with no second job',
		alone: true,
		async run(context) {
			// However long n8n takes to start: the callbacks are not repeated before that.
			const stage = await setStage(context, 'runpod', {}, createJumpingClock({ stands: true }));
			const { bench, clock, host } = stage;
			const { emulator } = bench;
			const first = await pause(host, pausingFlow(bench, shots, { provider: 'runpod' }));
			await host.server.kill();
			clock.jump(RUN_MS);
			const isRefused = () =>
				emulator.deliveries().filter(({ status }) => status === undefined).length === shots.length;
			await host.until('the callbacks to find nobody', isRefused);
			await startAgain(host, first);
			clock.jump(REPEAT_MS);
			await expectFinished(stage, first, shots);

			const second = await pause(host, pausingFlow(bench, shot, { provider: 'coreToday' }));
			await host.server.kill();
			await startAgain(host, second);
			clock.jump(RUN_MS);
			await expectFinished(stage, second, shot);
			expect(emulator.jobs()).toHaveLength(shots.length + shot.length);
		},
	},

	{
		name: 'a lost callback ends at the deadline, and the Wait operation still gets the video',
		async run(context) {
			const { bench, clock, host } = await setStage(context, 'runpod');
			const { emulator } = bench;
			emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
			const ids = await Promise.all(
				providerNames.map(async (provider) => {
					const definition = pausingFlow(bench, [provider], { provider, timeoutSeconds: 10 });
					const last = definition.nodes.findIndex(({ name }) => name === 'Done');
					definition.nodes[last] = bench.kling('Done', { operation: 'wait' });
					return await pause(host, definition);
				}),
			);
			clock.jump(RUN_MS);
			for (const [index, provider] of providerNames.entries()) {
				const job = emulator.jobs().find(({ input }) => input.prompt === provider);
				// n8n looks once a minute for paused executions whose time has come.
				const execution = await host.waitForExecution(at(ids, index), hasEnded, 120_000);
				expect(execution.status).toBe('success');
				expect(jsonOf(execution, 'Generate')).toMatchObject([{ provider, jobId: job?.id, timedOut: true }]);
				await expectVideoOf(host, itemsOf(execution, 'Done')[0], job);
				expect(jsonOf(execution, 'Done')[0]).not.toHaveProperty('timedOut');
			}
			expect(emulator.deliveries()).toEqual([]);
			expect(emulator.jobs()).toHaveLength(providerNames.length);
		},
	},
];
