import { createFollower, type Followed, type FollowEnd, type Look } from '../../nodes/core/calls/poll';
import type { Handle, Job, JobStatus, ProviderName } from '../../nodes/core/job';
import { seeded } from '../bench/shapes';
import { VirtualClock } from './virtualClock';

export const EXPECTATION = { key: 'any', typicalSeconds: 90 };

/** A look that was taken: at which job, and when, in seconds from the stage's start. */
export interface LookTaken {
	readonly jobId: string;
	readonly atSeconds: number;
}

/** What a look at a job shows, given the seconds since the start; it may take its time. */
export type Script = (atSeconds: number, jobId: string) => Look | Promise<Look>;

/** A follower in virtual time, whose looks a script answers and which are all written down. */
export class FollowStage {
	readonly clock = new VirtualClock();
	readonly stop = { requested: false };
	readonly looks: LookTaken[] = [];
	private readonly startMs = this.clock.now();
	private readonly follower;

	constructor(script: Script, seed = 1) {
		this.follower = createFollower({
			clock: this.clock,
			random: seeded(seed),
			stop: this.stop,
			look: async ({ jobId }) => {
				this.looks.push({ jobId, atSeconds: this.nowSeconds() });
				return await script(this.nowSeconds(), jobId);
			},
		});
	}

	nowSeconds(): number {
		return (this.clock.now() - this.startMs) / 1_000;
	}

	/** `deadlineSeconds` counts from the stage's start. */
	async follow(jobId: string, deadlineSeconds = 3_600, rest: Partial<Followed> = {}): Promise<FollowEnd> {
		const deadlineMs = this.startMs + deadlineSeconds * 1_000;
		return await this.follower.follow({ handle: handleOf(jobId), deadlineMs, expectation: EXPECTATION, ...rest });
	}

	looksAt(jobId: string): number[] {
		return this.looks.filter((look) => look.jobId === jobId).map(({ atSeconds }) => atSeconds);
	}
}

export function handleOf(jobId: string, provider: ProviderName = 'runpod'): Handle {
	return { provider, model: 'kling-v2-1-i2v-pro', jobId };
}

export function jobOf(jobId: string, status: Exclude<JobStatus, 'failed'>): Job {
	return { handle: handleOf(jobId), status, raw: null };
}

export function shows(status: Exclude<JobStatus, 'failed'>, jobId = 'a'): Look {
	return { kind: 'job', job: jobOf(jobId, status) };
}

/** A job that runs from `startSeconds` to `endSeconds`. */
export function running(startSeconds: number, endSeconds: number): Script {
	return (atSeconds, jobId) => {
		if (atSeconds >= endSeconds) return shows('completed', jobId);
		return shows(atSeconds >= startSeconds ? 'processing' : 'pending', jobId);
	};
}
