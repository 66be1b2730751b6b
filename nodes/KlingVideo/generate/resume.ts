import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import type { Clock } from '../../core/clock';
import { hasEnded, withoutRaw, type Job } from '../../core/job';
import { asObject, without } from '../../core/json';
import { jobJson } from '../../core/output';
import { providers } from '../../core/providers';
import { answer, bodyOf, storedInContext } from '../../host/webhooks';
import { readStatus } from '../../kling/api';
import { jobItem, type Session } from '../../kling/item';
import { pauseMemory, type Memory, type PauseMemory } from '../../kling/memory';
import { readReportedEnd } from '../../kling/reportedEnd';
import { createWebhookSession } from '../../kling/webhookSession';
import { reasonOf } from '../run/items';
import { ITEM_PARAMETER, PAUSE_KEY, readPause, type PausedItem, type PausedJob } from './pauseRecord';

/*
 * What happens between a callback and the item. n8n gives the call to `webhook` in KlingVideo.node.ts, which leads to
 * `answerCallback` here. The pause that pause.ts kept with `keepPause` is read, and the providers are asked for the status
 * of each job that was still running when the pause began. Once all have ended, `jobItem` in kling/item.ts makes an item of
 * each job and downloads its video; n8n goes on with these items as the node's output. A job that failed or was cancelled
 * is an ordinary item; after a callback nothing is thrown.
 *
 * If no callback comes, nothing here runs: at the deadline n8n goes on with the items that `pauseExecution` stored. What
 * they are is decided before the pause, by `jsonAtDeadline` in pause.ts.
 */

/**
 * The memory of a pause is dropped this long after its items were made. n8n may still pass on a repeated callback shortly
 * after the resume: with this memory it gets 200, and no video is downloaded again.
 */
const FORGET_AFTER_MS = 60_000;

/** One callback to one pause. */
interface Callback {
	readonly items: readonly PausedItem[];
	/** The index of the item that it is about; -1 if it names none of ours. */
	readonly namedIndex: number;
	readonly session: Session;
	readonly shared: PauseMemory;
	readonly logger: IWebhookFunctions['logger'];
	readonly clock: Clock;
}

/** The jobs of all items have ended. */
interface AllEnded {
	readonly kind: 'allEnded';
	readonly items: readonly PausedItem[];
}

/** Why the execution stays paused. 200: the provider need not repeat this callback. 429 and 503: it is to repeat it. */
interface NotYet {
	readonly kind: 'notYet';
	readonly status: 200 | 429 | 503;
	readonly message: string;
}

/**
 * A provider's callback to a paused execution. Its body is used only to find the item; the status always comes from the
 * provider. The execution goes on only when all jobs have ended. This never throws: n8n would then wipe the run's data.
 *
 * What the provider is answered:
 * - 200 "going on": all jobs have ended; the items are made after this answer;
 * - 200 "going on already": another callback resumes the execution;
 * - 200 "noted": another job still runs, and its own callback is to come;
 * - 503: this job has not ended, or its provider could not confirm it; 429: asked too often; 500: an unexpected error;
 * - 404: this execution has no pause of ours.
 *
 * Before the pause and after the resume n8n answers without asking us: 409 while the execution runs and once it has
 * finished (docs/n8n.md#resume-url).
 */
export async function answerCallback(
	context: IWebhookFunctions,
	clock: Clock,
	memory: Memory,
): Promise<IWebhookResponseData> {
	try {
		return await resumeIfAllEnded(context, clock, memory);
	} catch (error) {
		context.logger.warn(`A Kling callback could not be handled; the execution stays paused: ${reasonOf(error)}`);
		return answer(context, 500, 'try again');
	}
}

async function resumeIfAllEnded(
	context: IWebhookFunctions,
	clock: Clock,
	memory: Memory,
): Promise<IWebhookResponseData> {
	const stored = readPause(storedInContext(context, PAUSE_KEY));
	if (stored === undefined) return answer(context, 404, 'no job is waited for here');
	const { items, pausedMs } = stored;
	const key = `${context.getExecutionId()} ${pausedMs}`;
	const shared = pauseMemory(memory, key, items.length);
	const session = createWebhookSession(context, clock, memory);
	const namedIndex = indexOfNamedItem(context, items);
	const found = await readStatuses({ items, namedIndex, session, shared, logger: context.logger, clock });
	if (found.kind === 'notYet') return answer(context, found.status, found.message);
	if (shared.isResuming) return answer(context, 200, 'going on already');
	shared.isResuming = true;
	answer(context, 200, 'going on');
	const finished = await Promise.all(
		found.items.map(async (item, itemIndex) => await outputItemOf(session, item, itemIndex)),
	);
	void clock.sleep(FORGET_AFTER_MS).then(() => memory.pauses.delete(key));
	// With these items n8n resumes the execution.
	return { noWebhookResponse: true, workflowData: [finished] };
}

/** The item a callback is about: by the URL we gave out, else by any ID in its body that is one of ours; -1 if none. */
function indexOfNamedItem(context: IWebhookFunctions, items: readonly PausedItem[]): number {
	const { [ITEM_PARAMETER]: named } = asObject(context.getQueryData()) ?? {};
	const index = Number(named);
	if (items[index]?.kind === 'job') return index;
	const ids = providers.map((provider) => provider.namedJobId(bodyOf(context)));
	return items.findIndex((item) => item.kind === 'job' && ids.includes(item.job.handle.jobId));
}

/**
 * Reads the status of the named job first, then of the others until one is found that is still running: usually one or two
 * status calls, and up to one for each job where callbacks were lost or this process has started anew. Gives all items with
 * their jobs ended, or why the execution stays paused.
 */
async function readStatuses(callback: Callback): Promise<AllEnded | NotYet> {
	const { items, namedIndex } = callback;
	const current = [...items];
	for (const index of new Set([namedIndex, ...items.keys()])) {
		const item = items[index];
		if (item?.kind !== 'job' || hasEnded(item.job)) continue;
		const ended = await jobIfEnded(callback, index, item);
		if (ended.kind === 'notYet') return ended;
		current[index] = { ...item, job: ended.job };
	}
	return { kind: 'allEnded', items: current };
}

async function jobIfEnded(
	callback: Callback,
	index: number,
	{ job, output }: PausedJob,
): Promise<{ readonly kind: 'job'; readonly job: Job } | NotYet> {
	const { shared, session, logger, clock } = callback;
	const known = shared.endedJobs.get(index);
	if (known !== undefined) return { kind: 'job', job: known };
	const mayAsk = async () => await shared.statusCalls.take(clock);
	const readOnce = async () => ((await mayAsk()) ? await readStatus(session.api, job.handle) : undefined);
	// The callback may be the last one, so what it reports is asked for more than once.
	const isNamed = index === callback.namedIndex;
	const seen = isNamed ? await readReportedEnd(session, job.handle, mayAsk, clock) : await readOnce();
	if (seen === undefined) return { kind: 'notYet', status: 429, message: 'asked too often' };
	const { jobId } = job.handle;
	if (seen.kind !== 'job') {
		const reason = seen.kind === 'unavailable' ? seen.message : seen.failure.message;
		logger.warn(`The status of Kling job ${jobId} could not be read; the execution stays paused: ${reason}`, { jobId });
		return { kind: 'notYet', status: 503, message: 'the provider could not confirm it' };
	}
	if (hasEnded(seen.job)) {
		const ended = output.raw ? seen.job : withoutRaw(seen.job);
		shared.endedJobs.set(index, ended);
		return { kind: 'job', job: ended };
	}
	// This job still runs. A callback about this job came too early and has to be repeated; one about another job need not
	// be.
	return isNamed
		? { kind: 'notYet', status: 503, message: 'this job has not ended' }
		: { kind: 'notYet', status: 200, message: 'noted' };
}

/** The output item of an ended job. Never throws: the provider was answered and will not call again. */
async function outputItemOf(session: Session, item: PausedItem, itemIndex: number): Promise<INodeExecutionData> {
	const pairedItem = { item: itemIndex };
	if (item.kind === 'noJob') return { json: item.json, pairedItem };
	const { job, output, extras } = item;
	try {
		return { ...without(await jobItem(session, job, output, extras), 'kind'), pairedItem };
	} catch (error) {
		return { json: jobJson(job, { ...extras, downloadFailure: reasonOf(error) }), pairedItem };
	}
}
