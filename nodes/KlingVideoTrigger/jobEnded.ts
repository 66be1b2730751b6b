import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { createBuckets } from '../core/bucket';
import { createClaims } from '../core/claims';
import type { Clock } from '../core/clock';
import { hasEnded, type Handle, type Job } from '../core/job';
import { asObject } from '../core/json';
import { providerOf, findProvider } from '../core/providers';
import type { Provider } from '../core/providers/provider';
import { asEndpointId } from '../core/providers/runpod/request';
import { itemOf } from '../KlingVideo/actions/finish';
import { createWebhookFinisher, type WebhookFinisher } from '../KlingVideo/actions/webhookFinisher';

/** Jobs whose workflow this process has started; taken before anything is awaited, so that equal callbacks meet here. */
const claims = createClaims(10_000);
/** Started jobs that the workflow itself remembers over restarts. */
const REMEMBERED_JOBS = 500;
/** Status checks a trigger can be made to do: a burst for a big batch, then one a second. */
const buckets = createBuckets({ refillEveryMs: 1000, maxKeys: 1000 });
const BURST_OF_CHECKS = 300;

/**
 * A provider's callback to the trigger. Its body only names the job; what the workflow gets is read from the provider.
 * The workflow starts once per job: answers 2xx once the end is confirmed and the start is claimed, and only then
 * downloads. Anything else is answered so that the provider's own repeat can still succeed.
 */
export async function answerEndedJob(context: IWebhookFunctions, clock: Clock): Promise<IWebhookResponseData> {
	const answer = (status: number, text: string): IWebhookResponseData => {
		context.getResponseObject().status(status).type('text/plain').send(text);
		return { noWebhookResponse: true };
	};
	const provider = findProvider(context.getNodeParameter('provider'));
	const jobId = provider?.readCallback(context.getBodyData());
	if (provider === undefined || jobId === undefined) return answer(400, 'The body names no job');
	const key = `${context.getWorkflow().id ?? ''} ${context.getNode().id} ${jobId}`;
	const isTest = context.getMode() === 'manual';
	if (!isTest && (wasStarted(context, jobId) || !claims.take(key))) return answer(200, 'already known');
	const end = await readEnd(context, clock, provider, jobId);
	if (end.kind === 'none') {
		claims.release(key);
		return answer(end.status, end.text);
	}
	if (!wantedEvents(context).includes(end.job.status)) return answer(200, `not an event that is listened for: ${end.job.status}`);
	if (!isTest) rememberStarted(context, jobId);
	answer(200, 'noted');
	return { noWebhookResponse: true, workflowData: [[await startItem(context, end.finisher, end.job)]] };
}

type End =
	| { readonly kind: 'job'; readonly job: Job; readonly finisher: WebhookFinisher }
	| { readonly kind: 'none'; readonly status: number; readonly text: string };

async function readEnd(context: IWebhookFunctions, clock: Clock, provider: Provider, jobId: string): Promise<End> {
	const checks = `${context.getWorkflow().id ?? ''} ${context.getNode().id}`;
	if (!buckets.take(checks, BURST_OF_CHECKS, clock.now())) return { kind: 'none', status: 429, text: 'asked too often' };
	const finisher = createWebhookFinisher(context, clock);
	const handle: Handle = { provider: provider.name, jobId, ...modelOf(context, provider) };
	const seen = await finisher.look(handle);
	if (seen.kind === 'unseen') return { kind: 'none', status: 503, text: 'the provider could not be asked' };
	if (seen.kind === 'refused') return { kind: 'none', status: 404, text: 'the provider does not confirm this job' };
	if (!hasEnded(seen.job)) return { kind: 'none', status: 503, text: 'the job has not ended yet' };
	return { kind: 'job', job: seen.job, finisher };
}

function optionsOf(context: IWebhookFunctions): Readonly<Record<string, unknown>> {
	return asObject(context.getNodeParameter('options', {})) ?? {};
}

/** At Runpod the endpoint is part of every call. */
function modelOf(context: IWebhookFunctions, provider: Provider): { model?: string } {
	if (provider.name !== 'runpod') return {};
	return { model: asEndpointId(optionsOf(context).endpointId) ?? providerOf('runpod').defaultModel };
}

function wantedEvents(context: IWebhookFunctions): readonly string[] {
	const events: unknown = context.getNodeParameter('events', ['completed', 'failed']);
	return Array.isArray(events) ? events.map(String) : [];
}

function startedJobs(context: IWebhookFunctions): string[] {
	const started: unknown = context.getWorkflowStaticData('node').started;
	return Array.isArray(started) ? started.map(String) : [];
}

function wasStarted(context: IWebhookFunctions, jobId: string): boolean {
	return startedJobs(context).includes(jobId);
}

function rememberStarted(context: IWebhookFunctions, jobId: string): void {
	context.getWorkflowStaticData('node').started = [...startedJobs(context), jobId].slice(-REMEMBERED_JOBS);
}

async function startItem(context: IWebhookFunctions, finisher: WebhookFinisher, job: Job): Promise<INodeExecutionData> {
	const outputField = String(context.getNodeParameter('outputField', 'data') ?? '').trim();
	const wish = {
		download: context.getNodeParameter('downloadVideo', true) === true,
		outputField: outputField === '' ? 'data' : outputField,
		withRaw: optionsOf(context).output === 'raw',
	};
	const end = await itemOf(finisher, job, wish);
	if (end.kind === 'error') return { json: {} };
	const query = { ...asObject(context.getQueryData()) };
	const json = Object.keys(query).length === 0 ? end.json : { ...end.json, query: query as INodeExecutionData['json'] };
	return end.binary === undefined ? { json } : { json, binary: end.binary };
}
