import type {
	EngineResponse,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
	ITaskDataConnections,
	NodeOutput,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

/** A description of a node that only tests see. */
export function describeNode(name: string, rest: Partial<INodeTypeDescription> = {}): INodeTypeDescription {
	return {
		displayName: name,
		name,
		group: ['transform'],
		version: 1,
		description: name,
		defaults: { name },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties: [],
		...rest,
	};
}

/** A parameter of such a node. */
export function parameter(
	name: string,
	type: INodeProperties['type'],
	value: INodeProperties['default'],
): INodeProperties {
	return { displayName: name, name, type, default: value };
}

type Execute = (this: IExecuteFunctions, response?: EngineResponse) => Promise<NodeOutput>;

/** A node type of one function. */
export function probe(name: string, execute: Execute, description: Partial<INodeTypeDescription> = {}): INodeType {
	return { description: describeNode(name, description), execute };
}

const items = probe('items', passOn, { inputs: [], group: ['trigger'] });
const collect = probe('collect', passOn);
const choose = probe('if', splitByKey, {
	outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
	properties: [parameter('key', 'string', '')],
});
const loop = probe('loop', nextBatch, {
	outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
	outputNames: ['done', 'loop'],
	properties: [parameter('batchSize', 'number', 1)],
});
const agent = probe('agent', callTools, {
	inputs: [NodeConnectionTypes.Main, NodeConnectionTypes.AiTool],
	properties: [parameter('calls', 'json', []), parameter('through', 'string', 'engine')],
});

/**
 * `items` emits the run's items; `collect` passes on; `if` sends items whose `key` is true to output 0, others to 1;
 * `loop` gives batches to output 1 and at the end what came back to output 0; `agent` calls each connected AI tool
 * with each object in `calls`, `through` the `engine` (as Agent 3 does) or its own `process` (as Agent 1 and 2 do), one
 * after the other or, with `processAtOnce`, side by side.
 */
export const simpleNodes: Readonly<Record<string, INodeType>> = { items, collect, if: choose, loop, agent };

async function passOn(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	return [this.getInputData()];
}

async function splitByKey(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const key = String(this.getNodeParameter('key', 0));
	const given = this.getInputData();
	return [given.filter(({ json }) => json[key] === true), given.filter(({ json }) => json[key] !== true)];
}

interface LoopState {
	left: INodeExecutionData[];
	back: INodeExecutionData[];
}

async function nextBatch(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	// The context is n8n's free-form object; only this node writes it.
	const state = this.getContext('node') as Partial<LoopState>;
	const batchSize = Number(this.getNodeParameter('batchSize', 0));
	if (state.left === undefined) Object.assign(state, { left: [...this.getInputData()], back: [] });
	else state.back?.push(...this.getInputData());
	const batch = state.left?.splice(0, batchSize) ?? [];
	return batch.length > 0 ? [[], batch] : [state.back ?? [], []];
}

interface Tool {
	invoke(input: object): Promise<unknown>;
}

async function callTools(this: IExecuteFunctions, response?: EngineResponse): Promise<NodeOutput> {
	// Only tests write this parameter: a list of objects.
	const calls = this.getNodeParameter('calls', 0) as Array<Record<string, string>>;
	const through = String(this.getNodeParameter('through', 0));
	if (through !== 'engine') {
		// n8n types what a sub-node supplies as unknown; an AI tool input supplies LangChain tools.
		const tools = (await this.getInputConnectionData(NodeConnectionTypes.AiTool, 0)) as Tool[];
		const askAll = tools.flatMap((tool) =>
			calls.map((call) => async () => ({ json: { answer: String(await tool.invoke(call)) } })),
		);
		if (through === 'processAtOnce') return [await Promise.all(askAll.map(async (ask) => await ask()))];
		const answers: INodeExecutionData[] = [];
		for (const ask of askAll) answers.push(await ask());
		return [answers];
	}
	const answered = response?.actionResponses ?? [];
	if (answered.length > 0) return [answered.map(({ data }) => ({ json: { answer: answerOf(data.data) } }))];
	const tools = this.getParentNodes(this.getNode().name, { connectionType: NodeConnectionTypes.AiTool, depth: 1 });
	const actions = tools.flatMap(({ name }) =>
		calls.map((input, index) => ({
			actionType: 'ExecutionNodeAction' as const,
			nodeName: name,
			input,
			type: NodeConnectionTypes.AiTool,
			id: `${name}-${index}`,
			metadata: {},
		})),
	);
	return { actions, metadata: {} };
}

function answerOf(data: ITaskDataConnections | undefined): string {
	return JSON.stringify(data?.[NodeConnectionTypes.AiTool]?.[0]?.map(({ json }) => json));
}
