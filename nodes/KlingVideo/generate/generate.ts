import type { ItemEnd, Operation, Placed } from '../run/operation';
import { failureError, jobJson } from '../../core/output';
import { hasEnded, type Job } from '../../core/job';
import { present } from '../../core/json';
import { isUnderWay, type LedgerEntry, type Resolution } from '../../core/money/ledger';
import { limitProblem } from '../../core/money/limits';
import { dryRunItem } from './dryRun';
import { itemOf } from '../../kling/item';
import { followedItem, waitedItem } from '../run/finish';
import { candidateOf, checkGenerate, deadlineOf, extrasOf, knownOf, type GenerateOrder } from './check';
import { readRunSettings, type RunSettings } from './settings';
import { submitOrder } from './submit';
import { cancelStopped, parkRun, resumeUrlFor } from './pause';
import type { Session } from '../run/session';

/** How often an equal submit that is under way is looked at. */
const UNDER_WAY_MS = 250;

/** The settings of a run are read once, however many items there are. */
const settingsOf = new WeakMap<Session, RunSettings>();

function settings(session: Session): RunSettings {
	const known = settingsOf.get(session) ?? readRunSettings(session);
	settingsOf.set(session, known);
	return known;
}

/** Nothing is submitted if the run's own options, its limits or its way back to n8n are wrong. */
function refuseRun(session: Session, orders: ReadonlyArray<Placed<GenerateOrder>>): string | undefined {
	const { problems, limits } = settings(session);
	if (problems.length > 0) return problems.map(({ field, message }) => `${field} ${message}`).join(' ');
	const fresh = orders.filter((placed) => isNew(session, placed));
	const paid = fresh.filter(({ order }) => !order.dryRun);
	// A dry run shows what a real one would be refused for; beside real items it costs nothing.
	const planned = (paid.length > 0 ? paid : fresh).map(({ itemIndex, order }) => ({
		itemIndex,
		request: order.first.request,
	}));
	const overLimit = limitProblem(planned, session.ledger.spent(), limits);
	if (overLimit !== undefined) return overLimit;
	const resume = resumeUrlFor(session, orders);
	return resume.kind === 'problem' ? resume.problem : undefined;
}

function isNew(session: Session, placed: Placed<GenerateOrder>): boolean {
	return knownOf(session, placed).kind === 'submit';
}

/** What is known of an item; where an equal call of an agent is being submitted right now, once its outcome is known. */
async function settledOf(session: Session, placed: Placed<GenerateOrder>): Promise<Resolution> {
	for (;;) {
		const known = knownOf(session, placed);
		if (known.kind !== 'unknown' || !isUnderWay(known.entry)) return known;
		await session.clock.sleep(UNDER_WAY_MS);
	}
}

async function run(session: Session, placed: Placed<GenerateOrder>): Promise<ItemEnd> {
	const { order } = placed;
	if (order.dryRun) return await dryRunItem(session, placed);
	const known = await settledOf(session, placed);
	switch (known.kind) {
		case 'unknown':
			return unknownItem(known.entry, order);
		case 'reuse':
			return await finished(session, order, known.entry, known.job);
		case 'follow': {
			const { entry, handle } = known;
			const job = entry.job ?? { handle, status: 'pending', raw: null };
			const end = await settings(session).limit(async () => await going(session, order, entry, job, true));
			return await end();
		}
		case 'submit':
			return await submitAndGo(session, placed);
	}
}

/** The slot is free again when the job has ended; its video is fetched outside of it. */
async function submitAndGo(session: Session, placed: Placed<GenerateOrder>): Promise<ItemEnd> {
	const { limit } = settings(session);
	const resume = resumeUrlFor(session, [placed]);
	const webhookUrl = resume.kind === 'url' ? resume.url : placed.order.callbackUrl;
	const end = await limit(async () => {
		// An equal call of an agent may have been first.
		if (!isNew(session, placed)) return async () => await run(session, placed);
		const submitted = await submitOrder(session, settings(session), placed, webhookUrl);
		if (submitted.kind === 'error') return async (): Promise<ItemEnd> => submitted;
		return await going(session, placed.order, submitted.entry, submitted.job, false);
	});
	return await end();
}

/** A job that exists: waited for or not, as the order says. Gives what is left to do outside the slot. */
async function going(
	session: Session,
	order: GenerateOrder,
	entry: LedgerEntry,
	job: Job,
	isKnown: boolean,
): Promise<() => Promise<ItemEnd>> {
	if (order.completion !== 'wait' || hasEnded(job)) return async () => await finished(session, order, entry, job);
	const { handle } = job;
	const { api, request } = candidateOf(order, handle.provider);
	const end = await session.poller.poll({
		handle,
		deadlineMs: deadlineOf(order, entry),
		...present({ longestPauseMs: api.provider.longestPollPauseMs?.(request) }),
		lastSeen: job,
		submittedMs: entry.submittedMs,
		pollNow: isKnown,
	});
	if (end.kind === 'ended') session.ledger.seen(entry, end.job);
	return async () =>
		await followedItem(session, api, end, {
			handle,
			lastSeen: job,
			rules: order.rules,
			wish: order.wish,
			extras: extrasOf(entry),
		});
}

/** With `wait`, an ended job is a video or an error; otherwise the job is data, whatever became of it. */
async function finished(session: Session, order: GenerateOrder, entry: LedgerEntry, job: Job): Promise<ItemEnd> {
	if (order.completion === 'wait') return await waitedItem(session, job, order.wish, extrasOf(entry));
	if (order.completion === 'callback')
		return await itemOf(session, job, { ...order.wish, download: false }, extrasOf(entry));
	const json = jobJson(job, { ...extrasOf(entry), withRaw: order.wish.withRaw });
	return { kind: 'item', json: { ...json, ...present({ note: noteFor(session, job) }) } };
}

/** Only a tool gets here although Pause Until Callback was chosen: the agent has to know that there is no video yet. */
function noteFor({ context }: Session, job: Job): string | undefined {
	if (hasEnded(job) || context.getNodeParameter('completion', 0, 'wait') !== 'callback') return undefined;
	return 'An AI tool cannot pause until the callback, so this job goes on by itself. Get its video by its jobId later, with the Wait or Get Status operation.';
}

function unknownItem({ failure, provider }: LedgerEntry, order: GenerateOrder): ItemEnd {
	const { api, request } = candidateOf(order, provider);
	const { label } = api.provider;
	const known = failure ?? {
		message: `It is not known whether ${label} accepted the job: the execution ended while it was being submitted`,
		code: 'submit_unknown',
		retryable: false,
		charged: 'unknown',
	};
	return { kind: 'error', error: failureError(known, { provider, model: request.model }) };
}

/** Makes a video for each item: see node-interface, operation `generate`. */
export const generate: Operation<GenerateOrder> = {
	check: checkGenerate,
	refuseRun,
	isNew,
	run,
	park: parkRun,
	stopped: cancelStopped,
};
