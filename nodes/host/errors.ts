import { NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';

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
