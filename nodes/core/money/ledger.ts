import { hasEnded, withoutRaw, type Cost, type Failure, type Handle, type Job, type ProviderName } from '../job';
import { asNumber, asObject, asText, present } from '../json';

/**
 * One submit that this node made, or was about to make. An entry without a handle is one whose outcome is not known: its
 * answer was lost, or the execution ended before it came. A job may exist all the same.
 */
export interface LedgerEntry {
	/** Which turn of the node within the execution: in a loop there are many. n8n calls it the run index. */
	readonly runIndex: number;
	readonly itemIndex: number;
	/** The execution that submitted it. Executions > Retry is another one, which starts with the entries of the first. */
	readonly executionId?: string;
	/** A hash of the merged request and its pictures. */
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
	/** Only where n8n saves what a node wrote after Stop; as measured, it does not (docs/n8n.md#stop-and-timeouts). */
	cancelledByStop?: true;
	/** When its execution took it over from another one, which has paid for it. */
	readonly takenOverMs?: number;
}

/**
 * Where the ledger lives: n8n's node context. All tries of an execution share it, n8n saves it with the execution when that
 * ends or pauses, and Executions > Retry gets the saved one (docs/n8n.md#retry).
 */
export interface LedgerStore {
	ledger?: unknown;
	firstExecutionId?: unknown;
}

/** What the ledger says of an item before anything is sent for it. */
export type LedgerAnswer =
	/**
	 * It may be submitted: it never was, or its job failed, may succeed another time and is not known to be charged, or our
	 * own Stop cancelled it.
	 */
	| { readonly kind: 'maySubmit' }
	| PaidJob
	/**
	 * It was submitted, and nobody knows whether a job came of it. It is not submitted again, neither in this execution nor,
	 * unless the request is changed, by Executions > Retry.
	 */
	| { readonly kind: 'unclear'; readonly entry: LedgerEntry };

/** A job that was submitted, with its entry. It may still run, or have ended. */
export interface PaidJob {
	readonly kind: 'job';
	readonly entry: LedgerEntry;
	/** As last seen. */
	readonly job: Job;
}

/** What was submitted in an execution, and in the one that it retries. */
export interface Spent {
	readonly jobs: number;
	readonly amounts: Readonly<Record<Cost['unit'], number>>;
}

/** Which turn of the node writes into a ledger. */
export interface LedgerRun {
	readonly runIndex: number;
	/** Absent for the calls of an agent: there only the fingerprint says which calls are the same. */
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

/**
 * Whether a retry may pay for a new job after this failure. One that is not known to be charged counts as not charged, so
 * that a retry helps at all where a provider does not say it.
 */
export function maySubmitAgain({ retryable, charged }: Failure): boolean {
	return retryable !== false && charged !== 'yes';
}

function needsNewJob(entry: LedgerEntry, job: Job): boolean {
	if (job.status === 'failed') return maySubmitAgain(job.failure);
	return job.status === 'cancelled' && entry.cancelledByStop === true;
}

function answerOf(entry: LedgerEntry): LedgerAnswer {
	const { handle, job } = entry;
	if (handle === undefined) return { kind: 'unclear', entry };
	if (job === undefined) return { kind: 'job', entry, job: { handle, status: 'pending' } };
	return needsNewJob(entry, job) ? { kind: 'maySubmit' } : { kind: 'job', entry, job };
}

/** A failed job that the provider does not charge for. */
function isFree({ job }: LedgerEntry): boolean {
	return job?.status === 'failed' && job.failure.charged === 'no';
}

/** What a limit counts of an entry: what was reported, or the estimate at its most. */
function costOf({ job, cost, mostAmount }: LedgerEntry): Cost | undefined {
	return job?.cost ?? (cost && { ...cost, amount: mostAmount ?? cost.amount });
}

/**
 * All submits of one node in one execution. Executions > Retry starts with those of the execution that it retries. All its
 * state is plain JSON in the store.
 */
export class Ledger {
	/** The execution that began this ledger, which all its retries have in common. */
	readonly firstExecutionId: string | undefined;
	private readonly entries: LedgerEntry[];
	/** Says that an entry's answer has come. */
	private readonly settle = new Map<LedgerEntry, () => void>();
	/** What was opened since the ledger was read, that is by this try of the node. */
	private readonly opened = new Set<LedgerEntry>();

	constructor(
		store: LedgerStore,
		private readonly run: LedgerRun,
	) {
		this.entries = entriesOf(store);
		this.firstExecutionId = asText(store.firstExecutionId) ?? run.executionId;
		store.firstExecutionId = this.firstExecutionId;
	}

	/** Whether a job is an item's of this execution, or of the one that it retries. */
	has({ provider, jobId }: Handle): boolean {
		return this.entries.some(({ handle }) => handle?.provider === provider && handle.jobId === jobId);
	}

	/**
	 * Whether this item of this turn of the node may be submitted; `fingerprints` are of the requests that may be sent for
	 * it.
	 */
	find(itemIndex: number, fingerprints: readonly string[]): LedgerAnswer {
		const answers = this.entries.filter((entry) => this.isOf(entry, itemIndex, fingerprints)).map(answerOf);
		return answers.find(({ kind }) => kind !== 'maySubmit') ?? { kind: 'maySubmit' };
	}

	/** A promise of when the answer to an entry's submit has come; undefined if this process waits for none. */
	whenAnswered(entry: LedgerEntry): Promise<void> | undefined {
		return this.run.underWay.get(entry);
	}

	/**
	 * The latest submit for this item of this turn of the node, whatever its request was. Undefined for an agent's calls,
	 * which all have the same turn and item: it might be another call's.
	 */
	latest(itemIndex: number): LedgerEntry | undefined {
		const { runIndex, executionId } = this.run;
		if (executionId === undefined) return undefined;
		return this.entries.filter((entry) => entry.runIndex === runIndex && entry.itemIndex === itemIndex).at(-1);
	}

	/**
	 * Whether an entry is the item's. Within one execution the request is not compared: it differs only if an expression
	 * holds the time or a random value, and then the user still wants one video. In a later execution a changed request is
	 * a new job.
	 */
	private isOf(entry: LedgerEntry, itemIndex: number, fingerprints: readonly string[]): boolean {
		const { runIndex, executionId } = this.run;
		if (entry.runIndex !== runIndex || entry.itemIndex !== itemIndex) return false;
		const isThisExecution = executionId !== undefined && entry.executionId === executionId;
		return isThisExecution || fingerprints.includes(entry.fingerprint);
	}

	/** Opens an entry, before its submit is sent. */
	open(
		order: Pick<
			LedgerEntry,
			'itemIndex' | 'fingerprint' | 'provider' | 'cost' | 'mostAmount' | 'fallbackFrom' | 'keepsRaw'
		>,
		nowMs: number,
	): LedgerEntry {
		const { runIndex, executionId, underWay } = this.run;
		const entry: LedgerEntry = { ...order, ...present({ executionId }), runIndex, submittedMs: nowMs };
		underWay.set(entry, new Promise((resolve) => this.settle.set(entry, resolve)));
		this.entries.push(entry);
		this.opened.add(entry);
		return entry;
	}

	/**
	 * The job exists: its submit was answered now. The answer may have been held back (`/runsync`), so the job's own submit
	 * time counts where it lies between the opening and now; the provider's clock may be wrong.
	 */
	noteSubmitted(entry: LedgerEntry, job: Job, nowMs: number): void {
		const saidMs = Date.parse(job.handle.submittedAt ?? '');
		// A time in ISO 8601 has whole milliseconds; a clock may have parts of them.
		const isBelievable = saidMs >= Math.floor(entry.submittedMs) && saidMs <= nowMs;
		entry.submittedMs = isBelievable ? saidMs : nowMs;
		this.noteSeen(entry, job);
		this.answered(entry);
	}

	/** Takes over a job that another execution has paid for, as the job of an item of this turn of the node. */
	takeOver(
		paid: LedgerEntry,
		job: Job,
		item: Pick<LedgerEntry, 'itemIndex' | 'keepsRaw'>,
		nowMs: number,
	): LedgerAnswer {
		const { runIndex, executionId } = this.run;
		const entry: LedgerEntry = { ...paid, ...item, ...present({ executionId }), runIndex, takenOverMs: nowMs };
		this.noteSeen(entry, job);
		this.entries.push(entry);
		return answerOf(entry);
	}

	/** Whether this execution took the job over from another one. */
	tookOver({ takenOverMs, executionId }: LedgerEntry): boolean {
		return takenOverMs !== undefined && executionId === this.run.executionId;
	}

	/** How many jobs this turn of the node took over. */
	countTakenOver(): number {
		const { runIndex } = this.run;
		return this.entries.filter((entry) => this.tookOver(entry) && entry.runIndex === runIndex).length;
	}

	/** The jobs of this execution that are worth taking over, of all turns of a loop: they run or are completed. */
	usableJobs(): PaidJob[] {
		const isUsable = ({ job }: PaidJob): boolean => !hasEnded(job) || job.status === 'completed';
		return this.entries.map(answerOf).flatMap((known) => (known.kind === 'job' && isUsable(known) ? [known] : []));
	}

	/** The submit certainly created nothing: it is forgotten. */
	noteRefused(entry: LedgerEntry): void {
		const index = this.entries.indexOf(entry);
		if (index !== -1) this.entries.splice(index, 1);
		this.opened.delete(entry);
		this.answered(entry);
	}

	/** Nobody knows whether the submit created a job. */
	noteUnclear(entry: LedgerEntry, failure: Failure): void {
		entry.failure = failure;
		this.answered(entry);
	}

	/** The job as a reply shows it. */
	noteSeen(entry: LedgerEntry, job: Job): void {
		entry.job = entry.keepsRaw === true ? job : withoutRaw(job);
		entry.handle = job.handle;
	}

	/** What a job became after this node's own Stop; only a job that was cancelled so may be submitted again. */
	noteStopped(job: Job): void {
		const entry = this.entries.find(({ handle }) => handle?.jobId === job.handle.jobId);
		if (entry === undefined) return;
		this.noteSeen(entry, job);
		if (job.status === 'cancelled') entry.cancelledByStop = true;
	}

	/**
	 * All jobs of the ledger and what they cost as far as that is known. Unclear submits count. Failed jobs that are not
	 * charged do not, nor do jobs that were taken over: another execution has paid for them.
	 */
	spent(): Spent {
		const amounts = { USD: 0, credits: 0 };
		const paid = this.entries.filter((entry) => entry.takenOverMs === undefined && !isFree(entry));
		for (const entry of paid) {
			const cost = costOf(entry);
			if (cost !== undefined) amounts[cost.unit] += cost.amount;
		}
		return { jobs: paid.length, amounts };
	}

	/** What this try of the node has submitted, unclear submits among it. */
	submittedNow(): readonly LedgerEntry[] {
		return [...this.opened];
	}

	private answered(entry: LedgerEntry): void {
		this.run.underWay.delete(entry);
		this.settle.get(entry)?.();
		this.settle.delete(entry);
	}
}
