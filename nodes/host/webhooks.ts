import type { IExecuteFunctions, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { asText, parseJson } from '../core/json';

/**
 * Answers the caller of a webhook at once, so that work can go on after the answer. A later answer to the same call is
 * ignored. If `webhook()` returns only this, the execution stays as it is; if it returns `workflowData`, too, n8n starts or
 * resumes the execution with those items.
 */
export function answer(context: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
	const response = context.getResponseObject();
	if (!response.headersSent) response.status(status).json({ message });
	return { noWebhookResponse: true };
}

/** A call's body as JSON, also where its content type does not say that it is; undefined if it is none. */
export function bodyOf(context: IWebhookFunctions): unknown {
	const body: unknown = context.getBodyData();
	return typeof body === 'string' ? parseJson(body) : body;
}

/**
 * The path of our webhook below the resume URL. As it has a path of its own, a late callback cannot resume n8n's Wait node
 * later in the execution.
 */
export const RESUME_PATH = 'kling';

/**
 * The link that resumes this execution once it is paused. Undefined where n8n gives none. It is that of
 * `$execution.resumeUrl`: the one of `getSignedResumeUrl()` is answered with 401 (docs/n8n.md#resume-url).
 */
export function resumeUrlOf(context: IExecuteFunctions): string | undefined {
	// Without an id n8n still gives a link, with a placeholder in it.
	if (asText(context.getExecutionId()) === undefined) return undefined;
	return asText(context.evaluateExpression('{{ $execution.resumeUrl }}', 0));
}

/**
 * The resume URL (a valid one) of this node's webhook, with one more query parameter. The signature that newer n8n puts
 * into it stays valid.
 */
export function ownResumeUrl(url: string, name: string, value: string): string {
	const extended = new URL(url);
	extended.pathname = `${extended.pathname}/${RESUME_PATH}`;
	extended.searchParams.set(name, value);
	return extended.href;
}

/**
 * Pauses the execution until a callback comes, or until `until`. If none comes, n8n does not run the node again: what is
 * stored as its input becomes its output (docs/n8n.md#pause-and-resume). So each input item gets the given JSON in place
 * of its own, and loses its binary data.
 *
 * Returns what n8n shows meanwhile. This is a new array, since n8n empties the returned one where On Error is set to
 * "Continue (using error output)". It has no error items: if the first one were an error, Retry On Fail would run the node
 * again, although it is paused, and on the replaced items.
 */
export async function pauseExecution(
	context: IExecuteFunctions,
	items: readonly INodeExecutionData['json'][],
	until: Date,
): Promise<INodeExecutionData[]> {
	const input = context.getInputData();
	for (const [itemIndex, item] of input.entries()) {
		item.json = items[itemIndex] ?? {};
		item.pairedItem = { item: itemIndex };
		delete item.binary;
	}
	// With Execute Once the node gets a copy that has the first item only, and n8n stores them all.
	context.getExecuteData().data.main?.[0]?.splice(input.length);
	await context.putExecutionToWait(until);
	return input.filter(({ json }) => json.error === undefined);
}

/** A node's name as JavaScript text, with nothing in it that an expression's own syntax could take for its own. */
function quoted(name: string): string {
	const codes = name.replaceAll(/[^A-Za-z0-9 ]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
	return `"${codes}"`;
}

/** One key of a node's own stored context, as `webhook()` can read it: it has no `getContext`. */
export function storedInContext(context: IWebhookFunctions, key: string): unknown {
	return context.evaluateExpression(`{{ $node[${quoted(context.getNode().name)}].context[${quoted(key)}] }}`);
}
