import { Workflow, type INodeParameters, type INodeTypes } from 'n8n-workflow';
import { KlingVideo } from '../nodes/KlingVideo/KlingVideo.node';
import { KlingVideoTrigger } from '../nodes/KlingVideoTrigger/KlingVideoTrigger.node';
import { read } from './docs/documents';

const node = new KlingVideo();
const trigger = new KlingVideoTrigger();

/** What stands below a node on the canvas, as n8n evaluates it. */
function subtitleOf(type: KlingVideo | KlingVideoTrigger, parameters: INodeParameters): unknown {
	const nodeTypes: INodeTypes = {
		getByName: () => type,
		getByNameAndVersion: () => type,
		getKnownTypes: () => ({}),
	};
	const { name } = type.description;
	const nodes = [
		{ id: '1', name: 'Kling', type: name, typeVersion: 1, position: [0, 0] as [number, number], parameters },
	];
	const workflow = new Workflow({ nodes, connections: {}, active: false, nodeTypes });
	const [kling] = Object.values(workflow.nodes);
	if (kling === undefined) return undefined;
	return workflow.expression.getSimpleParameterValue(kling, type.description.subtitle, 'internal', {});
}

describe('on the canvas the node says in words what it does', () => {
	test.each([
		[{}, 'Generate · Kling v2.1 · Core.Today'],
		[{ provider: 'runpod', model: 'kling-video-o1-r2v' }, 'Generate · Kling O1 · Runpod'],
		[{ provider: 'runpod', model: 'other', modelId: 'some-model' }, 'Generate · Other Model · Runpod'],
		[{ provider: 'coreTodayThenRunpod' }, 'Generate · Core.Today, Then Runpod'],
		[{ operation: 'getStatus' }, 'Get Status'],
		[{ operation: 'wait', provider: 'runpod' }, 'Wait · Runpod'],
		[{ operation: 'download' }, 'Download'],
	])('%j: %s', (parameters, subtitle) => {
		expect(subtitleOf(node, parameters)).toBe(subtitle);
	});

	test('the trigger names its events', () => {
		expect(subtitleOf(trigger, {})).toBe('Completed, Failed');
		expect(subtitleOf(trigger, { events: ['cancelled'] })).toBe('Cancelled');
	});
});

/**
 * n8n's editor makes actions of the operations and of the trigger's events; of a property named `mode`, too, but only for a
 * node of the category AI (docs/n8n.md).
 */
test.each([
	['KlingVideo', 'nodes/KlingVideo/KlingVideo.node.json'],
	['KlingVideoTrigger', 'nodes/KlingVideoTrigger/KlingVideoTrigger.node.json'],
])('%s is not of the category AI, so that its actions are those it names', (_, path) => {
	const codex: { categories: string[] } = JSON.parse(read(path));
	expect(codex.categories).not.toContain('AI');
	expect(codex).not.toHaveProperty('subcategories');
});
