import type { Handle, Job } from '../job';
import type { LedgerEntry } from './ledger';

/** A job that one run of a node paid for, and that another one may take over. */
export interface LeftJob {
	/** Who can ask for it: the credential, its user and its base URL. */
	readonly account: string;
	readonly entry: LedgerEntry;
	/** As last seen: it runs, or it is completed. */
	readonly job: Job;
	readonly leftMs: number;
}

/** Which job a run looks for: by its request, as equal requests are the same order wherever the item stands. */
export interface Wanted extends Pick<LeftJob, 'account'>, Pick<LedgerEntry, 'fingerprint'> {
	/** Whether the run has this job already, as that of another item. */
	readonly isKnown: (handle: Handle) => boolean;
}

const MAX_JOBS = 1_000;
const LEFT_FOR_MS = 3_600_000;

/** What the runs of one node left, oldest first: at most 1,000 jobs, each for an hour. */
export class LeftJobs {
	private jobs: LeftJob[] = [];

	/** A job that is here already is left anew. */
	leave(job: LeftJob): void {
		this.drop([job.job.handle]);
		this.jobs = [...this.jobs, job].slice(-MAX_JOBS);
	}

	/** Gives the oldest job that fits, and forgets it until it is left again. */
	take({ account, fingerprint, isKnown }: Wanted, nowMs: number): LeftJob | undefined {
		this.jobs = this.jobs.filter(({ leftMs }) => nowMs - leftMs < LEFT_FOR_MS);
		const found = this.jobs.find(
			(left) => left.entry.fingerprint === fingerprint && left.account === account && !isKnown(left.job.handle),
		);
		if (found !== undefined) this.jobs.splice(this.jobs.indexOf(found), 1);
		return found;
	}

	/** Forgets these jobs, where they are here. */
	drop(handles: readonly Handle[]): void {
		const isOne = (left: LeftJob) =>
			handles.some(({ provider, jobId }) => provider === left.job.handle.provider && jobId === left.job.handle.jobId);
		this.jobs = this.jobs.filter((left) => !isOne(left));
	}
}
