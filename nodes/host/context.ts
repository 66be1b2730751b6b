import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';

/** What n8n gives a node while it executes, or while it answers a callback. */
export type NodeContext = IExecuteFunctions | IWebhookFunctions;
