import { hasEnded, type Cost, type Failure, type Handle, type Job, type ProviderName } from './job';
import { asNumber, asObject, asText } from './json';

/**
 * One submit that this node made, or was about to make. `submitting` in a stored ledger means that the process went away
 * in between: like `unknown`, the job may exist.
 */
export interface LedgerEntry {
	readonly runIndex: number;
	readonly itemIndex: number;
	/** Names the merged request; a changed request is a new job. */
	readonly fingerprint: string;
	readonly provider: ProviderName;
	state: 'submitting' | 'unknown' | 'submitted';
	/** Time of the clock. */
	submittedMs: number;
	/** The estimate before the submit; absent where the price is unknown. */
	cost?: Cost;
	handle?: Handle;
	/** As last seen; without the provider's reply, which may be large, unless `withRaw`. */
	job?: Job;
	/** The reply is to come out, on a retry, too. */
	readonly withRaw?: boolean;
	failure?: Failure;
	fallbackFrom?: { provider: ProviderName; reason: string };
	cancelledByStop?: true;
	/** A later try of the same item took its place. */
	replaced?: true;
}

/** Where the ledger lives: an object that survives tries, restarts and JSON, such as n8n's node context. */
export interface LedgerStore {
	ledger?: unknown;
}

/** What to do for an item that may have been paid for already. */
export type Resolution =
	| { readonly kind: 'submit' }
	| { readonly kind: 'follow'; readonly entry: LedgerEntry; readonly handle: Handle }
	| { readonly kind: 'reuse'; readonly entry: LedgerEntry; readonly job: Job }
	| { readonly kind: 'unknown'; readonly entry: LedgerEntry };

export interface Spent {
	readonly jobs: number;
	readonly amounts: Readonly<Record<Cost['unit'], number>>;
}

function isEntry(value: unknown): value is LedgerEntry {
	const entry = asObject(value);
	return (
		asText(entry?.fingerprint) !== undefined &&
		asNumber(entry?.itemIndex) !== undefined &&
		asText(entry?.state) !== undefined
	);
}

/** The store's one list: runs of a node that go on at once, as an agent's do, all write into it. */
function entriesOf(store: LedgerStore): LedgerEntry[] {
	const { ledger } = store;
	if (Array.isArray(ledger) && ledger.every(isEntry)) return ledger;
	const entries = Array.isArray(ledger) ? ledger.filter(isEntry) : [];
	store.ledger = entries;
	return entries;
}

/** Whether a job that ended without a video may be paid for again by a retry. */
function mayTryAgain(entry: LedgerEntry, job: Job): boolean {
	if (job.status === 'failed') return job.failure.retryable !== false;
	return job.status === 'cancelled' && entry.cancelledByStop === true;
}

/** What an entry costs as far as it is known: nothing if the job failed uncharged, what was reported, or the estimate. */
function costOf({ job, cost }: LedgerEntry): Cost | undefined {
	if (job?.status === 'failed' && job.failure.charged === 'no') return undefined;
	return job?.cost ?? cost;
}

/**
 * Every submit of one node in one execution, so that no retry pays twice. All its state is plain JSON in the store; each
 * change is written there at once.
 */
export class Ledger {
	private readonly entries: LedgerEntry[];

	constructor(
		store: LedgerStore,
		private readonly runIndex: number,
	) {
		this.entries = entriesOf(store);
	}

	/** What is already known of this item of this run with this very request. */
	resolve(itemIndex: number, fingerprint: string): Resolution {
		const entry = this.entries.find(
			(each) =>
				each.runIndex === this.runIndex &&
				each.itemIndex === itemIndex &&
				each.fingerprint === fingerprint &&
				each.replaced === undefined,
		);
		if (entry === undefined) return { kind: 'submit' };
		const { handle, job } = entry;
		if (handle === undefined) return { kind: 'unknown', entry };
		if (job === undefined || !hasEnded(job)) return { kind: 'follow', entry, handle };
		return mayTryAgain(entry, job) ? { kind: 'submit' } : { kind: 'reuse', entry, job };
	}

	/** To be called before the submit is sent. Takes the place of an earlier try of the same item. */
	open(
		place: Pick<LedgerEntry, 'itemIndex' | 'fingerprint' | 'provider' | 'cost' | 'fallbackFrom' | 'withRaw'>,
		nowMs: number,
	): LedgerEntry {
		for (const earlier of this.entries) {
			const isSame = earlier.runIndex === this.runIndex && earlier.itemIndex === place.itemIndex;
			if (isSame && earlier.fingerprint === place.fingerprint) earlier.replaced = true;
		}
		const entry: LedgerEntry = { ...place, runIndex: this.runIndex, state: 'submitting', submittedMs: nowMs };
		this.entries.push(entry);
		return entry;
	}

	/**
	 * The job exists, as its submit's answer of now says. The answer may have been held back (`/runsync`), so the job's own
	 * submit time counts where it lies between the opening and now; the provider's clock may be wrong.
	 */
	submitted(entry: LedgerEntry, job: Job, nowMs: number): void {
		const saidMs = Date.parse(job.handle.submittedAt ?? '');
		// A time in ISO 8601 has whole milliseconds; a clock may have parts of them.
		const submittedMs = saidMs >= Math.floor(entry.submittedMs) && saidMs <= nowMs ? saidMs : nowMs;
		Object.assign(entry, { state: 'submitted', submittedMs });
		this.seen(entry, job);
	}

	/** The submit surely created nothing: it never happened. */
	refused(entry: LedgerEntry): void {
		this.entries.splice(this.entries.indexOf(entry), 1);
	}

	unknown(entry: LedgerEntry, failure: Failure): void {
		Object.assign(entry, { state: 'unknown', failure });
	}

	seen(entry: LedgerEntry, job: Job): void {
		entry.job = entry.withRaw === true ? job : { ...job, raw: null };
		entry.handle = job.handle;
	}

	/** What a job became after this node's own Stop; only such a cancelled job may be submitted again. */
	stopped(job: Job): void {
		const entry = this.entries.find(({ handle }) => handle?.jobId === job.handle.jobId);
		if (entry === undefined) return;
		this.seen(entry, job);
		if (job.status === 'cancelled') entry.cancelledByStop = true;
	}

	/** Jobs of this execution, all runs, and what they cost as far as that is known. Unknown submits count. */
	spent(): Spent {
		const amounts = { USD: 0, credits: 0 };
		for (const entry of this.entries) {
			const cost = costOf(entry);
			if (cost !== undefined) amounts[cost.unit] += cost.amount;
		}
		return { jobs: this.entries.length, amounts };
	}
}
