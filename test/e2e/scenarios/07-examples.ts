import { expect } from 'expect';
import { startChatModel } from '../harness/chatModel.cts';
import { exampleNames, readExample } from '../harness/examples.ts';
import { hasEnded, itemsOf, jsonOf } from '../harness/execution.ts';
import { expectVideoOf, startBench, type Bench } from '../harness/kling.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import type { CredentialReference } from '../harness/host.cts';
import { mkdirSync } from '../../support/node.cts';
import { until } from '../harness/until.cts';
import type { WorkflowDefinition } from '../harness/workflow.ts';

interface Example {
	readonly bench: Bench;
	/** The example as a user fills it in. */
	load(
		name: string,
		settings?: Record<string, string | number>,
		credentials?: Record<string, CredentialReference>,
	): WorkflowDefinition;
}

const covered = new Set<string>();

function example(
	name: string,
	run: (stage: Example & { context: ScenarioContext }) => Promise<void>,
	others: string[] = [],
): Scenario {
	for (const each of [name, ...others]) covered.add(each);
	return {
		name: `example ${name}`,
		run: async (context) => {
			const bench = await startBench(context, 'runpod');
			const load: Example['load'] = (file, settings = {}, credentials = {}) =>
				readExample(file, {
					credentials: { ...bench.credentials, ...credentials },
					settings,
					pictureUrl: bench.emulator.imageUrl,
				});
			await run({ bench, load, context });
		},
	};
}

export const scenarios: Scenario[] = [
	example('picture-to-video-to-file', async ({ bench, load, context: { host } }) => {
		const folder = `${host.server.userFolder}/.n8n-files`;
		mkdirSync(folder, { recursive: true });
		const execution = await host.run(load('picture-to-video-to-file', { folder }));
		expect(execution.status).toBe('success');
		const [job] = bench.emulator.jobs();
		await expectVideoOf(host, itemsOf(execution, 'Generate the Video')[0], job);
		expect(jsonOf(execution, 'Save the Video')).toMatchObject([{ fileName: `${folder}/kling-${job?.id}.mp4` }]);
	}),

	example('scheduled-batch-with-spend-limit', async ({ bench, load, context: { host } }) => {
		const execution = await host.run(load('scheduled-batch-with-spend-limit'));
		expect(execution.status).toBe('success');
		expect(bench.emulator.jobs()).toHaveLength(2);
		expect(itemsOf(execution, 'Post the Video')).toHaveLength(2);
		const poor = load('scheduled-batch-with-spend-limit');
		for (const node of poor.nodes) if (node.name === 'Generate the Videos') node.parameters.options = { maxCost: 0.5 };
		const refused = await host.run(poor);
		expect(bench.emulator.jobs()).toHaveLength(2);
		expect(itemsOf(refused, 'Report the Row')).toHaveLength(2);
	}),

	example(
		'submit-now',
		async ({ bench, load, context: { host } }) => {
			const finish = load('finish-by-trigger');
			const trigger = finish.nodes.find(({ type }) => type.endsWith('klingVideoTrigger'));
			const finishId = await host.workflow(finish, { publish: true });
			const callbackUrl = `${host.server.url}/webhook/${trigger?.webhookId}/kling`;
			const submitted = await host.run(load('submit-now', { callbackUrl }));
			expect(submitted.status).toBe('success');
			const [job] = bench.emulator.jobs();
			expect(jsonOf(submitted, 'Note the Job ID')).toMatchObject([{ jobId: job?.id }]);
			const finished = await until('the trigger to have run', async () => {
				const [execution] = await host.executionsOf(finishId);
				return execution !== undefined && hasEnded(execution) ? execution : undefined;
			});
			expect(jsonOf(finished, 'Post the Video')).toMatchObject([{ jobId: job?.id, query: { row: '42' } }]);
			await expectVideoOf(host, itemsOf(finished, 'Post the Video')[0], job);
		},
		['finish-by-trigger'],
	),

	example('durable-loop', async ({ bench, load, context: { host } }) => {
		const execution = await host.run(load('durable-loop', { waitSeconds: 1 }));
		expect(execution.status).toBe('success');
		await expectVideoOf(host, itemsOf(execution, 'Post the Video')[0], bench.emulator.jobs()[0]);
		expect(bench.emulator.jobs()).toHaveLength(1);
	}),

	example('callback-with-deadline', async ({ bench, load, context: { host } }) => {
		const execution = await host.run(load('callback-with-deadline'));
		expect(execution.status).toBe('success');
		await expectVideoOf(host, itemsOf(execution, 'Post the Video')[0], bench.emulator.jobs()[0]);
		expect(itemsOf(execution, 'Wait for the Rest')).toEqual([]);
		bench.emulator.script({ job: { endsAs: 'failed' } });
		const failed = await host.run(load('callback-with-deadline'));
		expect(failed.status).toBe('success');
		expect(itemsOf(failed, 'Post the Video')).toEqual([]);
		expect(jsonOf(failed, 'Report the Failure')).toMatchObject([{ status: 'failed', failure: expect.anything() }]);
	}),

	example('two-providers-with-fallback', async ({ bench, load, context: { host } }) => {
		bench.emulator.misbehave({
			when: { provider: 'coreToday', call: 'submit' },
			do: { reply: { status: 402, body: { detail: 'Not enough credits' } } },
		});
		const execution = await host.run(load('two-providers-with-fallback'));
		expect(execution.status).toBe('success');
		expect(bench.emulator.jobs()).toMatchObject([{ provider: 'runpod' }]);
		expect(jsonOf(execution, 'Post the Video')).toMatchObject([
			{ provider: 'runpod', fallbackFrom: { provider: 'coreToday' } },
		]);
	}),

	example('ai-agent-with-tool', async ({ bench, load, context }) => {
		const { host } = context;
		const call = {
			tool: 'Make_a_Video',
			arguments: { Prompt: 'steam rises', Start_Image_URL: bench.emulator.imageUrl },
		};
		const model = await startChatModel(context, [call, { text: 'Here is your video.' }]);
		const openAiApi = await host.credential('openAiApi', { apiKey: 'none', url: model.url, header: false });
		const execution = await host.run(load('ai-agent-with-tool', {}, { openAiApi }));
		expect(execution.status).toBe('success');
		expect(jsonOf(execution, 'Agent')).toMatchObject([{ output: 'Here is your video.' }]);
		expect(bench.emulator.jobs()).toHaveLength(1);
	}),

	{
		name: 'every example has a scenario of its own',
		run: async () => {
			expect([...covered].sort()).toEqual([...exampleNames].sort());
		},
	},
];
