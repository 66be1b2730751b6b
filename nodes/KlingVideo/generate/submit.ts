import {
	stoppedBefore,
	submitOnce,
	unclearFailure,
	type SubmitFailure,
	type SubmitResult,
} from '../../core/calls/submit';
import { refusal } from '../../core/failure';
import type { Job, ProviderName } from '../../core/job';
import { present } from '../../core/json';
import type { LedgerEntry, PaidJob } from '../../core/money/ledger';
import { estimateCost } from '../../core/models/price';
import { countedAmount, limitProblem } from '../../core/money/limits';
import { failureError, type Extras, type ItemError } from '../../core/output';
import { invalidItem, refusedItem, withEarlierJob } from '../run/errors';
import type { ErrorResult, Result } from '../run/items';
import { waitForEnd } from '../run/poll';
import type { Run } from '../run/run';
import type { GenerateItem, PreparedRequest, Settings } from './check';
import { dryRunItem } from './dryRun';
import { endedProblems } from './links';
import { deliverPictures } from './pictures';

/*
 * How a retry is kept from paying twice. `ifLedgerAllows` asks the ledger (core/money/ledger.ts) about each item: one that
 * has a job keeps that job, and one whose submit was never answered is an error. Only an item without either, or whose job
 * failed and may be made again, or was cancelled by our own Stop, is submitted.
 * `submitTo` opens the item's entry in the ledger before the call is sent. The ledger is in n8n's node context (run/run.ts),
 * which n8n gives to all tries of an execution and to Executions > Retry.
 * The call itself is repeated only where `surelyMadeNoJob` (core/calls/retry.ts) says so.
 */

/** A busy provider is asked again for this long at most, and not longer than a short Timeout. */
const MAX_PATIENCE_MS = 300_000;

/** Gives the job of an item: that of an earlier try, or else a new one, if the ledger allows it. Nothing else submits. */
export async function takeUpOrSubmit(run: Run, settings: Settings, item: GenerateItem): Promise<PaidJob | Result> {
	if (item.dryRun) return await dryRunItem(run, settings, item);
	return await ifLedgerAllows(run, item, async () => await submitItem(run, settings, item));
}

/**
 * Submits an item if the ledger allows it. An agent may make equal calls at the same time, so the ledger is asked right
 * before each submit, also before that to the second provider: nothing is awaited between its answer and `ledger.open`.
 */
async function ifLedgerAllows(
	run: Run,
	item: GenerateItem,
	submit: () => Promise<PaidJob | ErrorResult>,
): Promise<PaidJob | ErrorResult> {
	let known = run.ledger.find(item.itemIndex, item.fingerprints);
	while (known.kind === 'unclear') {
		// Only an agent's equal call can be under way here: it is waited for, and the ledger is asked again.
		const answered = run.ledger.whenAnswered(known.entry);
		if (answered === undefined) return unclearSubmitError(known.entry, item);
		await answered;
		known = run.ledger.find(item.itemIndex, item.fingerprints);
	}
	return known.kind === 'maySubmit' ? await submit() : known;
}

/** The item's request to the provider that has its job. */
export function requestTo({ first, second }: GenerateItem, provider: ProviderName): PreparedRequest {
	return second?.request.provider === provider ? second : first;
}

function unclearSubmitError({ failure, provider }: LedgerEntry, item: GenerateItem): ErrorResult {
	const { api, request } = requestTo(item, provider);
	const unclear = failure ?? unclearFailure(api.provider, 'the execution ended while it was being submitted');
	return { kind: 'error', error: failureError(unclear, { provider, model: request.model }) };
}

/**
 * Pays for one video, by the first provider. The second one is tried only if the first certainly made no job, and the
 * user's choice and limits allow it.
 */
async function submitItem(run: Run, settings: Settings, item: GenerateItem): Promise<PaidJob | ErrorResult> {
	const { first, second } = item;
	const overLimit = agentLimitProblem(run, settings, item);
	if (overLimit !== undefined) {
		return { kind: 'error', error: refusedItem(refusal(overLimit, 'limit_reached', true)) };
	}
	// It may have waited long for its turn.
	const ended = endedProblems(run, item);
	if (ended.length > 0) return { kind: 'error', error: invalidItem(ended, run.ledger.latest(item.itemIndex)) };
	const submitted = await submitTo(run, item, first);
	if (submitted.kind === 'job') return submitted;
	const { failure, mayFallBack } = submitted;
	if (second === undefined || !mayFallBack || !allowsFallback(run, settings, second)) {
		return { kind: 'error', error: submitError(run, item, submitted, first) };
	}
	return await ifLedgerAllows(run, item, async () => await submitToSecond(run, item, second, failure.message));
}

/** @param reason why the first provider made no job */
async function submitToSecond(
	run: Run,
	item: GenerateItem,
	second: PreparedRequest,
	reason: string,
): Promise<PaidJob | ErrorResult> {
	const { api, request } = item.first;
	run.context.logger.info(`Item ${item.itemIndex}: ${reason}; trying ${second.api.provider.label} instead`);
	const submitted = await submitTo(run, item, second, { provider: request.provider, reason });
	if (submitted.kind === 'job') return submitted;
	const error = submitError(run, item, submitted, second);
	const message = `${error.message} (before that, ${api.provider.label} was tried: ${reason})`;
	return { kind: 'error', error: { ...error, message } };
}

/** An agent's calls may go on at the same time, and another may have paid since this one was checked. */
function agentLimitProblem(
	{ isAgentCall, ledger }: Run,
	{ limits }: Settings,
	{ itemIndex, first }: GenerateItem,
): string | undefined {
	return isAgentCall ? limitProblem([{ itemIndex, request: first.request }], ledger.spent(), limits) : undefined;
}

function submitError(
	{ ledger }: Run,
	{ itemIndex }: GenerateItem,
	{ failure, advice }: SubmitFailure,
	{ request }: PreparedRequest,
): ItemError {
	const error = failureError(failure, { provider: request.provider, model: request.model, ...present({ advice }) });
	// An unclear submit is in the ledger itself. Any other has left it, and what is there is the job of an earlier try.
	return failure.code === 'submit_unknown' ? error : withEarlierJob(error, ledger.latest(itemIndex));
}

/** The second provider has a limit of its own, in its own unit; what it was paid in this execution counts. */
function allowsFallback({ ledger }: Run, settings: Settings, { request }: PreparedRequest): boolean {
	if (!settings.mayFallBack) return false;
	if (settings.fallbackMaxCost === undefined) return true;
	const cost = estimateCost(request);
	if (cost === undefined) return false;
	return ledger.spent().amounts[cost.least.unit] + countedAmount(cost) <= settings.fallbackMaxCost + 1e-9;
}

/**
 * Submits to one provider and notes at once what became of it: in the ledger, and in n8n's log. Only the log survives a
 * crash.
 */
async function submitTo(
	run: Run,
	item: GenerateItem,
	prepared: PreparedRequest,
	fallbackFrom?: LedgerEntry['fallbackFrom'],
): Promise<PaidJob | SubmitFailure> {
	const { ledger, clock, context } = run;
	const { itemIndex, output } = item;
	const { provider } = prepared.api;
	if (run.stop.requested) return stoppedBefore(provider);
	const estimate = estimateCost(prepared.request);
	// No `await` between the ledger's answer and here: see `ifLedgerAllows`.
	const entry = ledger.open(
		{
			itemIndex,
			fingerprint: prepared.fingerprint,
			provider: provider.name,
			keepsRaw: output.raw,
			...present({ cost: estimate?.least, mostAmount: estimate?.most, fallbackFrom }),
		},
		clock.now(),
	);
	const result = await deliverAndSubmit(run, item, prepared);
	if (result.kind === 'job') {
		const { jobId } = result.job.handle;
		const { model } = prepared.request;
		ledger.noteSubmitted(entry, result.job, clock.now());
		const facts = { jobId, provider: provider.name, model };
		context.logger.info(
			`Kling video job ${jobId} of ${model} submitted to ${provider.name} for item ${itemIndex}`,
			facts,
		);
		return { kind: 'job', entry, job: result.job };
	}
	const { failure } = result;
	if (failure.code === 'submit_unknown') {
		ledger.noteUnclear(entry, failure);
		context.logger.warn(`Item ${itemIndex}: ${failure.message}`);
	} else ledger.noteRefused(entry);
	return result;
}

async function deliverAndSubmit(run: Run, item: GenerateItem, prepared: PreparedRequest): Promise<SubmitResult> {
	const delivered = await deliverPictures(run, item, prepared);
	if (delivered.kind === 'failed') return delivered;
	const { api, request, callbackUrl } = prepared;
	const whole = { ...request, input: { ...request.input, ...delivered.input } };
	const patienceMs = Math.min(item.wait.timeoutSeconds * 1000, MAX_PATIENCE_MS);
	const ports = { clock: run.clock, random: run.random, stop: run.stop, send: api.send };
	return await submitOnce(api.provider, whole, { patienceMs, ...present({ webhookUrl: callbackUrl }) }, ports);
}

/** Polls an item's job to its end. A job of an earlier try is asked for at once. */
export async function followJob(run: Run, item: GenerateItem, { entry, job }: PaidJob): Promise<PaidJob | Result> {
	const { handle } = job;
	const { api, request } = requestTo(item, handle.provider);
	const { wait, output } = item;
	const ended = await waitForEnd(
		run,
		{ api, handle, wait, output, extras: extrasOf(entry) },
		{
			deadlineMs: deadlineOf(item, entry),
			lastSeen: job,
			submittedMs: entry.submittedMs,
			pollNow: item.known.kind === 'job',
			...present({ longestPauseMs: api.provider.longestPollPauseMs?.(request) }),
		},
	);
	return ended.kind === 'job' ? noteSeen(run, entry, ended.job) : ended;
}

/** Notes in the ledger what a job is now. */
export function noteSeen({ ledger }: Run, entry: LedgerEntry, job: Job): PaidJob {
	ledger.noteSeen(entry, job);
	return { kind: 'job', entry, job };
}

/** Until when an item's job is waited for, counted from its own submit or from when it was taken over. */
export function deadlineOf({ wait }: GenerateItem, { submittedMs, takenOverMs }: LedgerEntry): number {
	return (takenOverMs ?? submittedMs) + wait.timeoutSeconds * 1000;
}

/** What the ledger says of an item beside its job. */
export function extrasOf({ cost, fallbackFrom }: LedgerEntry): Extras {
	return present({ cost, fallbackFrom });
}
