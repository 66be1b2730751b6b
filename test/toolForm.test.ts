import { NodeHelpers, type INodeParameters, type INodeProperties } from 'n8n-workflow';
import { KlingVideo } from '../nodes/KlingVideo/KlingVideo.node';

const { description } = new KlingVideo();
/** As n8n changes it for an AI Agent (convertNodeToAiTool); what is in the list of fields stays. */
const tool = { ...description, name: `${description.name}Tool` };

type Description = typeof description;

function valuesOf(of: Description, parameters: INodeParameters): INodeParameters {
	return NodeHelpers.getNodeParameters(of.properties, parameters, true, false, { typeVersion: 1 }, of) ?? {};
}

/** The fields of a name that are shown. */
function shown(of: Description, name: string, parameters: INodeParameters): INodeProperties[] {
	const values = valuesOf(of, parameters);
	const node = { typeVersion: 1 };
	return of.properties.filter(
		(property) => property.name === name && NodeHelpers.displayParameter(values, property, node, of),
	);
}

/** The choices of a list that are shown. */
function choices(of: Description, name: string, parameters: INodeParameters): unknown[] {
	const values = valuesOf(of, parameters);
	return shown(of, name, parameters)
		.flatMap(({ options = [] }) => options)
		.filter((option) => !('displayOptions' in option) || NodeHelpers.displayParameter(values, option, null, of))
		.map((option) => ('value' in option ? option.value : undefined));
}

const OPERATIONS = ['generate', 'getStatus', 'wait', 'cancel'];

describe("as an AI Agent's tool", () => {
	test.each(OPERATIONS)('%s tells the agent what it does', (operation) => {
		const { toolDescription } = valuesOf(tool, { operation });
		expect(toolDescription).toMatch(/Kling .*jobId/);
		expect(valuesOf(description, { operation })).not.toHaveProperty('toolDescription');
	});

	test('Generate says that it costs money and how long it takes', () => {
		expect(valuesOf(tool, {}).toolDescription).toMatch(/costs money .*one to five minutes/);
	});

	test.each([
		['mode', {}, 'string'],
		['duration', {}, 'number'],
		['duration', { provider: 'runpod', model: 'kling-video-o1-r2v' }, 'number'],
		['aspectRatio', { provider: 'runpod', model: 'kling-video-o1-r2v' }, 'string'],
	])('%s with %j can be filled in by the agent, which fills in no lists', (name, parameters, type) => {
		expect(shown(tool, name, parameters)).toEqual([expect.objectContaining({ type })]);
		expect(shown(description, name, parameters)).toHaveLength(1);
	});

	test.each([
		['operation', {}, 'download'],
		['completion', {}, 'callback'],
		['startImageSource', {}, 'binary'],
		['referenceImagesSource', { provider: 'runpod', model: 'kling-video-o1-r2v' }, 'binary'],
		['endImageSource', { mode: 'pro' }, 'binary'],
	])('%s with %j does not offer "%s", which only a node can do', (name, parameters, choice) => {
		expect(choices(tool, name, parameters)).not.toContain(choice);
		expect(choices(tool, name, parameters).length).toBeGreaterThan(0);
		expect(choices(description, name, parameters)).toContain(choice);
	});

	test.each([
		['downloadVideo', {}],
		['outputField', {}],
		['downloadVideo', { operation: 'wait' }],
		['routeByStatus', { operation: 'getStatus' }],
	])('%s with %j is not shown, as agents get no files and have one output', (name, parameters) => {
		expect(shown(tool, name, parameters)).toEqual([]);
		expect(shown(description, name, parameters)).toHaveLength(1);
	});
});
