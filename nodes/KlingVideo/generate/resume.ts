import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { createBuckets } from '../../core/rateLimiter';
import { createClaims } from '../../core/claims';
import type { Clock } from '../../core/clock';
import { hasEnded, type Job } from '../../core/job';
import { asObject } from '../../core/json';
import { jobJson } from '../../core/output';
import { providers } from '../../core/providers';
import { answer, bodyOf, storedInContext } from '../../host/webhooks';
import { itemOf } from '../../kling/item';
import { isRunning, ITEM_PARAMETER, keptOf, readParked, type ParkedItem } from './pause';
import { createWebhookFinisher, type WebhookFinisher } from '../../kling/webhookSession';

/*
 * What this process remembers of parks, each named by its execution and its time. All of it is bounded and may be
 * forgotten: n8n itself lets only one call resume an execution, and the provider can be asked again.
 */
const MAX_PARKS = 5000;
/** Parks that are being resumed right now: callbacks that come together resume once. */
const resuming = createClaims(MAX_PARKS);
/** If n8n could not go on with a resumption, a callback this long after it may try again. */
const RESUMPTION_MS = 60_000;
/** Status checks a park can be made to do: three for each of its jobs and a few, then one in ten seconds. */
const CHECK_EVERY_MS = 10_000;
const checks = createBuckets({ refillEveryMs: CHECK_EVERY_MS, maxKeys: MAX_PARKS });
/** Parks for which a callback waits until it may check. */
const queued = createClaims(MAX_PARKS);
/** Ended jobs, so that each is asked for once; by park and item. */
const ended = new Map<string, Job>();
const MAX_ENDED = 10_000;

/** One callback to one park. */
interface Callback {
	readonly park: string;
	readonly items: readonly ParkedItem[];
	/** The item it is about; undefined if it names none of ours. */
	readonly named: number | undefined;
	readonly finisher: WebhookFinisher;
	readonly logger: IWebhookFunctions['logger'];
	readonly clock: Clock;
}

type JobItem = Extract<ParkedItem, { kind: 'job' }>;

/** Why the execution stays parked, as an HTTP status: 2xx only where the provider need not call again. */
interface Refusal {
	readonly status: 200 | 429 | 503;
	readonly message: string;
}

/**
 * A provider's callback to a parked execution. Its body is a nudge, never the truth: the provider is asked, and the
 * execution goes on when all jobs have ended. Anything else leaves it parked. Never throws: n8n would wipe the run.
 */
export async function answerCallback(context: IWebhookFunctions, clock: Clock): Promise<IWebhookResponseData> {
	try {
		return await answerParked(context, clock);
	} catch (error) {
		const reason = error instanceof Error ? error.message : 'unknown';
		context.logger.warn(`A Kling callback could not be handled; the execution stays parked: ${reason}`);
		return answer(context, 500, 'try again');
	}
}

async function answerParked(context: IWebhookFunctions, clock: Clock): Promise<IWebhookResponseData> {
	const parked = readParked(storedInContext(context, 'parked'));
	if (parked === undefined) return answer(context, 404, 'no job is waited for here');
	const { items, parkedMs } = parked;
	const park = `${context.getExecutionId()} ${parkedMs}`;
	const finisher = createWebhookFinisher(context, clock);
	const checked = await checkJobs({
		park,
		items,
		named: namedItem(context, items),
		finisher,
		logger: context.logger,
		clock,
	});
	if ('status' in checked) return answer(context, checked.status, checked.message);
	if (!resuming.take(park)) return answer(context, 200, 'going on already');
	answer(context, 200, 'going on');
	const finished = await Promise.all(checked.map(async (item, itemIndex) => await finish(finisher, item, itemIndex)));
	void clock.sleep(RESUMPTION_MS).then(() => forget(park, items.length));
	return { noWebhookResponse: true, workflowData: [finished] };
}

/** The item a callback is about: by the URL we gave out, else by any id in its body that is one of ours. */
function namedItem(context: IWebhookFunctions, items: readonly ParkedItem[]): number | undefined {
	const index = Number(asObject(context.getQueryData())?.[ITEM_PARAMETER] ?? NaN);
	if (items[index]?.kind === 'job') return index;
	const ids = providers.map((provider) => provider.readCallback(bodyOf(context)));
	const found = items.findIndex((item) => item.kind === 'job' && ids.includes(item.job.handle.jobId));
	return found === -1 ? undefined : found;
}

/**
 * Asks for the named job first, then for the others until one is found that goes on: one or two calls a callback, however
 * many jobs there are. Gives all items, ended, or why there is still something to wait for.
 */
async function checkJobs(callback: Callback): Promise<readonly ParkedItem[] | Refusal> {
	const { items, named } = callback;
	const current = [...items];
	const order = named === undefined ? items.keys() : new Set([named, ...items.keys()]);
	for (const index of order) {
		const item = items[index];
		if (item === undefined || item.kind !== 'job' || !isRunning(item)) continue;
		const job = await endedJob(callback, index, item);
		if ('message' in job) return job;
		current[index] = { ...item, job };
	}
	return current;
}

async function endedJob(callback: Callback, index: number, { job, wish }: JobItem): Promise<Job | Refusal> {
	const key = `${callback.park} ${index}`;
	const known = ended.get(key);
	if (known !== undefined) return known;
	if (!(await mayCheck(callback))) return { status: 429, message: 'asked too often' };
	const seen = await callback.finisher.readStatus(job.handle);
	if (seen.kind !== 'job') {
		const reason = seen.kind === 'unavailable' ? seen.message : seen.failure.message;
		callback.logger.warn(
			`The Kling job ${job.handle.jobId} could not be checked; the execution stays parked: ${reason}`,
			{ jobId: job.handle.jobId },
		);
		return { status: 503, message: 'the provider could not confirm it' };
	}
	if (hasEnded(seen.job)) return remember(key, keptOf(seen.job, wish));
	// Its own callback is still to come, unless this is it, and came too early.
	return index === callback.named
		? { status: 503, message: 'this job has not ended' }
		: { status: 200, message: 'noted' };
}

/** A park that was resumed asks no more; its jobs' replies may be large. */
function forget(park: string, itemCount: number): void {
	resuming.release(park);
	for (let index = 0; index < itemCount; index++) ended.delete(`${park} ${index}`);
}

function remember(key: string, job: Job): Job {
	const oldest: string | undefined = ended.size >= MAX_ENDED ? ended.keys().next().value : undefined;
	if (oldest !== undefined) ended.delete(oldest);
	ended.set(key, job);
	return job;
}

/** In a flood one callback is kept until it may check, so that a true one in it is always followed by a check. */
async function mayCheck({ park, items, clock }: Callback): Promise<boolean> {
	const take = () => checks.take(park, 3 * items.length + 10, clock.now());
	if (take()) return true;
	if (!queued.take(park)) return false;
	await clock.sleep(CHECK_EVERY_MS);
	queued.release(park);
	return take();
}

/** An item of a parked run at its end. Never throws: the provider was answered, and will not call again. */
async function finish(finisher: WebhookFinisher, item: ParkedItem, itemIndex: number): Promise<INodeExecutionData> {
	const pairedItem = { item: itemIndex };
	if (item.kind === 'settled') return { json: item.json, pairedItem };
	const { job, wish, extras } = item;
	try {
		const { json, binary } = await itemOf(finisher, job, wish, extras);
		return { json, pairedItem, ...(binary === undefined ? {} : { binary }) };
	} catch (error) {
		const downloadFailure = error instanceof Error ? error.message : 'The video could not be downloaded';
		return { json: jobJson(job, { ...extras, downloadFailure, withRaw: wish.withRaw }), pairedItem };
	}
}
