import type { Handle, Job } from '../job';
import type { LedgerEntry } from './ledger';

/** A job that a manual run of a node paid for, and that its next manual run may take over. */
export interface LeftJob {
	/** The execution that left it. */
	readonly executionId: string;
	/** Who can ask for it: the credential, its user and its base URL. */
	readonly account: string;
	readonly entry: LedgerEntry;
	/** As last seen: it runs, or it is completed. */
	readonly job: Job;
	readonly leftMs: number;
}

/**
 * Which job a manual run looks for: by its request, as equal requests are the same order wherever the item stands. The
 * execution that looks never takes over what an earlier try of its own left.
 */
export type Wanted = Pick<LeftJob, 'account' | 'executionId'> & Pick<LedgerEntry, 'fingerprint'>;

const MAX_JOBS = 1_000;
const LEFT_FOR_MS = 3_600_000;

/** What the manual runs of one node left, oldest first: at most 1,000 jobs, each for an hour. */
export class LeftJobs {
	private jobs: LeftJob[] = [];

	/** A job that is here already is left anew. */
	leave(job: LeftJob): void {
		this.drop([job.job.handle]);
		this.jobs = [...this.jobs, job].slice(-MAX_JOBS);
	}

	/** Gives the oldest job that fits, and forgets it: each is taken over once. */
	take({ account, fingerprint, executionId }: Wanted, nowMs: number): LeftJob | undefined {
		this.jobs = this.jobs.filter(({ leftMs }) => nowMs - leftMs < LEFT_FOR_MS);
		const found = this.jobs.find(
			(left) => left.entry.fingerprint === fingerprint && left.account === account && left.executionId !== executionId,
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
