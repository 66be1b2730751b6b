import type { IDataObject, INodeType, INodeTypeDescription, INodeTypes } from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

/** Node types by the last part of their name: `klingVideo` is also found as `n8n-nodes-kling-video.klingVideo`. */
export class EngineNodeTypes implements INodeTypes {
	constructor(private readonly types: Readonly<Record<string, INodeType>>) {}

	getByName(name: string): INodeType {
		return this.getByNameAndVersion(name);
	}

	getByNameAndVersion(name: string): INodeType {
		const shortName = name.slice(name.lastIndexOf('.') + 1);
		const type = this.types[shortName];
		if (type !== undefined) return type;
		const plain = this.types[shortName.replace(/Tool$/, '')];
		if (plain === undefined) throw new Error(`The engine was given no node type "${name}"`);
		return asTool(plain);
	}

	getKnownTypes(): IDataObject {
		return {};
	}
}

/** The variant n8n makes of every node with `usableAsTool`; its code is the same. */
function asTool(type: INodeType): INodeType {
	const description: INodeTypeDescription = {
		...type.description,
		name: `${type.description.name}Tool`,
		inputs: [],
		outputs: [NodeConnectionTypes.AiTool],
	};
	// Object.create has no type; what it makes is the given node with another description.
	const tool = Object.create(type) as INodeType;
	return Object.assign(tool, { description });
}
