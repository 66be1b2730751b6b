import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { createBuckets } from '../../core/bucket';
import type { Clock } from '../../core/clock';
import { hasEnded, type Handle, type Job } from '../../core/job';
import { providers } from '../../core/providers';
import { storedContext } from '../../transport/resume';
import { itemOf } from './finish';
import { isRunning, ITEM_PARAMETER, readParked, type Parked, type ParkedItem } from './park';
import { createWebhookFinisher, type WebhookFinisher } from './webhookFinisher';

/** Executions that this process is resuming right now: callbacks that come together resume once. */
const resuming = new Set<string>();
/** Ended jobs this process has seen, so that each is asked for once; by job id. */
const seenEnded = new Map<string, Job>();
const MAX_SEEN_ENDED = 5000;
/** Status checks one execution can be made to do: three for each of its jobs and a few, then one in ten seconds. */
const buckets = createBuckets({ refillEveryMs: 10_000, maxKeys: 5000 });

/**
 * A provider's callback to a parked execution. Its body is a nudge, never the truth: the provider is asked, and the
 * execution goes on when all jobs have ended. Anything else leaves it parked. Never throws: n8n would wipe the run.
 */
export async function answerCallback(context: IWebhookFunctions, clock: Clock): Promise<IWebhookResponseData> {
	const response = context.getResponseObject();
	const executionId = context.getExecutionId?.() ?? '';
	const answer = (status: number, text: string): IWebhookResponseData => {
		if (!response.headersSent) response.status(status).type('text/plain').send(text);
		return { noWebhookResponse: true };
	};
	try {
		const parked = readParked(storedContext(context).parked);
		if (parked === undefined || resuming.has(executionId)) return answer(200, 'nothing to do');
		const finisher = createWebhookFinisher(context, clock);
		const ended = await checkJobs(context, finisher, parked, executionId, clock);
		if (ended === 'busy') return answer(429, 'asked too often');
		if (ended === 'running' || resuming.has(executionId)) return answer(200, 'noted');
		resuming.add(executionId);
		answer(200, 'going on');
		try {
			return { noWebhookResponse: true, workflowData: [await finishAll(finisher, ended)] };
		} finally {
			// After the resumption n8n refuses callbacks itself; if it fails, a later one may try again.
			void clock.sleep(60_000).then(() => resuming.delete(executionId));
		}
	} catch (error) {
		context.logger.warn('A Kling callback could not be handled; the execution stays parked', {
			executionId,
			reason: error instanceof Error ? error.message : 'unknown',
		});
		return answer(500, 'try again');
	}
}

/** The item a callback is about: by the URL we gave out, else by any id in its body that is one of ours. */
function namedItem(context: IWebhookFunctions, items: readonly ParkedItem[]): number {
	const query: unknown = context.getQueryData();
	const index = Number(typeof query === 'object' && query !== null ? new Map(Object.entries(query)).get(ITEM_PARAMETER) : NaN);
	if (Number.isInteger(index) && items[index] !== undefined) return index;
	const body: unknown = context.getBodyData();
	const ids = providers.map((provider) => provider.readCallback(body));
	return items.findIndex((item) => item.kind === 'job' && ids.includes(item.job.handle.jobId));
}

function remember(job: Job): Job {
	if (!hasEnded(job)) return job;
	const oldest: string | undefined = seenEnded.size >= MAX_SEEN_ENDED ? seenEnded.keys().next().value : undefined;
	if (oldest !== undefined) seenEnded.delete(oldest);
	seenEnded.set(job.handle.jobId, job);
	return job;
}

/**
 * Asks for the named job first, then for the others until one is found that goes on: one or two calls a callback, however
 * many jobs there are.
 */
async function checkJobs(
	context: IWebhookFunctions,
	finisher: WebhookFinisher,
	{ items }: Parked,
	executionId: string,
	clock: Clock,
): Promise<readonly ParkedItem[] | 'running' | 'busy'> {
	const named = namedItem(context, items);
	if (named === -1) return 'running';
	const current = [...items];
	const order = [named, ...items.keys()].filter((index, at, all) => all.indexOf(index) === at);
	for (const index of order) {
		const item = current[index];
		if (item === undefined || item.kind !== 'job' || hasEnded(item.job)) continue;
		const { handle } = item.job;
		const known = seenEnded.get(handle.jobId);
		if (known === undefined && !buckets.take(executionId, 3 * items.length + 10, clock.now())) return 'busy';
		const job = known ?? (await seenJob(finisher, handle));
		if (job === undefined || !hasEnded(remember(job))) return 'running';
		current[index] = { ...item, job };
	}
	return current.some(isRunning) ? 'running' : current;
}

async function seenJob(finisher: WebhookFinisher, handle: Handle): Promise<Job | undefined> {
	const seen = await finisher.look(handle);
	return seen.kind === 'job' ? seen.job : undefined;
}

async function finishAll(finisher: WebhookFinisher, items: readonly ParkedItem[]): Promise<INodeExecutionData[]> {
	const finished = items.map(async (item, itemIndex): Promise<INodeExecutionData> => {
		const pairedItem = { item: itemIndex };
		if (item.kind === 'settled') return { json: item.json, pairedItem };
		const end = await itemOf(finisher, item.job, item.wish, item.extras);
		if (end.kind === 'error') return { json: {}, pairedItem };
		return { json: end.json, pairedItem, ...(end.binary === undefined ? {} : { binary: end.binary }) };
	});
	return await Promise.all(finished);
}
