import { expect } from 'expect';
import { startChatModel } from '../harness/chatModel.cts';
import { jsonOf } from '../harness/execution.ts';
import { forBothProviders } from '../harness/kling.cts';
import { manualTrigger, node, workflow } from '../harness/workflow.ts';

// Agent 2.2 calls its tools itself, 3.1 has n8n's engine run them.
const agentVersions = [2.2, 3.1];

// As the editor writes it when one lets the model define a parameter.
const fromModel = (key: string, description: string): string =>
	`={{ /*n8n-auto-generated-fromAI-override*/ $fromAI('${key}', \`${description}\`, 'string') }}`;

export const scenarios = agentVersions.flatMap((typeVersion) =>
	forBothProviders(`an AI Agent ${typeVersion} makes a video by the tool`, {}, async (bench, context) => {
		const { host } = context;
		const call = { tool: 'Make_a_video', arguments: { Prompt: 'a fox in the snow' } };
		const model = await startChatModel(context, [call, { text: 'There it is.' }]);
		const openAiApi = await host.credential('openAiApi', { apiKey: 'none', url: model.url, header: false });
		const tool = bench.generate({ prompt: fromModel('Prompt', 'What the video shows') });
		const nodes = [
			manualTrigger(),
			node(
				'Agent',
				'@n8n/n8n-nodes-langchain.agent',
				{ promptType: 'define', text: 'A fox!', options: {} },
				{ typeVersion },
			),
			node(
				'Model',
				'@n8n/n8n-nodes-langchain.lmChatOpenAi',
				{ model: { __rl: true, mode: 'id', value: 'scripted' }, options: {} },
				{ typeVersion: 1.2, credentials: { openAiApi } },
			),
			{ ...tool, name: 'Make a video', type: `${tool.type}Tool` },
		];
		const execution = await host.run(
			workflow('Agent', nodes, [
				['Start', 'Agent'],
				['Model', 'Agent', 'ai_languageModel'],
				['Make a video', 'Agent', 'ai_tool'],
			]),
		);
		expect(execution.status).toBe('success');
		expect(jsonOf(execution, 'Agent')).toMatchObject([{ output: 'There it is.' }]);
		const [job, ...others] = bench.emulator.jobs();
		expect(others).toEqual([]);
		expect(job?.input).toMatchObject({ prompt: 'a fox in the snow' });
		const answer = model.requests[1]?.messages.at(-1);
		expect(answer).toMatchObject({ role: 'tool', content: expect.stringContaining(job?.videoUrl ?? '-') });
		expect(bench.emulator.requests().filter(({ call: name }) => name === 'video')).toEqual([]);
	}),
);
