import { createPoller, type Polled, type PollEnd } from '../../nodes/core/calls/poll';
import type { StatusAnswer } from '../../nodes/core/calls/status';
import type { Handle, Job, JobStatus, ProviderName } from '../../nodes/core/job';
import { seeded } from '../bench/shapes';
import { createStop } from './stop';
import { VirtualClock } from './virtualClock';

/** A status call that was made: for which job, and when, in seconds from the stage's start. */
export interface ReadMade {
	readonly jobId: string;
	readonly atSeconds: number;
}

/** What a status call for a job brings, given the seconds since the start; it may take its time. */
export type Script = (atSeconds: number, jobId: string) => StatusAnswer | Promise<StatusAnswer>;

/** A poller in virtual time, whose status calls a script answers and which are all written down. */
export class PollStage {
	readonly clock = new VirtualClock();
	readonly stop = createStop();
	readonly reads: ReadMade[] = [];
	private readonly startMs = this.clock.now();
	private readonly poller;

	constructor(script: Script, seed = 1) {
		this.poller = createPoller({
			clock: this.clock,
			random: seeded(seed),
			stop: this.stop,
			read: async ({ jobId }) => {
				this.reads.push({ jobId, atSeconds: this.nowSeconds() });
				return await script(this.nowSeconds(), jobId);
			},
		});
	}

	nowSeconds(): number {
		return (this.clock.now() - this.startMs) / 1_000;
	}

	/** `deadlineSeconds` counts from the stage's start. */
	async poll(jobId: string, deadlineSeconds = 3_600, rest: Partial<Polled> = {}): Promise<PollEnd> {
		const deadlineMs = this.startMs + deadlineSeconds * 1_000;
		return await this.poller.poll({ handle: handleOf(jobId), deadlineMs, ...rest });
	}

	readsOf(jobId: string): number[] {
		return this.reads.filter((read) => read.jobId === jobId).map(({ atSeconds }) => atSeconds);
	}
}

export function handleOf(jobId: string, provider: ProviderName = 'runpod'): Handle {
	return { provider, model: 'kling-v2-1-i2v-pro', jobId };
}

export function jobOf(jobId: string, status: Exclude<JobStatus, 'failed'>): Job {
	return { handle: handleOf(jobId), status, raw: null };
}

export function shows(status: Exclude<JobStatus, 'failed'>, jobId = 'a'): StatusAnswer {
	return { kind: 'job', job: jobOf(jobId, status) };
}

/** What a transient fault leaves of a status call. */
export function unavailable(retryAfterMs?: number): StatusAnswer {
	return { kind: 'unavailable', message: 'HTTP status 503', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** A job that runs from `startSeconds` to `endSeconds`. */
export function running(startSeconds: number, endSeconds: number): Script {
	return (atSeconds, jobId) => {
		if (atSeconds >= endSeconds) return shows('completed', jobId);
		return shows(atSeconds >= startSeconds ? 'processing' : 'pending', jobId);
	};
}
