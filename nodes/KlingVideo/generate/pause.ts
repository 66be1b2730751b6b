import type { INodeExecutionData } from 'n8n-workflow';
import { asJobId, hasEnded, type Job, type JobOrFailure } from '../../core/job';
import { asNumber, asObject, isJsonObject, present, type JsonObject } from '../../core/json';
import type { Resolution } from '../../core/money/ledger';
import { getStatus } from '../../core/calls/status';
import { errorJson, failureError, jobJson, type Extras } from '../../core/output';
import { findProvider } from '../../core/providers';
import { urlProblem } from '../../core/url';
import { ownResumeUrl, park, resumeUrlOf } from '../../host/webhooks';
import { itemOf, type OutputWish } from '../../kling/item';
import { stoppedItem } from '../run/finish';
import { candidateOf, deadlineOf, extrasOf, knownOf, type GenerateOrder } from './check';
import type { ItemEnd, Placed } from '../run/operation';
import type { Session } from '../run/session';

/** The query parameter of the resume URL that says which item a callback is about, whatever its body says. */
export const ITEM_PARAMETER = 'klingItem';

/** One parked item, as `webhook()` will need it: nothing of the parameters can be read there any more. */
export type ParkedItem =
	| { readonly kind: 'job'; readonly job: Job; readonly extras: Extras; readonly wish: OutputWish }
	| { readonly kind: 'settled'; readonly json: JsonObject };

/** What the node's context holds while its execution is parked. */
export interface Parked {
	/** By the clock. An execution may park more than once; this tells its parks apart. */
	readonly parkedMs: number;
	readonly items: readonly ParkedItem[];
}

export type ResumeUrl =
	| { readonly kind: 'none' }
	| { readonly kind: 'url'; readonly url: string }
	| { readonly kind: 'problem'; readonly problem: string };

/**
 * The URL the provider is to call, with the item's index in it where there is one item. A provider on the internet
 * cannot reach a private address: that is a problem to be named before anything is paid for.
 */
export function resumeUrlFor({ context }: Session, orders: ReadonlyArray<Placed<GenerateOrder>>): ResumeUrl {
	const first = orders[0];
	if (first === undefined || first.order.completion !== 'callback') return { kind: 'none' };
	const url = resumeUrlOf(context);
	if (url === undefined)
		return {
			kind: 'problem',
			problem: 'This n8n gives no resume URL. Set Completion to Wait for Completion or Return Job ID.',
		};
	const isLocal = [first.order.first, first.order.second].every(
		(candidate) => candidate === undefined || candidate.api.isLocal,
	);
	const problem = urlProblem(url, { providerIsLocal: isLocal });
	if (problem === undefined) return { kind: 'url', url: ownResumeUrl(url, ITEM_PARAMETER, String(first.itemIndex)) };
	return {
		kind: 'problem',
		problem: `The provider cannot call this n8n back: its resume URL ${problem} Nothing was submitted. Set n8n's environment variable WEBHOOK_URL to the public address of this n8n, or set Completion to Wait for Completion or Return Job ID.`,
	};
}

/** One job of the run as last seen, and until when it is waited for. */
interface Seen {
	readonly itemIndex: number;
	readonly item: ParkedItem;
	readonly deadlineMs: number;
}

/**
 * After the submits of a `callback` run: looks once at every job, as one that has ended already will not call back once
 * the execution is parked; then parks, if any goes on. Returns what n8n shows meanwhile; undefined if nothing parked, as
 * after Stop.
 */
export async function parkRun(
	session: Session,
	ends: ItemEnd[],
	orders: ReadonlyArray<Placed<GenerateOrder>>,
): Promise<INodeExecutionData[] | undefined> {
	const { context, clock } = session;
	if (orders[0]?.order.completion !== 'callback') return undefined;
	await followOrphans(session, ends, orders);
	if (session.stop.requested) return undefined;
	const looks = await Promise.all(orders.map(async (placed) => await lookAt(session, ends, placed)));
	if (session.stop.requested) return undefined;
	const seen = looks.filter((look) => look !== undefined);
	const items = ends.map(
		(end): ParkedItem => ({ kind: 'settled', json: end.kind === 'item' ? end.json : errorJson(end.error) }),
	);
	for (const { itemIndex, item } of seen) items[itemIndex] = item;
	const running = seen.filter(({ item }) => isRunning(item));
	if (running.length === 0) {
		await finishAll(session, ends, items);
		return undefined;
	}
	const parked: Parked = { parkedMs: clock.now(), items };
	context.getContext('node').parked = parked;
	const until = new Date(Math.max(...running.map(({ deadlineMs }) => deadlineMs)));
	return await park(context, items.map(missedJson), until);
}

/** Whether there is still something to wait for: a settled item has no job, or is an error. */
export function isRunning(item: ParkedItem): boolean {
	return item.kind === 'job' && !hasEnded(item.job);
}

/**
 * A `callback` run that is stopped before it parks leaves no job behind; once parked, Stop tells the node nothing. What
 * `wait` follows is cancelled by each item, and what it does not follow is meant to go on.
 */
export async function cancelStopped(
	session: Session,
	ends: ItemEnd[],
	orders: ReadonlyArray<Placed<GenerateOrder>>,
): Promise<void> {
	if (orders[0]?.order.completion !== 'callback') return;
	await Promise.all(
		orders.map(async (placed) => {
			const { itemIndex, order } = placed;
			const known = knownOf(session, placed);
			if (known.kind !== 'follow') return;
			const { api } = candidateOf(order, known.handle.provider);
			ends[itemIndex] = await stoppedItem(session, api, known.handle, order.rules);
		}),
	);
}

/** Jobs of an execution that was retried call that one, not this: they are followed here, before the others are looked at. */
async function followOrphans(
	session: Session,
	ends: ItemEnd[],
	orders: ReadonlyArray<Placed<GenerateOrder>>,
): Promise<void> {
	const { context, ledger, poller } = session;
	const follows = orders.map(async (placed) => {
		const { itemIndex, order } = placed;
		const known = knownOf(session, placed);
		if (known.kind !== 'follow' || known.entry.executionId === context.getExecutionId()) return;
		const { entry, handle } = known;
		const { api, request } = candidateOf(order, handle.provider);
		const { submittedMs } = entry;
		const end = await poller.poll({
			handle,
			submittedMs,
			deadlineMs: deadlineOf(order, entry),
			...present({ longestPauseMs: api.provider.longestPollPauseMs?.(request) }),
			pollNow: true,
		});
		if (end.kind !== 'ended') return;
		ledger.seen(entry, end.job);
		// A failed one that may be tried again is a new job to the ledger: nothing else would say what became of it.
		ends[itemIndex] = { kind: 'item', json: jobJson(end.job, { ...extrasOf(entry), withRaw: order.wish.withRaw }) };
	});
	await Promise.all(follows);
}

/** Undefined for an item that has no job, or none any more: its end says so. */
async function lookAt(session: Session, ends: ItemEnd[], placed: Placed<GenerateOrder>): Promise<Seen | undefined> {
	const { itemIndex, order } = placed;
	const known = knownOf(session, placed);
	if (known.kind !== 'follow' && known.kind !== 'reuse') return undefined;
	const { entry } = known;
	const truth: JobOrFailure =
		known.kind === 'reuse' ? { kind: 'job', job: known.job } : await currentTruth(session, order, known);
	if (truth.kind === 'refused') {
		const about = { provider: entry.provider, ...present({ handle: entry.handle }) };
		ends[itemIndex] = { kind: 'error', error: failureError(truth.failure, about) };
		return undefined;
	}
	const { job } = truth;
	session.ledger.seen(entry, job);
	const item = { kind: 'job', job: keptOf(job, order.wish), extras: extrasOf(entry), wish: order.wish } as const;
	return { itemIndex, item, deadlineMs: deadlineOf(order, entry) };
}

/** What one look says; only a job that is gone is refused: whatever else keeps it from being seen may pass. */
async function currentTruth(
	session: Session,
	order: GenerateOrder,
	{ entry, handle }: Extract<Resolution, { kind: 'follow' }>,
): Promise<JobOrFailure> {
	const { api } = candidateOf(order, handle.provider);
	const truth = await getStatus(api.provider, handle, { ...session.portsOf(api), stop: session.stop });
	if (truth.kind === 'job' || truth.failure.code === 'job_not_found') return truth;
	return { kind: 'job', job: entry.job ?? { handle, status: 'pending', raw: null } };
}

/** The job without the provider's reply, which may be large, where that is not to come out. */
export function keptOf(job: Job, wish: OutputWish): Job {
	return wish.withRaw ? job : { ...job, raw: null };
}

async function finishAll(session: Session, ends: ItemEnd[], items: readonly ParkedItem[]): Promise<void> {
	const finished = items.map(async (item, itemIndex) => {
		if (item.kind === 'job') ends[itemIndex] = await itemOf(session, item.job, item.wish, item.extras);
	});
	await Promise.all(finished);
}

const NOT_DOWNLOADED =
	'The video was not downloaded, as no callback came before the Timeout. The Download operation fetches it by its link';

/**
 * What an item is if no callback comes until the deadline: the job as last seen, ready for the Wait operation, or, where
 * it had its video before others of the run, for Download.
 */
function missedJson(item: ParkedItem): JsonObject {
	if (item.kind === 'settled') return item.json;
	const { job, extras, wish } = item;
	const all = { ...extras, withRaw: wish.withRaw };
	if (!hasEnded(job)) return jobJson(job, { ...all, timedOut: true });
	const lacksVideo = job.status === 'completed' && wish.download;
	return jobJson(job, lacksVideo ? { ...all, downloadFailure: NOT_DOWNLOADED } : all);
}

function isParkedItem(value: unknown): value is ParkedItem {
	const item = asObject(value);
	if (item?.kind === 'settled') return isJsonObject(item.json);
	const job = asObject(item?.job);
	const handle = asObject(job?.handle);
	const isHandle = findProvider(handle?.provider) !== undefined && asJobId(handle?.jobId) !== undefined;
	return (
		item?.kind === 'job' && isHandle && typeof job?.status === 'string' && [item.extras, item.wish].every(isJsonObject)
	);
}

/** The stored record of a parked run, or undefined if this execution has none. */
export function readParked(value: unknown): Parked | undefined {
	const parked = asObject(value);
	const parkedMs = asNumber(parked?.parkedMs);
	if (parkedMs === undefined || !Array.isArray(parked?.items) || !parked.items.every(isParkedItem)) return undefined;
	return { parkedMs, items: parked.items };
}
