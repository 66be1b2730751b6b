import { hasEnded, type Job } from '../../core/job';
import { asObject, isJson, type JsonObject } from '../../core/json';
import { errorJson, jobJson, type Extras } from '../../core/output';
import { urlProblem } from '../../core/publicUrl';
import { park, resumeUrlOf, withQuery } from '../../transport/resume';
import { itemOf, type OutputWish } from './finish';
import type { GenerateOrder } from './generate.order';
import type { ItemEnd, Placed } from './operation';
import type { Session } from './session';

/** The query parameter of the resume URL that says which item a callback is about, whatever its body says. */
export const ITEM_PARAMETER = 'klingItem';

/** One parked item, as `webhook()` will need it: nothing of the parameters can be read there any more. */
export type ParkedItem =
	| { readonly kind: 'job'; readonly job: Job; readonly extras: Extras; readonly wish: OutputWish }
	| { readonly kind: 'settled'; readonly json: JsonObject };

/** What the node's context holds while its execution is parked. */
export interface Parked {
	readonly items: readonly ParkedItem[];
	readonly timeoutSeconds: number;
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
	if (url === undefined) return { kind: 'problem', problem: 'This n8n gives no resume URL. Set Completion to Wait for Completion or Return Job ID.' };
	const isLocal = [first.order.first, first.order.second].every((candidate) => candidate === undefined || candidate.api.isLocal);
	const problem = urlProblem(url, { providerIsLocal: isLocal });
	if (problem === undefined) return { kind: 'url', url: withQuery(url, ITEM_PARAMETER, String(first.itemIndex)) };
	return {
		kind: 'problem',
		problem: `The provider cannot call this n8n back: its resume URL ${problem} Nothing was submitted. Set n8n's environment variable WEBHOOK_URL to the public address of this n8n, or set Completion to Wait for Completion or Return Job ID.`,
	};
}

/**
 * After the submits of a `callback` run: looks once at every job, as one that has ended already will not call back once
 * the execution is parked; then parks, if any goes on. True if it parked.
 */
export async function parkRun(session: Session, ends: ItemEnd[], orders: ReadonlyArray<Placed<GenerateOrder>>): Promise<boolean> {
	const { context, clock, ledger } = session;
	const first = orders[0]?.order;
	if (first === undefined || first.completion !== 'callback') return false;
	const items = ends.map((end): ParkedItem => ({ kind: 'settled', json: end.kind === 'item' ? end.json : errorJson(end.error) }));
	let lastSubmitMs = 0;
	await Promise.all(
		orders.map(async ({ itemIndex, order }) => {
			const known = ledger.resolve(itemIndex, order.fingerprint);
			if (known.kind !== 'follow' && known.kind !== 'reuse') return;
			const { entry } = known;
			if (known.kind === 'follow') lastSubmitMs = Math.max(lastSubmitMs, entry.submittedMs);
			const job = known.kind === 'reuse' ? known.job : await lookNow(order, entry.job ?? { handle: known.handle, status: 'pending', raw: null });
			ledger.seen(entry, job);
			const { cost, fallbackFrom } = entry;
			const extras = { ...(cost === undefined ? {} : { cost }), ...(fallbackFrom === undefined ? {} : { fallbackFrom }) };
			items[itemIndex] = { kind: 'job', job, extras, wish: order.wish };
		}),
	);
	if (!items.some(isRunning)) {
		for (const [itemIndex, item] of items.entries()) {
			if (item.kind === 'job') ends[itemIndex] = await itemOf(session, item.job, item.wish, item.extras);
		}
		return false;
	}
	const parked: Parked = { items, timeoutSeconds: first.rules.timeoutSeconds };
	context.getContext('node').parked = parked;
	const until = new Date(Math.max(lastSubmitMs, clock.now()) + first.rules.timeoutSeconds * 1000);
	await park(context, items.map(missedJson), until);
	return true;
}

export function isRunning(item: ParkedItem): boolean {
	return item.kind === 'job' && !hasEnded(item.job);
}

async function lookNow(order: GenerateOrder, job: Job): Promise<Job> {
	const candidate = order.second?.request.provider === job.handle.provider ? order.second : order.first;
	const seen = await candidate.api.look(job.handle);
	return seen.kind === 'job' ? seen.job : job;
}

/** What an item is if no callback comes until the deadline: the job as last seen, ready for the Wait operation. */
function missedJson(item: ParkedItem): JsonObject {
	if (item.kind === 'settled') return item.json;
	const { job, extras, wish } = item;
	return jobJson(job, { ...extras, withRaw: wish.withRaw, ...(hasEnded(job) ? {} : { timedOut: true }) });
}

/** The stored record of a parked run, or undefined if this execution has none. It is our own JSON. */
export function readParked(value: unknown): Parked | undefined {
	const parked = asObject(value);
	if (parked === undefined || !Array.isArray(parked.items) || !isJson(parked)) return undefined;
	const isItem = (item: unknown) => ['job', 'settled'].includes(String(asObject(item)?.kind));
	// The guards above tell our own record from anything else that could be there.
	return parked.items.every(isItem) ? (parked as unknown as Parked) : undefined;
}
