import type { ProviderName } from '../../nodes/core/job';
import type { CallName, When } from './types';

/** What a rule is matched against. */
export interface Occasion {
	readonly provider?: ProviderName;
	readonly call?: CallName;
	readonly jobNumber?: number;
	/** Since the emulator started, by its clock. */
	readonly atMs: number;
}

interface Entry<T> {
	readonly when: When;
	readonly then: T;
	readonly random: () => number;
	fitted: number;
	applied: number;
}

/** Mulberry32: a small seeded generator of numbers in [0, 1), so that bad luck can be repeated. */
function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

function fits({ provider, call, jobNumber, fromMs = 0, untilMs = Infinity }: When, occasion: Occasion): boolean {
	const calls: ReadonlyArray<CallName | undefined> = call === undefined || typeof call === 'string' ? [call] : call;
	return (
		(provider === undefined || provider === occasion.provider) &&
		(call === undefined || calls.includes(occasion.call)) &&
		(jobNumber === undefined || jobNumber === occasion.jobNumber) &&
		occasion.atMs >= fromMs &&
		occasion.atMs < untilMs
	);
}

/** Rules in order; the first that applies takes the occasion, and later ones do not see (or count) it. */
export class RuleBook<T> {
	private readonly entries: Array<Entry<T>> = [];
	/** What was taken, and by which occasion, in order. */
	readonly taken: Array<{ readonly occasion: Occasion; readonly then: T }> = [];

	add(when: When = {}, then: T): void {
		this.entries.push({ when, then, random: seededRandom(when.seed ?? 1), fitted: 0, applied: 0 });
	}

	take(occasion: Occasion): T | undefined {
		const then = this.entries.find((entry) => applies(entry, occasion))?.then;
		if (then !== undefined) this.taken.push({ occasion, then });
		return then;
	}

	clear(): void {
		this.entries.length = 0;
		this.taken.length = 0;
	}
}

function applies<T>(entry: Entry<T>, occasion: Occasion): boolean {
	const { skip = 0, everyNth = 1, first = Infinity, probability = 1 } = entry.when;
	if (entry.applied >= first || !fits(entry.when, occasion)) return false;
	entry.fitted += 1;
	const due = entry.fitted > skip && (entry.fitted - skip) % everyNth === 0 && entry.random() < probability;
	if (due) entry.applied += 1;
	return due;
}
