import { present } from '../../core/json';
import { estimateCost } from '../../core/models/price';
import { countedAmount, limitProblem } from '../../core/money/limits';
import type { Failure, Job } from '../../core/job';
import type { LedgerEntry } from '../../core/money/ledger';
import { failureError, type ItemError } from '../../core/output';
import { stoppedBefore, submitOnce, type SubmitEnd } from '../../core/calls/submit';
import { deliver } from './deliver';
import type { Candidate, GenerateOrder } from './check';
import type { RunSettings } from './settings';
import type { Placed } from '../run/operation';
import { refusedItem } from '../run/errors';
import type { Session } from '../run/session';
import { isToolInProcess } from '../../host/surroundings';

/** A paid job in the ledger, or why there is none. */
export type Submitted =
	| { readonly kind: 'entry'; readonly entry: LedgerEntry; readonly job: Job }
	| { readonly kind: 'error'; readonly error: ItemError };

/** A provider that is busy is asked again for so long at most; with a short Timeout, not longer than that. */
const MAX_PATIENCE_MS = 300_000;

/**
 * Pays for one video: by the first provider, or, where that surely made no job and the user's choice and limits allow
 * it, by the second.
 */
export async function submitOrder(
	session: Session,
	settings: RunSettings,
	placed: Placed<GenerateOrder>,
	webhookUrl: string | undefined,
): Promise<Submitted> {
	const { order, itemIndex } = placed;
	const { first, second } = order;
	const overLimit = limitSinceCheck(session, settings, placed);
	if (overLimit !== undefined) return { kind: 'error', error: refusedItem(overLimit) };
	const tried = await submitTo(session, placed, first, webhookUrl);
	if (tried.kind === 'started') return { kind: 'entry', entry: tried.entry, job: tried.job };
	const { failure, canFallBack } = tried;
	if (second === undefined || !canFallBack || !allowsFallback(session, settings, second)) {
		return { kind: 'error', error: submitError(tried, first) };
	}
	const fallbackFrom = { provider: first.request.provider, reason: failure.message };
	session.context.logger.info(`Item ${itemIndex}: ${failure.message}; trying ${second.api.provider.label} instead`);
	const triedSecond = await submitTo(session, placed, second, webhookUrl, fallbackFrom);
	if (triedSecond.kind === 'started') return { kind: 'entry', entry: triedSecond.entry, job: triedSecond.job };
	const error = submitError(triedSecond, second);
	const message = `${error.message} (before that, ${first.api.provider.label} was tried: ${failure.message})`;
	return { kind: 'error', error: { ...error, message } };
}

/**
 * An agent's calls may run at once, and another may have paid since this one was checked. Nothing may be awaited between
 * this and the opening of the entry.
 */
function limitSinceCheck(
	{ context, ledger }: Session,
	{ limits }: RunSettings,
	{ itemIndex, order }: Placed<GenerateOrder>,
): string | undefined {
	if (!isToolInProcess(context)) return undefined;
	return limitProblem([{ itemIndex, request: order.first.request }], ledger.spent(), limits);
}

function submitError({ failure, advice }: Extract<Tried, { kind: 'none' }>, { request }: Candidate): ItemError {
	return failureError(failure, { provider: request.provider, model: request.model, ...present({ advice }) });
}

/** The second provider has a cap of its own, in its own unit; what it has already been paid in this execution counts. */
function allowsFallback({ ledger }: Session, settings: RunSettings, { request }: Candidate): boolean {
	if (!settings.mayFallBack) return false;
	if (settings.fallbackMaxCost === undefined) return true;
	const cost = estimateCost(request);
	if (cost === undefined) return false;
	return ledger.spent().amounts[cost.least.unit] + countedAmount(cost) <= settings.fallbackMaxCost + 1e-9;
}

type Tried =
	| { readonly kind: 'started'; readonly entry: LedgerEntry; readonly job: Job }
	| { readonly kind: 'none'; readonly failure: Failure; readonly canFallBack: boolean; readonly advice?: string };

async function submitTo(
	session: Session,
	{ itemIndex, order }: Placed<GenerateOrder>,
	{ api, request, pictures, fingerprint }: Candidate,
	webhookUrl: string | undefined,
	fallbackFrom?: LedgerEntry['fallbackFrom'],
): Promise<Tried> {
	const { ledger, clock } = session;
	const { provider } = api;
	if (session.stop.requested) return { kind: 'none', failure: stoppedBefore(provider), canFallBack: false };
	const place = { itemIndex, fingerprint, provider: provider.name, withRaw: order.wish.withRaw };
	const estimate = estimateCost(request);
	// Before anything is awaited: the limits of the items beside this one count on it.
	const entry = ledger.open(
		{ ...place, ...present({ cost: estimate?.least, mostAmount: estimate?.most, fallbackFrom }) },
		clock.now(),
	);
	const delivered = await deliver(session, itemIndex, api, pictures);
	if (delivered.kind === 'failed') {
		ledger.refused(entry);
		const { failure, canFallBack, advice } = delivered;
		return { kind: 'none', failure, canFallBack, ...present({ advice }) };
	}
	const whole = { ...request, input: { ...request.input, ...delivered.input } };
	const patienceMs = Math.min(order.rules.timeoutSeconds * 1000, MAX_PATIENCE_MS);
	const ports = { clock, random: session.random, stop: session.stop, send: api.send };
	const end = await submitOnce(provider, whole, { patienceMs, ...present({ webhookUrl }) }, ports);
	return record(session, itemIndex, entry, end);
}

/** Writes down at once what became of a submit: in the ledger, and in the log, the receipt that survives a crash. */
function record({ ledger, clock, context }: Session, itemIndex: number, entry: LedgerEntry, end: SubmitEnd): Tried {
	if (end.kind === 'refused') {
		ledger.refused(entry);
		return { kind: 'none', failure: end.failure, canFallBack: end.canFallBack };
	}
	if (end.kind === 'unknown') {
		ledger.unknown(entry, end.failure);
		context.logger.warn(`Item ${itemIndex}: ${end.failure.message}`);
		return { kind: 'none', failure: end.failure, canFallBack: false };
	}
	const { job } = end;
	const { jobId, provider, model } = job.handle;
	ledger.submitted(entry, job, clock.now());
	context.logger.info(`Kling video job ${jobId} submitted to ${provider} for item ${itemIndex}`, {
		jobId,
		provider,
		model,
	});
	return { kind: 'started', entry, job };
}
