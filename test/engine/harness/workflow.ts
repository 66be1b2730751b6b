import type {
	IConnections,
	IDataObject,
	INode,
	INodeExecutionData,
	INodeParameters,
	IWorkflowSettings,
	NodeConnectionType,
} from 'n8n-workflow';

/** What the editor exports; a missing id is the name of the first node. */
export interface WorkflowJson {
	readonly id?: string;
	readonly name?: string;
	readonly nodes: INode[];
	readonly connections: IConnections;
	readonly settings?: IWorkflowSettings;
	/** What nodes have kept in the workflow before. */
	readonly staticData?: IDataObject;
}

interface NodeExtras extends Partial<Omit<INode, 'credentials'>> {
	/** Names of the credential types that the user chose on the node. */
	readonly credentials?: readonly string[];
}

/** A node as the workflow JSON holds it; its name and id are the given name. */
export function node(name: string, type: string, parameters: INodeParameters = {}, extras: NodeExtras = {}): INode {
	const { credentials = [], ...rest } = extras;
	return {
		id: name,
		name,
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: Object.fromEntries(credentials.map((key) => [key, { id: key, name: key }])),
		...rest,
	};
}

/** One line between two nodes. */
export interface Link {
	readonly from: string;
	readonly to: string;
	readonly output?: number;
	readonly type?: NodeConnectionType;
}

/** A workflow of nodes and lines; it starts at its first node. */
export function workflow(nodes: INode[], links: readonly Link[], settings: IWorkflowSettings = {}): WorkflowJson {
	const connections: IConnections = {};
	for (const { from, to, output = 0, type = 'main' } of links) {
		const outputs = ((connections[from] ??= {})[type] ??= []);
		while (outputs.length <= output) outputs.push([]);
		outputs[output]?.push({ node: to, type, index: 0 });
	}
	return { nodes, connections, settings: { executionOrder: 'v1', ...settings } };
}

/** A trigger that emits the items of the run, the given nodes in a row, and `Collect` at the end. */
export function row(nodes: INode[], settings: IWorkflowSettings = {}): WorkflowJson {
	const all = [node('Start', 'items'), ...nodes, node('Collect', 'collect')];
	const links = all.slice(1).map(({ name }, index) => ({ from: all[index]?.name ?? '', to: name }));
	return workflow(all, links, settings);
}

/** Start → Loop, each of whose turns takes one item through these nodes in a row, and `Collect` at the end. */
export function loop(nodes: INode[]): WorkflowJson {
	const turn = [...nodes.map(({ name }) => name), 'Loop'];
	return workflow(
		[node('Start', 'items'), node('Loop', 'loop'), ...nodes, node('Collect', 'collect')],
		[
			{ from: 'Start', to: 'Loop' },
			{ from: 'Loop', to: 'Collect' },
			...turn.map((to, index) =>
				index === 0 ? { from: 'Loop', to, output: 1 } : { from: String(turn[index - 1]), to },
			),
		],
	);
}

/** Start → Agent, which calls a tool with each of these inputs; for `through` see `simpleNodes`. */
export function withAgent(tool: INode, calls: INodeParameters[], through: string): WorkflowJson {
	return workflow(
		[node('Start', 'items'), node('Agent', 'agent', { calls, through }), { ...tool, type: `${tool.type}Tool` }],
		[
			{ from: 'Start', to: 'Agent' },
			{ from: tool.name, to: 'Agent', type: 'ai_tool' },
		],
	);
}

/** Items of the given JSON, as a trigger emits them. */
export function itemsOf(...values: IDataObject[]): Array<{ json: IDataObject }> {
	return values.map((json) => ({ json }));
}

/** The JSON of items; none of none. */
export function jsonOf(items: readonly INodeExecutionData[] = []): IDataObject[] {
	return items.map(({ json }) => json);
}
