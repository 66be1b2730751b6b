import { itemsText } from '../../core/items';
import type { Cost } from '../../core/job';
import { estimateCost } from '../../core/models/price';
import type { LedgerEntry } from '../../core/money/ledger';
import { amountText } from '../../core/money/limits';
import { providerOf } from '../../core/providers';
import { asHtml, isManualRun, isTool } from '../../host/context';
import type { Items, Result } from '../run/items';
import type { Run } from '../run/run';
import type { GenerateItem, Settings } from './check';

const TEST_URL =
	'Callback URL is a test URL (/webhook-test/), where n8n listens for two minutes only, and most jobs take longer. Publish the workflow with the trigger and use its production URL. While building, use Get Status and pinned data.';

const EXECUTE_STEP_KEEPS =
	'Correct the failed items and press Execute step or Execute workflow within an hour: finished videos are kept and not paid for again, unless n8n was restarted or is spread over several servers (queue mode)';

/** Writes into the log what may go wrong later, before anything is submitted. */
export function logWarnings({ context }: Run, { completion }: Settings, { toDo }: Items<GenerateItem>): void {
	if (toDo.some(hasTestUrl)) context.logger.warn(TEST_URL);
	const { executionTimeout = -1 } = context.getWorkflowSettings();
	const paid = toDo.filter(({ dryRun }) => !dryRun);
	const longestSeconds = Math.max(0, ...paid.map(({ wait }) => wait.timeoutSeconds));
	if (completion !== 'wait' || executionTimeout <= 0 || executionTimeout >= longestSeconds) return;
	context.logger.warn(
		`The timeout of this workflow (${executionTimeout} seconds, in its settings) is shorter than Timeout (${longestSeconds} seconds): n8n stops the execution then, and what was paid for may be lost. Raise the workflow's timeout, or set Completion to Pause Until Callback or Return Job ID.`,
	);
}

/**
 * Shows with the output what this run did that is not seen in an item, one line each, and gives the lines, as n8n keeps
 * hints only where `execute()` returns: an error has to say them itself. An agent is told nothing of it.
 */
export function showHints(run: Run, { toDo, results }: Items<GenerateItem>): readonly string[] {
	const { context, ledger } = run;
	if (isTool(context)) return [];
	const lines = [
		videosText(run, toDo, results),
		dryRunText(toDo),
		context.continueOnFail() ? errorsText(run, results) : undefined,
		...fallbackTexts(ledger.submittedNow()),
	].filter((line) => line !== undefined);
	context.addExecutionHints(...lines.map((line) => ({ message: asHtml(line), location: 'outputPane' as const })));
	if (!toDo.some(hasTestUrl)) return lines;
	context.addExecutionHints({ message: TEST_URL, type: 'warning', location: 'outputPane' });
	return [...lines, TEST_URL];
}

function hasTestUrl({ first, dryRun }: GenerateItem): boolean {
	return !dryRun && first.callbackUrl?.includes('/webhook-test/') === true;
}

/** What was paid for, what was used again, and what the next run in the editor pays for. */
function videosText(run: Run, toDo: readonly GenerateItem[], results: readonly Result[]): string | undefined {
	const takenUp = toDo.filter(
		({ known, dryRun }) => !dryRun && known.kind === 'job' && !run.ledger.tookOver(known.entry),
	);
	const texts = [
		submittedText(run.ledger.submittedNow()),
		usedAgainText(takenUp.length, 'try'),
		usedAgainText(run.ledger.countTakenOver(), run.context.getMode() === 'retry' ? 'retry' : 'run in the editor'),
	].filter((text) => text !== undefined);
	if (texts.length === 0) return undefined;
	return [...texts, nextRunText(run, results)].filter((text) => text !== undefined).join('. ');
}

/** "3 videos submitted, about 1.35 USD", or "made" where all of them are there. */
function submittedText(submitted: readonly LedgerEntry[]): string | undefined {
	if (submitted.length === 0) return undefined;
	const verb = submitted.every(({ job }) => job?.status === 'completed') ? 'made' : 'submitted';
	return `${countText(submitted.length)} ${verb}, ${costsText(submitted.map(costOf))}`;
}

/** "Dry Run: nothing was submitted or paid for. A real run makes 2 videos, at least 750 credits". */
function dryRunText(toDo: readonly GenerateItem[]): string | undefined {
	const dry = toDo.filter(({ dryRun }) => dryRun);
	if (dry.length === 0) return undefined;
	const costs = costsText(dry.map(({ first }) => estimateCost(first.request)?.least));
	return `Dry Run: nothing was submitted or paid for. A real run makes ${countText(dry.length)}, ${costs}`;
}

/** With On Error "Continue" the run is green whatever has become of its items, and their errors may stand elsewhere. */
function errorsText({ context, ledger }: Run, results: readonly Result[]): string | undefined {
	const itemCount = context.getInputData().length;
	const errors = results.flatMap((result, itemIndex) =>
		result.kind === 'error' ? [{ itemIndex, reason: result.error.message }] : [],
	);
	if (errors.length === 0) return undefined;
	const reasons = new Set(errors.map((error) => error.reason));
	const [reason = ''] = reasons;
	const wrong = itemsText(errors.map(({ itemIndex }) => itemIndex));
	const which = itemCount === 1 ? 'The item failed' : `${errors.length} of ${itemCount} items failed (${wrong})`;
	const failed = reasons.size === 1 ? `${which}: ${reason.replace(/\.$/, '')}` : which;
	return isManualRun(context) && ledger.usableJobs().length > 0 ? `${failed}. ${EXECUTE_STEP_KEEPS}` : failed;
}

/** What videos cost in all, where undefined is a price that is not known. */
function costsText(all: ReadonlyArray<Cost | undefined>): string {
	const costs = all.filter((cost) => cost !== undefined);
	const units = (['USD', 'credits'] as const).filter((unit) => costs.some((cost) => cost.unit === unit));
	const sums = units.map((unit) => sumText(costs.filter((cost) => cost.unit === unit)));
	const unknown = all.length - costs.length;
	if (unknown > 0) sums.push(costs.length === 0 ? 'price not known' : `the price of ${unknown} not known`);
	return sums.join(' and ');
}

/** A job that is known not to be charged costs nothing. */
function costOf({ job, cost }: LedgerEntry): Cost | undefined {
	const isFree = job?.status === 'failed' && job.failure.charged === 'no';
	return isFree && cost !== undefined ? { ...cost, amount: 0 } : (job?.cost ?? cost);
}

function sumText(costs: readonly Cost[]): string {
	const sum = costs.reduce((total, { amount }) => total + amount, 0);
	const text = amountText(sum, costs[0]?.unit ?? 'USD');
	if (costs.some(({ source }) => source === 'minimum')) return `at least ${text}`;
	return costs.every(({ source }) => source === 'reported') ? `${text}, as the provider reports` : `about ${text}`;
}

function countText(count: number): string {
	return count === 1 ? '1 video' : `${count} videos`;
}

/** "2 videos of an earlier try are used again and not paid for again". */
function usedAgainText(count: number, origin: string): string | undefined {
	if (count === 0) return undefined;
	return `${countText(count)} of an earlier ${origin} ${count === 1 ? 'is' : 'are'} used again and not paid for again`;
}

/** What another click in the editor costs. Only a run with errors leaves its videos to the next one. */
function nextRunText({ context }: Run, results: readonly Result[]): string | undefined {
	if (!isManualRun(context) || results.some(({ kind }) => kind === 'error')) return undefined;
	const itemCount = context.getInputData().length;
	const all = ['the video', 'both videos'][itemCount - 1] ?? `all ${itemCount} videos`;
	return `If you run this node once more, it makes ${all} anew, and you pay again`;
}

/** One line for each provider that had to take the place of another. */
function fallbackTexts(submitted: readonly LedgerEntry[]): string[] {
	const names = new Set(submitted.flatMap(({ fallbackFrom }) => fallbackFrom?.provider ?? []));
	return [...names].map((name) => {
		const replaced = submitted.filter(({ fallbackFrom }) => fallbackFrom?.provider === name);
		const [{ provider } = { provider: name }] = replaced;
		const reason = replaced[0]?.fallbackFrom?.reason ?? '';
		const took = `${countText(replaced.length)} went to ${providerOf(provider).label}`;
		return `${took}, as ${providerOf(name).label} definitely did not start the job: ${reason}`;
	});
}
