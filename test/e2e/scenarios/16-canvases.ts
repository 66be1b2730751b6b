import { expect } from 'expect';
import type { INode } from 'n8n-workflow';
import { Canvas } from '../harness/canvas.cts';
import { openEditor } from '../harness/editor.cts';
import { readExample } from '../harness/examples.ts';
import { startBench } from '../harness/kling.cts';
import type { Scenario } from '../harness/scenario.cts';
import { node, workflow } from '../harness/workflow.ts';
import type { WorkflowDefinition } from '../harness/workflow.ts';

/** The canvases that the README shows: `npm run test:e2e -- --update-images` makes the pictures. */

const note = (content: string, position: INode['position'], size: { width: number; height: number }): INode =>
	node(`Note ${content}`, 'stickyNote', { content: `## ${content}`, color: 7, ...size }, { position });

const rows = (name: string, position: INode['position']): INode => node(name, 'extractFromFile', {}, { position });

const request = (name: string, position: INode['position'], parameters: INode['parameters'] = {}): INode =>
	node(name, 'httpRequest', { url: 'https://api.example.com/videos', ...parameters }, { typeVersion: 4.2, position });

/** The loop as most published templates wire it, above what takes its place. */
function loopAndNode(generate: INode): WorkflowDefinition {
	const nodes: INode[] = [
		rows('Rows', [0, 0]),
		node('Loop Over Items', 'splitInBatches', {}, { typeVersion: 3, position: [208, 0] }),
		request('Create Video', [448, 0], { method: 'POST' }),
		node('Wait', 'wait', { amount: 10 }, { typeVersion: 1.1, position: [656, 0] }),
		request('Get Status', [864, 0]),
		node('Still Running?', 'if', {}, { typeVersion: 2.2, position: [1072, 0] }),
		request('Get File', [1312, 0]),
		rows('The Same Rows', [0, 416]),
		{ ...generate, name: 'Generate a video', position: [240, 416] },
	];
	const definition = workflow('Before and after', nodes, [
		['Rows', 'Loop Over Items'],
		[['Loop Over Items', 1], 'Create Video'],
		['Create Video', 'Wait'],
		['Wait', 'Get Status'],
		['Get Status', 'Still Running?'],
		['Still Running?', 'Wait'],
		[['Still Running?', 1], 'Get File'],
		['Get File', 'Loop Over Items'],
		['The Same Rows', 'Generate a video'],
	]);
	const notes = [
		note('Before', [-64, -112], { width: 1536, height: 352 }),
		note('After', [-64, 304], { width: 1536, height: 272 }),
	];
	// `workflow` lays nodes out in one row.
	return { ...definition, nodes: [...notes, ...nodes] };
}

export const scenarios: Scenario[] = [
	{
		name: 'Editor: an example, and the hand-wired loop beside the node that takes its place, are drawn with all their nodes',
		hosts: ['2.41.1'],
		alone: true,
		async run(context) {
			const { host, imagesFolder } = context;
			const bench = await startBench(context, 'coreToday');
			const loop = loopAndNode(bench.generate());
			const pictureUrl = 'https://example.com/picture.png';
			const example = readExample('table-to-videos', { credentials: bench.credentials, pictureUrl });
			for (const [file, definition] of Object.entries({ loop, example })) {
				const page = await openEditor(context);
				const canvas = await Canvas.open(page, host.server.url, await host.workflow(definition));
				const names = definition.nodes.map(({ name, type }) => (type.endsWith('.stickyNote') ? [] : [name])).flat();
				expect([...(await canvas.nodeNames())].sort()).toEqual(names.sort());
				if (imagesFolder) await canvas.photograph(`${imagesFolder}/${file}.png`);
			}
		},
	},
];
