import { expect } from 'expect';
import type { Page } from 'playwright-core';
import { openEditor } from '../harness/editor.cts';
import { startBench } from '../harness/kling.cts';
import { NodesPanel, Panel } from '../harness/panel.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import { itemsNode, klingNode, manualTrigger, node, row, workflow } from '../harness/workflow.ts';
import type { WorkflowDefinition } from '../harness/workflow.ts';

/** What anybody sees who opens the node for the first time, or whose first run fails. */

async function openWorkflow(context: ScenarioContext, definition: WorkflowDefinition): Promise<Page> {
	const id = await context.host.workflow(definition);
	const page = await openEditor(context);
	await page.goto(`${context.host.server.url}/workflow/${id}`);
	return page;
}

const ACTIONS = [
	'Cancel a video job',
	'Download a video',
	'Generate a video',
	'Get the status of a video job',
	'Wait for a video job',
];
const TRIGGERS = ['On video cancelled', 'On video ready', 'On video failed'];

const NOTICES = {
	coreToday: 'An end image needs Mode set to Pro. With Standard the node stops with an error.',
	runpodThenCoreToday:
		'Runpod takes no end image, so the node stops with an error. Choose Core.Today as the first provider, or set End Image to None.',
};

export const scenarios: Scenario[] = [
	{
		name: 'Editor: the nodes panel finds the node by search, and lists the actions that were written and no others',
		alone: true,
		async run(context) {
			const page = await openWorkflow(context, row('Nodes panel', [manualTrigger()]));
			const nodes = await NodesPanel.open(page, 'Start');
			await nodes.choose('Action in an app');
			await nodes.search('kling');
			expect(await nodes.names(1)).toEqual(['Kling Video']);
			await nodes.choose('Kling Video');
			await nodes.says('Make Kling videos, or start a workflow when one is ready');
			await nodes.unfold(/^\s*Triggers \(3\)/);
			expect(await nodes.names(ACTIONS.length + TRIGGERS.length)).toEqual([...ACTIONS, ...TRIGGERS]);
		},
	},
	{
		name: "Editor: an agent's tools have the node, and its form shows what an agent can do",
		alone: true,
		async run(context) {
			const bench = await startBench(context, 'runpod');
			const tool = bench.generate();
			const nodes = [
				manualTrigger(),
				node('Agent', '@n8n/n8n-nodes-langchain.agent', { promptType: 'define', text: 'A fox!' }, { typeVersion: 2.2 }),
				{ ...tool, name: 'Make a video', type: `${tool.type}Tool` },
			];
			const page = await openWorkflow(
				context,
				workflow('Tool', nodes, [
					['Start', 'Agent'],
					['Make a video', 'Agent', 'ai_tool'],
				]),
			);
			const panel = await Panel.open(page, 'Make a video');
			const common = ['resource', 'operation', 'provider', 'model', 'prompt', 'startImageSource', 'startImageUrl'];
			expect(await panel.fields()).toEqual(['toolDescription', ...common, 'duration', 'negativePrompt', 'completion']);
			expect(await panel.shownIn('toolDescription')).toMatch(/^Makes a short video .*Each call costs money/);
			// Prompt, Start Image URL, Duration and Negative Prompt.
			expect(await panel.countModelButtons()).toBe(4);
			// n8n adds a "Custom API Call" of its own.
			const operations = (await panel.choices('operation')).filter((label) => label !== 'Custom API Call');
			expect(operations).toEqual(['Cancel', 'Generate', 'Get Status', 'Wait']);
			await panel.close();
			const tools = await NodesPanel.open(page, 'Agent', 'last');
			await tools.search('kling');
			expect(await tools.names(1)).toEqual(['Kling Video Tool']);
		},
	},
	{
		name: 'Editor: what is wrong with many rows is said once, in lines, and a limit and an end image explain themselves',
		alone: true,
		async run(context) {
			const bench = await startBench(context, 'runpod');
			const texts = [...Array.from({ length: 12 }, () => ''), 'x'.repeat(2501), 'A fox in the snow'];
			const endImage = { endImageSource: 'url', endImageUrl: bench.emulator.imageUrl };
			const nodes = [
				manualTrigger(),
				itemsNode(
					'Rows',
					texts.map((text) => ({ text })),
				),
				bench.generate({ prompt: '={{ $json.text }}' }),
				...Object.keys(NOTICES).map((provider) => ({ ...bench.generate({ provider, ...endImage }), name: provider })),
			];
			const page = await openWorkflow(context, row('Wrong rows', nodes));
			const panel = await Panel.open(page, 'Generate');
			await panel.press();
			await panel.outputSays('13 of 14 items have wrong or missing values. Nothing was sent.');
			expect(await panel.outputLines()).toEqual(
				expect.arrayContaining([
					'1st–12th items: Prompt is empty. Fill it in.',
					'13th item: Prompt is 2501 characters long; at most 2500 are allowed. Shorten it.',
				]),
			);
			await panel.addOption('Max Cost');
			await panel.formSays(
				'In USD with Runpod, in credits with Core.Today (1 USD is about 1,000 credits). If you change the provider, change this, too.',
			);
			expect(await panel.shownIn('maxCost')).toBe('');
			await panel.close();
			for (const [provider, notice] of Object.entries(NOTICES)) {
				const other = await Panel.open(page, provider);
				await other.formSays(notice);
				await other.close();
			}
			expect(bench.emulator.jobs()).toEqual([]);
		},
	},
	{
		name: 'Editor: a node without a credential says which is missing, and Dry Run is on when it is added and needs none',
		alone: true,
		async run(context) {
			const bench = await startBench(context, 'runpod');
			// Without a credential the node takes it that the real API is asked, which opens no local link.
			const startImageUrl = 'https://example.com/start.png';
			const form = { resource: 'video', operation: 'generate', provider: 'runpod', prompt: 'A fox', startImageUrl };
			const nodes = [
				manualTrigger(),
				klingNode('Dry', { ...form, options: { dryRun: true, checkPictureLinks: false } }),
				klingNode('Real', form),
			];
			const page = await openWorkflow(context, row('No account', nodes));
			// From the canvas, as the editor selects a stored credential where a panel is opened without one.
			await page.locator('[data-test-id="execute-workflow-button"]').first().click();
			await page.getByText('Problem in node').first().waitFor();
			const dry = await Panel.open(page, 'Dry');
			await dry.outputSays(/dry-run-1/);
			await dry.close();
			const panel = await Panel.open(page, 'Real');
			await panel.outputSays('No Runpod credential is selected. Choose one at the top of the node.');
			await panel.addOption('Dry Run');
			expect(await panel.isOn('dryRun')).toBe(true);
			expect(bench.emulator.jobs()).toEqual([]);
		},
	},
	{
		name: "Editor: a credential's dialog says what to do about a wrong key, and where keys are made",
		alone: true,
		async run(context) {
			const { host, version } = context;
			const bench = await startBench(context, 'runpod');
			const { id } = await host.credential('runpodApi', { apiKey: 'wrong', baseUrl: bench.emulator.runpodUrl });
			const page = await openEditor(context);
			await page.goto(`${host.server.url}/home/credentials/${id}`);
			await page.getByText('More details').first().click();
			// After a 401, n8n 2.8 gives its own words and not those of the credential (docs/n8n.md#credentials).
			const advice = version.startsWith('2.8.')
				? 'Authorization failed'
				: 'Runpod does not accept this API key. Make a new key at console.runpod.io, Settings, API Keys';
			await page.getByText(advice).first().waitFor();
			const label = page.locator('label').filter({ hasText: 'API Key' }).first();
			await label.hover();
			await label.locator('[data-icon="circle-help"]').hover();
			await page.getByText('under Settings, API Keys, with write access to Serverless endpoints').first().waitFor();
		},
	},
	{
		name: 'Editor: Execute step after a partial failure pays for the failed video only, and says so',
		alone: true,
		async run(context) {
			const bench = await startBench(context, 'runpod');
			const { emulator } = bench;
			emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'failed', error: 'flagged as sensitive (E005)' } });
			const rows = itemsNode('Rows', [{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
			const generate = bench.generate({ prompt: '={{ $json.text }}' });
			const page = await openWorkflow(context, row('Partly failed', [manualTrigger(), rows, generate]));
			const panel = await Panel.open(page, 'Generate');
			await panel.press();
			await page
				.getByText(/^1 of 3 videos failed \(\d(?:st|nd|rd) item\)\. 2 videos are finished\.$/)
				.first()
				.waitFor();
			expect(emulator.jobs()).toHaveLength(3);
			await panel.execute();
			await panel.outputSays(
				'1 video made, 0.45 USD, as the provider reports. 2 videos of an earlier run in the editor are used again and not paid for again. If you run this node once more, it makes all 3 videos anew, and you pay again',
			);
			expect(emulator.jobs()).toHaveLength(4);
		},
	},
];
