import { hasEnded, type Cost, type Failure, type Handle, type Job, type ProviderName } from '../job';
import { asNumber, asObject, asText, present } from '../json';

/**
 * One submit that this node made, or was about to make. `submitting` in a stored ledger means that the process went away
 * in between: like `unknown`, the job may exist.
 */
export interface LedgerEntry {
	readonly runIndex: number;
	readonly itemIndex: number;
	/** Of the execution that submitted it; the editor's Retry is another one. */
	readonly executionId?: string;
	/** Names the merged request. */
	readonly fingerprint: string;
	readonly provider: ProviderName;
	state: 'submitting' | 'unknown' | 'submitted';
	/** Time of the clock. */
	submittedMs: number;
	/** The estimate before the submit; absent where the price is unknown. */
	cost?: Cost;
	/** What limits count until the provider has said the cost, where a documented most is above the estimate. */
	readonly mostAmount?: number;
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

/** Entries whose submit is under way in this very process: their outcome is still to come. */
const underWay = new WeakSet<LedgerEntry>();

/** Whether the answer to the entry's submit is still to come, in this process. */
export function isUnderWay(entry: LedgerEntry): boolean {
	return underWay.has(entry);
}

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

/** Whether a job that ended without a video may be submitted again by a retry: never if it was charged for. */
function mayTryAgain(entry: LedgerEntry, job: Job): boolean {
	if (job.status === 'failed') return job.failure.retryable !== false && job.failure.charged !== 'yes';
	return job.status === 'cancelled' && entry.cancelledByStop === true;
}

function resolutionOf(entry: LedgerEntry): Resolution {
	const { handle, job } = entry;
	if (handle === undefined) return { kind: 'unknown', entry };
	if (job === undefined || !hasEnded(job)) return { kind: 'follow', entry, handle };
	return mayTryAgain(entry, job) ? { kind: 'submit' } : { kind: 'reuse', entry, job };
}

/** What a limit counts of an entry: nothing if the job failed uncharged, what was reported, or the estimate at its most. */
function costOf({ job, cost, mostAmount }: LedgerEntry): Cost | undefined {
	if (job?.status === 'failed' && job.failure.charged === 'no') return undefined;
	return job?.cost ?? (cost && { ...cost, amount: mostAmount ?? cost.amount });
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
		/** Absent where equal requests are told apart by nothing else, as an agent's are. */
		private readonly executionId?: string,
	) {
		this.entries = entriesOf(store);
	}

	/** What is already known of this item of this run; `fingerprints` are of the requests that may be sent for it. */
	resolve(itemIndex: number, fingerprints: readonly string[]): Resolution {
		const known = this.entries.filter((entry) => this.isOf(entry, itemIndex, fingerprints)).map(resolutionOf);
		return known.find(({ kind }) => kind !== 'submit') ?? { kind: 'submit' };
	}

	/** The latest job of this item of this run, whatever its request was. */
	receipt(itemIndex: number): Job | undefined {
		const isReceipt = (entry: LedgerEntry) => entry.runIndex === this.runIndex && entry.itemIndex === itemIndex;
		return this.entries
			.filter(isReceipt)
			.flatMap(({ job }) => job ?? [])
			.at(-1);
	}

	/**
	 * Whether an entry is the item's, and still stands. Within one execution its request can differ only by an expression
	 * with the time or chance in it, which each try reads anew; in a later one a changed request is a new job.
	 */
	private isOf(entry: LedgerEntry, itemIndex: number, fingerprints: readonly string[]): boolean {
		if (entry.replaced === true || entry.runIndex !== this.runIndex || entry.itemIndex !== itemIndex) return false;
		const isThisExecution = this.executionId !== undefined && entry.executionId === this.executionId;
		return isThisExecution || fingerprints.includes(entry.fingerprint);
	}

	/** To be called before the submit is sent. Takes the place of an earlier try of the same item. */
	open(
		place: Pick<
			LedgerEntry,
			'itemIndex' | 'fingerprint' | 'provider' | 'cost' | 'mostAmount' | 'fallbackFrom' | 'withRaw'
		>,
		nowMs: number,
	): LedgerEntry {
		for (const earlier of this.entries) {
			if (this.isOf(earlier, place.itemIndex, [place.fingerprint])) earlier.replaced = true;
		}
		const entry: LedgerEntry = {
			...place,
			...present({ executionId: this.executionId }),
			runIndex: this.runIndex,
			state: 'submitting',
			submittedMs: nowMs,
		};
		underWay.add(entry);
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
		underWay.delete(entry);
		Object.assign(entry, { state: 'submitted', submittedMs });
		this.seen(entry, job);
	}

	/** The submit surely created nothing: it never happened. */
	refused(entry: LedgerEntry): void {
		underWay.delete(entry);
		this.entries.splice(this.entries.indexOf(entry), 1);
	}

	unknown(entry: LedgerEntry, failure: Failure): void {
		underWay.delete(entry);
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
