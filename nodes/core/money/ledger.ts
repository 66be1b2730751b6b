import { hasEnded, withoutRaw, type Cost, type Failure, type Handle, type Job, type ProviderName } from '../job';
import { asNumber, asObject, asText, present } from '../json';

/**
 * One submit that this node made, or was about to make. An entry without a handle is one whose outcome is not known: its
 * answer was lost, or the process went away in between. Such a job may exist.
 */
export interface LedgerEntry {
	/** Which run of the node within the execution, as in the turns of a loop. */
	readonly runIndex: number;
	readonly itemIndex: number;
	/** The execution that submitted it. The editor's Retry is another one. */
	readonly executionId?: string;
	/** A hash of the merged request and its pictures: equal ones are the same order. */
	readonly fingerprint: string;
	readonly provider: ProviderName;
	/** By this machine's clock. */
	submittedMs: number;
	/** The estimate before the submit; absent where the price is unknown. */
	readonly cost?: Cost;
	/** What limits count until the provider has said the cost, where a documented most is above the estimate. */
	readonly mostAmount?: number;
	handle?: Handle;
	/** As last seen, without the provider's reply unless `keepsRaw`: a reply may be large. */
	job?: Job;
	/** Whether the provider's reply is to come out, on a retry too. */
	readonly keepsRaw?: boolean;
	/** Why its outcome is not known. */
	failure?: Failure;
	readonly fallbackFrom?: { readonly provider: ProviderName; readonly reason: string };
	cancelledByStop?: true;
	/** When this execution took it over from an earlier manual run, which has paid for it. */
	readonly takenOverMs?: number;
	/** A later try of the same item took its place. */
	replaced?: true;
}

/** Where the ledger lives: an object that outlives tries, restarts and JSON, such as n8n's node context. */
export interface LedgerStore {
	ledger?: unknown;
}

/** What the ledger says of an item before anything is sent for it. */
export type Known =
	/** It has to be submitted: it never was, or it failed in a way that may pass and was not charged. */
	| { readonly kind: 'new' }
	| { readonly kind: 'running'; readonly entry: LedgerEntry; readonly job: Job }
	| { readonly kind: 'ended'; readonly entry: LedgerEntry; readonly job: Job }
	/** It was submitted, and nobody knows whether a job came of it: it is never submitted again. */
	| { readonly kind: 'unknown'; readonly entry: LedgerEntry };

/** What was submitted in an execution. */
export interface Spent {
	readonly jobs: number;
	readonly amounts: Readonly<Record<Cost['unit'], number>>;
}

/** Which run of the node writes into a ledger. */
export interface LedgerRun {
	readonly runIndex: number;
	/** Absent where equal requests are told apart by nothing else, as an agent's are. */
	readonly executionId?: string | undefined;
	/** The submits of this process whose answer is still to come. */
	readonly underWay: Map<LedgerEntry, Promise<void>>;
}

function isEntry(value: unknown): value is LedgerEntry {
	const entry = asObject(value);
	return (
		asText(entry?.fingerprint) !== undefined &&
		asNumber(entry?.itemIndex) !== undefined &&
		asNumber(entry?.submittedMs) !== undefined
	);
}

/** The store's one list: runs of a node that go on at the same time, as an agent's do, all write into it. */
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

function knownOf(entry: LedgerEntry): Known {
	const { handle, job } = entry;
	if (handle === undefined) return { kind: 'unknown', entry };
	if (job === undefined || !hasEnded(job)) {
		return { kind: 'running', entry, job: job ?? { handle, status: 'pending' } };
	}
	return mayTryAgain(entry, job) ? { kind: 'new' } : { kind: 'ended', entry, job };
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
	/** Says that an entry's answer has come. */
	private readonly settle = new Map<LedgerEntry, () => void>();

	constructor(
		store: LedgerStore,
		private readonly run: LedgerRun,
	) {
		this.entries = entriesOf(store);
	}

	/** What is known of this item of this run; `fingerprints` are of the requests that may be sent for it. */
	find(itemIndex: number, fingerprints: readonly string[]): Known {
		const known = this.entries.filter((entry) => this.isOf(entry, itemIndex, fingerprints)).map(knownOf);
		return known.find(({ kind }) => kind !== 'new') ?? { kind: 'new' };
	}

	/** A promise of when the answer to an entry's submit has come; undefined if this process waits for none. */
	answerOf(entry: LedgerEntry): Promise<void> | undefined {
		return this.run.underWay.get(entry);
	}

	/** The latest submit for this item of this run, whatever its request was. */
	latest(itemIndex: number): LedgerEntry | undefined {
		return this.entries.filter((entry) => entry.runIndex === this.run.runIndex && entry.itemIndex === itemIndex).at(-1);
	}

	/**
	 * Whether an entry is the item's and still stands. Within one execution its request can differ only by an expression
	 * with the time or chance in it, which each try reads anew. In a later execution a changed request is a new job.
	 */
	private isOf(entry: LedgerEntry, itemIndex: number, fingerprints: readonly string[]): boolean {
		const { runIndex, executionId } = this.run;
		if (entry.replaced === true || entry.runIndex !== runIndex || entry.itemIndex !== itemIndex) return false;
		const isThisExecution = executionId !== undefined && entry.executionId === executionId;
		return isThisExecution || fingerprints.includes(entry.fingerprint);
	}

	/** Opens an entry, before its submit is sent. It takes the place of an earlier try of the same item. */
	open(
		order: Pick<
			LedgerEntry,
			'itemIndex' | 'fingerprint' | 'provider' | 'cost' | 'mostAmount' | 'fallbackFrom' | 'keepsRaw'
		>,
		nowMs: number,
	): LedgerEntry {
		for (const earlier of this.entries) {
			if (this.isOf(earlier, order.itemIndex, [order.fingerprint])) earlier.replaced = true;
		}
		const { runIndex, executionId, underWay } = this.run;
		const entry: LedgerEntry = { ...order, ...present({ executionId }), runIndex, submittedMs: nowMs };
		underWay.set(entry, new Promise((resolve) => this.settle.set(entry, resolve)));
		this.entries.push(entry);
		return entry;
	}

	/**
	 * The job exists: its submit was answered now. The answer may have been held back (`/runsync`), so the job's own submit
	 * time counts where it lies between the opening and now; the provider's clock may be wrong.
	 */
	submitted(entry: LedgerEntry, job: Job, nowMs: number): void {
		const saidMs = Date.parse(job.handle.submittedAt ?? '');
		// A time in ISO 8601 has whole milliseconds; a clock may have parts of them.
		const isBelievable = saidMs >= Math.floor(entry.submittedMs) && saidMs <= nowMs;
		entry.submittedMs = isBelievable ? saidMs : nowMs;
		this.seen(entry, job);
		this.answered(entry);
	}

	/** Takes over a job that another execution has paid for, as the job of an item of this run. */
	takeOver(paid: LedgerEntry, job: Job, item: Pick<LedgerEntry, 'itemIndex' | 'keepsRaw'>, nowMs: number): Known {
		const { runIndex, executionId } = this.run;
		const entry: LedgerEntry = { ...paid, ...item, ...present({ executionId }), runIndex, takenOverMs: nowMs };
		this.seen(entry, job);
		this.entries.push(entry);
		return knownOf(entry);
	}

	/** How many jobs this run of the node took over. */
	countTakenOver(): number {
		const { runIndex } = this.run;
		return this.entries.filter((entry) => entry.takenOverMs !== undefined && entry.runIndex === runIndex).length;
	}

	/** The jobs of this execution that are worth taking over, of all turns of a loop: they run or are completed. */
	usableJobs(): ReadonlyArray<{ readonly entry: LedgerEntry; readonly job: Job }> {
		return this.entries.map(knownOf).flatMap((known) => {
			const isUsable = known.kind === 'running' || (known.kind === 'ended' && known.job.status === 'completed');
			return isUsable ? [{ entry: known.entry, job: known.job }] : [];
		});
	}

	/** The submit certainly created nothing: it is forgotten. */
	refused(entry: LedgerEntry): void {
		const index = this.entries.indexOf(entry);
		if (index !== -1) this.entries.splice(index, 1);
		this.answered(entry);
	}

	/** Nobody knows whether the submit created a job. */
	unknown(entry: LedgerEntry, failure: Failure): void {
		entry.failure = failure;
		this.answered(entry);
	}

	/** The job as a reply shows it. */
	seen(entry: LedgerEntry, job: Job): void {
		entry.job = entry.keepsRaw === true ? job : withoutRaw(job);
		entry.handle = job.handle;
	}

	/** What a job became after this node's own Stop; only a job that was cancelled so may be submitted again. */
	stopped(job: Job): void {
		const entry = this.entries.find(({ handle }) => handle?.jobId === job.handle.jobId);
		if (entry === undefined) return;
		this.seen(entry, job);
		if (job.status === 'cancelled') entry.cancelledByStop = true;
	}

	/**
	 * All jobs that this execution has paid for and what they cost as far as that is known. Unknown submits count; a job
	 * that was taken over was paid for by another execution.
	 */
	spent(): Spent {
		const amounts = { USD: 0, credits: 0 };
		const paid = this.entries.filter(({ takenOverMs }) => takenOverMs === undefined);
		for (const entry of paid) {
			const cost = costOf(entry);
			if (cost !== undefined) amounts[cost.unit] += cost.amount;
		}
		return { jobs: paid.length, amounts };
	}

	private answered(entry: LedgerEntry): void {
		this.run.underWay.delete(entry);
		this.settle.get(entry)?.();
		this.settle.delete(entry);
	}
}
