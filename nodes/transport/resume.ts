import type { IExecuteFunctions, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';
import { asObject, asText } from '../core/json';

/**
 * The link that resumes this execution when it is parked. Undefined where n8n gives none. (n8n's signed variant is
 * refused for community nodes with 401: measured on 2.8.4 and 2.41.1.)
 */
export function resumeUrlOf(context: IExecuteFunctions): string | undefined {
	return asText(context.evaluateExpression('{{ $execution.resumeUrl }}', 0));
}

/** A link with one more query parameter; n8n's signature in it stays valid. */
export function withQuery(url: string, name: string, value: string): string {
	const extended = new URL(url);
	extended.searchParams.set(name, value);
	return extended.href;
}

/**
 * Parks the execution. What is stored as this node's input is its output if no callback comes, so each input item is
 * replaced: its JSON by the given one, its binary by none. Returns a copy: n8n may empty the array it is given.
 */
export async function park(
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
	await context.putExecutionToWait(until);
	return [...input];
}

/** A node's own stored context, as `webhook()` can read it: it has no `getContext`. */
export function storedContext(context: IWebhookFunctions): Readonly<Record<string, unknown>> {
	// "}}" would end the expression.
	const name = JSON.stringify(context.getNode().name).replaceAll('}}', '}" + "}');
	return asObject(context.evaluateExpression(`{{ $node[${name}].context }}`)) ?? {};
}
