import { NodeOperationError, type IDataObject, type IExecuteFunctions, type IWebhookFunctions } from 'n8n-workflow';

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

/** An error for the person in the editor. */
interface ErrorText {
	/** n8n shows it as the title. */
	readonly message: string;
	/** n8n shows it below the title. Plain text; it may have several lines. */
	readonly description?: string;
	/** n8n shows it under "Error details", where there is room for everything. */
	readonly data?: IDataObject;
}

/** An error to be thrown. */
export function nodeError(
	context: IExecuteFunctions,
	{ message, description, data }: ErrorText,
	itemIndex?: number,
): NodeOperationError {
	const error = new NodeOperationError(context.getNode(), message, {
		...(description === undefined ? {} : { description: asHtml(description) }),
		...(itemIndex === undefined ? {} : { itemIndex }),
		level: 'warning',
	});
	if (data !== undefined) error.context.data = data;
	return error;
}

/**
 * n8n shows the description of a thrown error as HTML (docs/n8n.md#error-items): a line break needs its tag, and what
 * stands between angle brackets or backticks would not be shown as it is. A > between blanks, as in the name of a menu,
 * does no harm.
 */
function asHtml(text: string): string {
	return text.replace(/[<`]|(?<! )>|>(?! )/g, '').replaceAll('\n', '<br>\n');
}
