import { NodeOperationError, type IDataObject, type IExecuteFunctions, type IWebhookFunctions } from 'n8n-workflow';
import { asObject, asText } from '../core/json';

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

/** n8n's ID of a workflow that was never saved, which all of these share. */
const UNSAVED_WORKFLOW_ID = '__EMPTY__';

/** Names a node of a saved workflow, also after it was given another name; undefined if the workflow was never saved. */
export function savedNodeOf(context: NodeContext): string | undefined {
	const workflowId = asText(context.getWorkflow().id);
	if (workflowId === undefined || workflowId === UNSAVED_WORKFLOW_ID) return undefined;
	return JSON.stringify([workflowId, context.getNode().id]);
}

/** Whether a person runs the node of a saved workflow in the editor, as Execute step does. A tool is run by an agent. */
export function isManualRun(context: IExecuteFunctions): boolean {
	return context.getMode() === 'manual' && !isTool(context) && savedNodeOf(context) !== undefined;
}

/**
 * The user for whom n8n resolves a credential that is each user's own, in a form that only n8n reads; undefined where all
 * users share it. n8n 2.8 does not have the method.
 */
export function credentialUserOf(context: NodeContext): string | undefined {
	return context.getExecutionContext?.()?.credentials;
}

/** The node's options collection at one item. */
export function optionsAt(context: IExecuteFunctions, itemIndex: number): Readonly<Record<string, unknown>> {
	return asObject(context.getNodeParameter('options', itemIndex, {})) ?? {};
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

/** An error to be thrown. It names its items in its own words: n8n's "[item 0]" would repeat them. */
export function nodeError(context: IExecuteFunctions, { message, description, data }: ErrorText): NodeOperationError {
	const error = new NodeOperationError(context.getNode(), message, {
		...(description === undefined ? {} : { description: asHtml(description) }),
		level: 'warning',
	});
	if (data !== undefined) error.context.data = data;
	return error;
}

/**
 * n8n shows hints, and the description of a thrown error, as HTML (docs/n8n.md#error-items): a line break needs its tag,
 * and what stands between angle brackets or backticks would not be shown as it is. A > between blanks, as in the name of
 * a menu, does no harm.
 */
export function asHtml(text: string): string {
	return text.replace(/[<`]|(?<! )>|>(?! )/g, '').replaceAll('\n', '<br>\n');
}
