import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import type { StatusAnswer } from '../core/calls/status';
import type { Clock } from '../core/clock';
import { FieldReader, isUnset } from '../core/fields';
import { hasEnded, type Job } from '../core/job';
import { asObject, asText, present, without } from '../core/json';
import { findProvider } from '../core/providers';
import type { Provider } from '../core/providers/provider';
import { createRateLimiter } from '../core/rateLimiter';
import { answer, bodyOf } from '../host/webhooks';
import { MODEL_PARAMETER } from '../kling/fields';
import { jobItem, type OutputOptions, type Session } from '../kling/item';
import type { Memory } from '../kling/memory';
import { readReportedEnd } from '../kling/reportedEnd';
import { createWebhookSession } from '../kling/webhookSession';

/** Jobs that a workflow itself remembers, which holds over restarts. */
const REMEMBERED_JOBS = 500;
/** Status calls that callbacks can make a trigger send in vain: so many at first, then one a second. */
const VAIN_STATUS_CALLS = { burst: 300, refillEveryMs: 1000 };
const NOT_ENDED = 'the job has not ended yet';

/**
 * A provider's callback to the trigger. Its body only names the job; what the workflow gets is read from the provider.
 * Answers 2xx once the job's end is confirmed and noted, and only then downloads. Anything else is answered so that the
 * provider's own repeat can still succeed, and what is answered 503 or 404 is in n8n's log with its job ID.
 *
 * The workflow starts once per job. Two guards see to that. The memory of this process is asked and written after the
 * status call with nothing awaited in between, so that equal callbacks meet there. The workflow's static data holds over
 * restarts; but n8n saves it whole when `webhook()` is over, and of two processes the last writer wins. With several
 * webhook processes a job may therefore start the workflow more than once.
 */
export async function startOnEndedJob(
	context: IWebhookFunctions,
	clock: Clock,
	memory: Memory,
): Promise<IWebhookResponseData> {
	const provider = findProvider(context.getNodeParameter('provider'));
	const jobId = provider?.namedJobId(bodyOf(context));
	if (provider === undefined || jobId === undefined) return answer(context, 400, 'The body names no job');
	const parameters = readParameters(context);
	const name = `${provider.name} ${jobId}`;
	// In the editor one job may start the workflow again and again, so that it can be tried out.
	const isTest = context.getMode() === 'manual';
	if (!isTest && startedJobs(context).includes(name)) return answer(context, 200, 'already known');
	const session = createWebhookSession(context, clock, memory);
	const handle = { provider: provider.name, jobId, ...modelOf(parameters, provider) };
	const limiter = statusCallsOf(context, memory);
	let calls = 0;
	const mayAsk = () => {
		const may = limiter.take(clock.now());
		if (may) calls += 1;
		return may;
	};
	const seen = await readReportedEnd(session, handle, mayAsk, clock);
	if (seen === undefined) return answer(context, 429, 'asked too often');
	if (seen.kind !== 'job' || !hasEnded(seen.job)) return answerUnconfirmed(context, jobId, seen);
	const { job } = seen;
	if (!isTest && !isFirst(context, memory, name, calls)) return answer(context, 200, 'already known');
	if (!parameters.events.includes(job.status)) {
		return answer(context, 200, `not an event that is listened for: ${job.status}`);
	}
	if (!isTest) rememberStarted(context, name);
	answer(context, 200, 'noted');
	return { noWebhookResponse: true, workflowData: [[await startItem(session, job, parameters)]] };
}

/** The provider could not be asked, or does not say that the job has ended. */
function answerUnconfirmed(context: IWebhookFunctions, jobId: string, seen: StatusAnswer): IWebhookResponseData {
	context.logger.warn(`A callback for the Kling job ${jobId} started nothing: ${reasonOf(seen)}`, { jobId });
	if (seen.kind === 'refused') return answer(context, 404, 'the provider does not confirm this job');
	return answer(context, 503, seen.kind === 'job' ? NOT_ENDED : 'the provider could not be asked');
}

function reasonOf(seen: StatusAnswer): string {
	if (seen.kind === 'job') return NOT_ENDED;
	return seen.kind === 'unavailable' ? seen.message : seen.failure.message;
}

/** The trigger's parameters, read before anything is noted or answered: an expression among them may throw. */
interface Parameters extends OutputOptions {
	readonly events: readonly string[];
	/** What names the job's model where its provider's callback does not: the trigger's own option, else the URL. */
	readonly model: unknown;
	readonly query: IDataObject;
}

function readParameters(context: IWebhookFunctions): Parameters {
	const options = asObject(context.getNodeParameter('options')) ?? {};
	const query: IDataObject = { ...context.getQueryData() };
	const model = isUnset(options.endpointId) ? query[MODEL_PARAMETER] : options.endpointId;
	return {
		events: namesIn(context.getNodeParameter('events')),
		model,
		download: context.getNodeParameter('downloadVideo') === true,
		// n8n has no value for a field that is not shown. An expression may give a number, or nothing.
		field: asText(String(context.getNodeParameter('outputField', '') ?? '')) ?? 'data',
		raw: options.output === 'raw',
		query: without(query, MODEL_PARAMETER),
	};
}

/** An expression may give the events as a list, or as text with commas between them. */
function namesIn(events: unknown): string[] {
	const given: unknown[] = Array.isArray(events) ? events : [events];
	return given.flatMap((names) => String(names).split(',')).map((name) => name.trim());
}

/** If what names the model is invalid, the provider's default is used. */
function modelOf({ model }: Parameters, provider: Provider): { model?: string } {
	return present({ model: provider.readModel(provider.takesEndpointId ? model : undefined, new FieldReader()) });
}

/** Names the trigger among all that this process serves. */
function triggerKey(context: IWebhookFunctions): string {
	return [context.getWorkflow().id, context.getNode().id].join(' ');
}

function statusCallsOf(context: IWebhookFunctions, { triggerStatusCalls }: Memory) {
	return triggerStatusCalls.getOrAdd(triggerKey(context), () => createRateLimiter(VAIN_STATUS_CALLS));
}

/**
 * Whether this process hears of the job's end for the first time. Its status calls are not counted then: all jobs of a big
 * batch may end within a minute, and a callback that is refused too often is lost. So only guesses, early calls and
 * repeats are limited.
 */
function isFirst(context: IWebhookFunctions, memory: Memory, name: string, calls: number): boolean {
	const key = `${triggerKey(context)} ${name}`;
	if (memory.startedJobs.has(key)) return false;
	memory.startedJobs.getOrAdd(key, () => true);
	statusCallsOf(context, memory).giveBack(calls);
	return true;
}

function startedJobs(context: IWebhookFunctions): string[] {
	const names: unknown = context.getWorkflowStaticData('node').started;
	return Array.isArray(names) ? names.map(String) : [];
}

function rememberStarted(context: IWebhookFunctions, name: string): void {
	context.getWorkflowStaticData('node').started = [...startedJobs(context), name].slice(-REMEMBERED_JOBS);
}

async function startItem(session: Session, job: Job, { query, ...output }: Parameters): Promise<INodeExecutionData> {
	const { json, ...binary } = without(await jobItem(session, job, output), 'kind');
	return { json: Object.keys(query).length === 0 ? json : { ...json, query }, ...binary };
}
