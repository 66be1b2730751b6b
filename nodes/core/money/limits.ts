import { toNumber } from '../fields';
import { itemsText } from '../items';
import type { Cost } from '../job';
import type { Spent } from './ledger';
import { estimateCost, type EstimatedCost } from '../models/price';
import type { VideoRequest } from '../providers/provider';

/** The user's limits on one execution. Amounts are in the provider's own unit. */
export interface Limits {
	readonly maxCost?: number;
	readonly maxJobs?: number;
}

/** A job that is about to be paid for. */
export interface Planned {
	readonly itemIndex: number;
	readonly request: VideoRequest;
}

/** The value as a limit: a finite number of 0 or more, or undefined. */
export function asLimit(value: unknown): number | undefined {
	const limit = toNumber(value);
	return limit !== undefined && limit >= 0 ? limit : undefined;
}

/** "0.45 USD", "1,125 credits": without the noise of binary fractions. */
export function amountText(amount: number, unit: Cost['unit']): string {
	return `${amount.toLocaleString('en-US', { maximumFractionDigits: 6 })} ${unit}`;
}

/** What a limit counts of an estimate: the documented most, or, where none is documented, the least. */
export function countedAmount({ least, most }: EstimatedCost): number {
	return most ?? least.amount;
}

const itemsOf = (planned: readonly Planned[]) => itemsText(planned.map(({ itemIndex }) => itemIndex));

function costProblem(planned: readonly Planned[], spent: Spent, maxCost: number): string | undefined {
	const costs = planned.flatMap(({ request }) => estimateCost(request) ?? []);
	const unknown = planned.filter(({ request }) => estimateCost(request) === undefined);
	const [first] = unknown;
	if (first !== undefined) {
		return `The price of "${first.request.model}" is not known, so Max Cost cannot be checked for the ${itemsOf(unknown)}. Nothing was submitted. Limit the run with Max Jobs instead, or remove Max Cost.`;
	}
	const unit = costs[0]?.least.unit;
	if (unit === undefined) return undefined;
	const run = costs.reduce((sum, cost) => sum + countedAmount(cost), 0);
	const before = spent.amounts[unit];
	// Sums of 0.45 are not exact in binary.
	if (before + run <= maxCost + 1e-9) return undefined;
	const { sign, note } = certaintyOf(costs);
	const beforeText =
		before > 0 ? ` on top of ${amountText(before, unit)} that this execution has already submitted` : '';
	return `This run would cost ${sign}${amountText(run, unit)} for the ${itemsOf(planned)}${beforeText}, but Max Cost is ${amountText(maxCost, unit)}. Nothing was submitted.${note} Raise Max Cost or send fewer items.`;
}

/** How sure the sum of some prices is. */
function certaintyOf(costs: readonly EstimatedCost[]): { readonly sign: string; readonly note: string } {
	if (costs.some(({ most }) => most === undefined)) {
		return { sign: 'at least ', note: ' Only a base price is documented, so the real cost may be higher.' };
	}
	if (costs.every(({ least, most }) => least.amount === most)) return { sign: '', note: '' };
	return { sign: 'up to ', note: ' Part of the price is known only afterwards, so the highest price is counted.' };
}

function jobsProblem(planned: readonly Planned[], spent: Spent, maxJobs: number): string | undefined {
	if (spent.jobs + planned.length <= maxJobs) return undefined;
	const before = spent.jobs > 0 ? ` on top of ${spent.jobs} that this execution has already submitted` : '';
	return `This run would submit ${planned.length} jobs (${itemsOf(planned)})${before}, but Max Jobs is ${maxJobs}. Nothing was submitted. Raise Max Jobs or send fewer items.`;
}

/** Why a run must not be submitted, or undefined. Nothing to submit is never too much. */
export function limitProblem(planned: readonly Planned[], spent: Spent, limits: Limits): string | undefined {
	if (planned.length === 0) return undefined;
	const overCost = limits.maxCost === undefined ? undefined : costProblem(planned, spent, limits.maxCost);
	return overCost ?? (limits.maxJobs === undefined ? undefined : jobsProblem(planned, spent, limits.maxJobs));
}
