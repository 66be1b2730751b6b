import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { parseJson } from '../core/json';

/** Answers whoever called a webhook, at once: work may follow. The first answer counts. Starts and resumes nothing. */
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
