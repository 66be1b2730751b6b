import { expect } from 'expect';
import { defined } from '../../support/defined';
import { openEditor } from '../harness/editor.cts';
import { startBench } from '../harness/kling.cts';
import { addNode, Panel } from '../harness/panel.cts';
import type { Scenario } from '../harness/scenario.cts';
import { manualTrigger, node, row, workflow } from '../harness/workflow.ts';

const labels = { coreToday: 'Core.Today account', runpod: 'Runpod account' };
const both = Object.values(labels);
const generate = [
	'model',
	'prompt',
	'startImageSource',
	'startImageUrl',
	'duration',
	'mode',
	'endImageSource',
	'negativePrompt',
	'completion',
	'downloadVideo',
	'outputField',
];

/** What the panel shows, in order, by what is chosen; after resource and operation. */
const panels: Array<{ operation: string; provider?: string; fields: string[]; credentials: string[] }> = [
	{ operation: 'Generate', provider: 'Core.Today', fields: generate, credentials: [labels.coreToday] },
	{
		operation: 'Generate',
		provider: 'Runpod',
		fields: generate.filter((name) => name !== 'mode' && name !== 'endImageSource'),
		credentials: [labels.runpod],
	},
	{ operation: 'Generate', provider: 'Core.Today, Then Runpod', fields: generate.slice(1), credentials: both },
	{
		operation: 'Get Status',
		provider: 'Core.Today',
		fields: ['jobId', 'routeByStatus', 'downloadVideo'],
		credentials: [labels.coreToday],
	},
	{
		operation: 'Get Status',
		provider: 'From Input',
		fields: ['jobId', 'routeByStatus', 'downloadVideo'],
		credentials: both,
	},
	{
		operation: 'Wait',
		provider: 'Runpod',
		fields: ['jobId', 'downloadVideo', 'outputField'],
		credentials: [labels.runpod],
	},
	{ operation: 'Cancel', provider: 'Core.Today', fields: ['jobId'], credentials: [labels.coreToday] },
	{ operation: 'Download', fields: ['videoUrl', 'outputField'], credentials: [] },
];

export const scenarios: Scenario[] = [
	{
		name: 'Editor: the panel shows the right fields and credentials for each operation and provider',
		alone: true,
		async run(context) {
			const { host } = context;
			const bench = await startBench(context, 'coreToday');
			const trigger = node('Ended', 'n8n-nodes-kling-video.klingVideoTrigger');
			const id = await host.workflow(
				workflow('Panels', [manualTrigger(), bench.generate(), trigger], [['Start', 'Generate']]),
			);
			const page = await openEditor(context);
			await page.goto(`${host.server.url}/workflow/${id}`);
			const panel = await Panel.open(page, 'Generate');
			for (const { operation, provider, fields, credentials } of panels) {
				await panel.choose('operation', operation);
				if (provider) await panel.choose('provider', provider);
				const shown = { fields: await panel.fields(), credentials: await panel.credentials() };
				const head = ['resource', 'operation', ...(provider ? ['provider'] : [])];
				expect({ operation, provider, ...shown }).toEqual({
					operation,
					provider,
					fields: [...head, ...fields],
					credentials,
				});
			}
			await panel.close();
			const triggerPanel = await Panel.open(page, 'Ended');
			await triggerPanel.choose('provider', 'Runpod');
			expect(await triggerPanel.fields()).toEqual(['provider', 'events', 'downloadVideo', 'outputField']);
			expect(await triggerPanel.credentials()).toHaveLength(1);
		},
	},
	{
		name: 'Editor: a node added by search is filled in, run, and shows its video',
		alone: true,
		async run(context) {
			const { host, imagesFolder } = context;
			const bench = await startBench(context, 'coreToday');
			const id = await host.workflow(row('Picture to video', [manualTrigger()]));
			const page = await openEditor(context);
			await page.goto(`${host.server.url}/workflow/${id}`);
			const panel = await addNode(page, 'Start', 'Kling Video', 'Generate a video');
			await panel.chooseCredential(defined(bench.credentials.coreTodayApi, 'credential for Core.Today').id);
			await panel.fill('prompt', 'The camera moves slowly around the teapot while steam rises');
			await panel.fill('startImageUrl', 'https://example.com/teapot.png');
			await panel.execute();
			const [job, ...others] = bench.emulator.jobs();
			expect(others).toEqual([]);
			expect(job?.input).toMatchObject({
				prompt: expect.stringMatching(/teapot/),
				start_image: 'https://example.com/teapot.png',
			});
			await panel.showBinary();
			if (imagesFolder) await panel.photograph(`${imagesFolder}/generate.png`);
			const video = await page.request.get(new URL(await panel.viewVideo(), host.server.url).href);
			expect((await video.body()).length).toBe(job?.videoBytes);
		},
	},
];
