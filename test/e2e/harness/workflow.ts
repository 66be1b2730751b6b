import type { IConnections, INode, INodeParameters, NodeConnectionType } from 'n8n-workflow';
import { at } from '../../support/defined';

/** A workflow as one imports it into n8n. */
export interface WorkflowDefinition {
	name: string;
	nodes: INode[];
	connections: IConnections;
	settings: Record<string, string | number | boolean>;
	/** The editor always saves it. Without it n8n 2.41 answers a second Execute step with an error. */
	pinData: Record<string, never>;
}

/** From (the node, or the node and the number of its output) to; `kind` where it is not a main connection. */
export type Link = [from: string | [name: string, output: number], to: string, kind?: NodeConnectionType];

type NodeExtras = Partial<Omit<INode, 'name' | 'type' | 'parameters'>>;

/** A node of a workflow. `type` without a package is one of n8n's base nodes. */
export function node(name: string, type: string, parameters: INodeParameters = {}, extras: NodeExtras = {}): INode {
	const fullType = type.includes('.') ? type : `n8n-nodes-base.${type}`;
	return { id: crypto.randomUUID(), name, type: fullType, typeVersion: 1, position: [0, 0], parameters, ...extras };
}

/** One of this package's nodes. */
export function klingNode(name: string, parameters: INodeParameters, extras: NodeExtras = {}): INode {
	return node(name, 'n8n-nodes-kling-video.klingVideo', parameters, extras);
}

/** A webhook to start the workflow by; `path` must be unique on the server. Answers with the last node's first item. */
export function webhookTrigger(path: string, responseMode = 'lastNode'): INode {
	return node('Webhook', 'webhook', { httpMethod: 'POST', path, responseMode }, { typeVersion: 2, webhookId: path });
}

/** The trigger of the editor's own run button. */
export function manualTrigger(): INode {
	return node('Start', 'manualTrigger');
}

/** A Code node that gives these items. */
export function itemsNode(name: string, items: object[]): INode {
	return node(
		name,
		'code',
		{ jsCode: `return ${JSON.stringify(items.map((json) => ({ json })))};` },
		{ typeVersion: 2 },
	);
}

/** Puts nodes and links together; the nodes are laid out from left to right. */
export function workflow(name: string, nodes: INode[], links: Link[]): WorkflowDefinition {
	const connections: IConnections = {};
	for (const [from, to, kind = 'main'] of links) {
		const [source, output] = typeof from === 'string' ? [from, 0] : from;
		const outputs = ((connections[source] ??= {})[kind] ??= []);
		while (outputs.length <= output) outputs.push([]);
		outputs[output]?.push({ node: to, type: kind, index: 0 });
	}
	return {
		name,
		nodes: nodes.map((each, index) => ({ ...each, position: [index * 220, 0] })),
		connections,
		settings: { executionOrder: 'v1' },
		pinData: {},
	};
}

/** The same for nodes in one row, each linked to the next. */
export function row(name: string, nodes: INode[]): WorkflowDefinition {
	const links = nodes.slice(1).map((each, index): Link => [at(nodes, index).name, each.name]);
	return workflow(name, nodes, links);
}
