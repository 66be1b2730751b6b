import { NodeOperationError, type IExecuteFunctions, type IWebhookFunctions } from 'n8n-workflow';

/** What n8n gives a node while it executes, or while it answers a callback. */
export type NodeContext = IExecuteFunctions | IWebhookFunctions;

/** Whether an AI Agent calls the node as a tool: it gets no binary data and must not pause. */
export function isTool(context: IExecuteFunctions): boolean {
	const node = context.getNode();
	return isToolInProcess(context) || node.rewireOutputLogTo === 'ai_tool' || node.type.endsWith('Tool');
}

/** Whether an agent calls the node itself rather than through the engine. Older hosts do not have the method. */
export function isToolInProcess(context: IExecuteFunctions): boolean {
	return 'isToolExecution' in context && context.isToolExecution() === true;
}

/** The node's options collection at one item. */
export function optionsAt(context: IExecuteFunctions, itemIndex: number): Readonly<Record<string, unknown>> {
	const options: unknown = context.getNodeParameter('options', itemIndex, {});
	return typeof options === 'object' && options !== null ? { ...options } : {};
}

/** An error for the person in the editor. n8n shows `message` as its title and `description` below. */
export function nodeError(
	context: IExecuteFunctions,
	text: { readonly message: string; readonly description?: string },
	itemIndex?: number,
): NodeOperationError {
	return new NodeOperationError(context.getNode(), text.message, {
		...(text.description === undefined ? {} : { description: text.description }),
		...(itemIndex === undefined ? {} : { itemIndex }),
		level: 'warning',
	});
}
