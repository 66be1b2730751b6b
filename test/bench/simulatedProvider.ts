import type { StatusAnswer } from '../../nodes/core/calls/status';
import type { Clock, Random } from '../../nodes/core/clock';
import type { Handle } from '../../nodes/core/job';

/** What will happen to one job, in milliseconds from its submit; known to the simulation only. */
export interface Fate {
	readonly queueMs: number;
	readonly runMs: number;
}

/** What became of one job. */
export interface Outcome {
	/** From the job's end to our knowing. */
	readonly lateMs: number;
	readonly reads: number;
}

const REPLY_MS = { fastest: 50, slowest: 250 };

/** A provider of jobs whose ends are drawn beforehand. It shows `pending` and `processing`, and nothing of times. */
export class SimulatedProvider {
	private readonly jobs = new Map<string, { startedMs: number; endedMs: number; reads: number; lateMs: number }>();

	constructor(
		private readonly clock: Clock,
		private readonly random: Random,
	) {}

	submit({ queueMs, runMs }: Fate): Handle {
		const startedMs = this.clock.now() + queueMs;
		const jobId = `job-${this.jobs.size + 1}`;
		this.jobs.set(jobId, { startedMs, endedMs: startedMs + runMs, reads: 0, lateMs: NaN });
		return { provider: 'runpod', model: 'simulated', jobId };
	}

	async read(handle: Handle): Promise<StatusAnswer> {
		const job = this.jobs.get(handle.jobId);
		if (job === undefined) throw new Error(`no such job: ${handle.jobId}`);
		job.reads++;
		const oneWayMs = (REPLY_MS.fastest + (REPLY_MS.slowest - REPLY_MS.fastest) * this.random()) / 2;
		await this.clock.sleep(oneWayMs);
		const atMs = this.clock.now();
		const status = atMs >= job.endedMs ? 'completed' : atMs >= job.startedMs ? 'processing' : 'pending';
		await this.clock.sleep(oneWayMs);
		if (status === 'completed') job.lateMs = this.clock.now() - job.endedMs;
		return { kind: 'job', job: { handle, status, raw: null } };
	}

	outcomes(): Outcome[] {
		return [...this.jobs.values()].map(({ lateMs, reads }) => ({ lateMs, reads }));
	}
}
