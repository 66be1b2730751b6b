import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { createBuckets } from '../core/rateLimiter';
import { createClaims } from '../core/claims';
import type { Clock } from '../core/clock';
import { FieldReader } from '../core/fields';
import { hasEnded, type Handle, type Job } from '../core/job';
import { asObject, present } from '../core/json';
import { findProvider } from '../core/providers';
import type { Provider } from '../core/providers/provider';
import { itemOf, type OutputWish } from '../kling/item';
import { createWebhookFinisher, type WebhookFinisher } from '../kling/webhookSession';
import { answer, bodyOf } from '../host/webhooks';

/** Jobs whose end this process has taken up, whether or not it is one that the trigger listens for. */
const takenUp = createClaims(10_000);
/** Jobs that the workflow itself remembers over restarts. */
const REMEMBERED_JOBS = 500;
/** Status checks a trigger can be made to do in vain: a burst, then one a second. A job's end costs none of them. */
const checks = createBuckets({ refillEveryMs: 1000, maxKeys: 1000 });
const BURST_OF_CHECKS = 300;

/**
 * A provider's callback to the trigger. Its body only names the job; what the workflow gets is read from the provider.
 * Answers 2xx once the job's end is confirmed and its start is claimed, and only then downloads. Anything else is
 * answered so that the provider's own repeat can still succeed.
 *
 * The workflow starts once per job. Two guards: this process' memory, claimed between the look and the answer with
 * nothing awaited, so that equal callbacks meet there; and the workflow's static data, which holds over restarts. n8n
 * saves that whole when `webhook()` is over, and of two processes the last writer wins: delivery is at least once.
 */
export async function answerEndedJob(context: IWebhookFunctions, clock: Clock): Promise<IWebhookResponseData> {
	const provider = findProvider(context.getNodeParameter('provider'));
	const jobId = provider?.readCallback(bodyOf(context));
	if (provider === undefined || jobId === undefined) return answer(context, 400, 'The body names no job');
	const wishes = readWishes(context);
	const job = { name: `${provider.name} ${jobId}`, isTest: context.getMode() === 'manual' };
	if (!job.isTest && startedJobs(context).includes(job.name)) return answer(context, 200, 'already known');
	const finisher = createWebhookFinisher(context, clock);
	const end = await readEnd(context, clock, finisher, { provider: provider.name, jobId, ...modelOf(wishes, provider) });
	if (end.kind === 'none') return answer(context, end.status, end.message);
	if (!job.isTest && !takeUp(context, job.name)) return answer(context, 200, 'already known');
	if (!wishes.events.includes(end.job.status))
		return answer(context, 200, `not an event that is listened for: ${end.job.status}`);
	if (!job.isTest) rememberStarted(context, job.name);
	answer(context, 200, 'noted');
	return { noWebhookResponse: true, workflowData: [[await startItem(finisher, end.job, wishes)]] };
}

/** The trigger's parameters, read before anything is claimed or answered: an expression among them may throw. */
interface Wishes extends OutputWish {
	readonly events: readonly string[];
	readonly endpointId: unknown;
	readonly query: IDataObject;
}

function readWishes(context: IWebhookFunctions): Wishes {
	const events: unknown = context.getNodeParameter('events', ['completed', 'failed']);
	const options = asObject(context.getNodeParameter('options', {}));
	const outputField = String(context.getNodeParameter('outputField', 'data') ?? '').trim();
	return {
		events: namesIn(events),
		endpointId: options?.endpointId,
		download: context.getNodeParameter('downloadVideo', true) === true,
		outputField: outputField === '' ? 'data' : outputField,
		withRaw: options?.output === 'raw',
		query: { ...context.getQueryData() },
	};
}

/** An expression may give the events as a list or as text, with commas between. */
function namesIn(events: unknown): string[] {
	const given: unknown[] = Array.isArray(events) ? events : [events];
	return given.flatMap((names) => String(names).split(',')).map((name) => name.trim());
}

/** An endpoint that is none makes way for the provider's own. */
function modelOf({ endpointId }: Wishes, provider: Provider): { model?: string } {
	return present({ model: provider.readModel(provider.takesEndpointId ? endpointId : undefined, new FieldReader()) });
}

/** The trigger among all that this process serves. */
function placeOf(context: IWebhookFunctions): string {
	return `${context.getWorkflow().id ?? ''} ${context.getNode().id}`;
}

/**
 * Whether the job's end is new to this process. Its check is given back then: all jobs of a big batch may end within a
 * minute, and each true callback that is refused too often is lost. So only guesses, early calls and repeats are limited.
 */
function takeUp(context: IWebhookFunctions, name: string): boolean {
	const place = placeOf(context);
	if (!takenUp.take(`${place} ${name}`)) return false;
	checks.giveBack(place);
	return true;
}

type End =
	| { readonly kind: 'job'; readonly job: Job }
	| { readonly kind: 'none'; readonly status: number; readonly message: string };

async function readEnd(
	context: IWebhookFunctions,
	clock: Clock,
	finisher: WebhookFinisher,
	handle: Handle,
): Promise<End> {
	if (!checks.take(placeOf(context), BURST_OF_CHECKS, clock.now()))
		return { kind: 'none', status: 429, message: 'asked too often' };
	const seen = await finisher.readStatus(handle);
	if (seen.kind !== 'job') {
		const reason = seen.kind === 'unavailable' ? seen.message : seen.failure.message;
		context.logger.warn(`A callback for the Kling job ${handle.jobId} started nothing: ${reason}`, {
			jobId: handle.jobId,
		});
	}
	if (seen.kind === 'unavailable') return { kind: 'none', status: 503, message: 'the provider could not be asked' };
	if (seen.kind === 'refused') return { kind: 'none', status: 404, message: 'the provider does not confirm this job' };
	return hasEnded(seen.job) ? seen : { kind: 'none', status: 503, message: 'the job has not ended yet' };
}

function startedJobs(context: IWebhookFunctions): string[] {
	const names: unknown = context.getWorkflowStaticData('node').started;
	return Array.isArray(names) ? names.map(String) : [];
}

function rememberStarted(context: IWebhookFunctions, name: string): void {
	context.getWorkflowStaticData('node').started = [...startedJobs(context), name].slice(-REMEMBERED_JOBS);
}

async function startItem(finisher: WebhookFinisher, job: Job, { query, ...wish }: Wishes): Promise<INodeExecutionData> {
	const { json, binary } = await itemOf(finisher, job, wish);
	const withQuery = Object.keys(query).length === 0 ? json : { ...json, query };
	return binary === undefined ? { json: withQuery } : { json: withQuery, binary };
}
