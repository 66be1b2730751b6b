import type { Clock } from '../../nodes/core/clock';
import type { ProviderName } from '../../nodes/core/job';
import { present, type JsonObject } from '../../nodes/core/json';
import { habits } from './habits';
import type { EmulatedJob, EmulatorOptions, Ending, JobScript, JobTimes, NewJob, Phase, Price } from './types';
import { videoSha256, videoSize } from './video';

const DEFAULT_TIMES: JobTimes = { queueMs: 500, runMs: 2500 };

/** What a submit asks for, once it passed every check. */
export interface Submission {
	readonly provider: ProviderName;
	readonly model: string;
	readonly input: JsonObject;
	readonly webhookUrl?: string;
	readonly webhookEvents?: readonly string[];
	readonly heldBy?: 'runsync';
	readonly script: JobScript;
	/** Runpod's `policy`. */
	readonly executionTimeoutMs?: number;
	readonly lifeMs?: number;
	/** Absent where no document says what the model costs. */
	readonly price?: Price;
}

/** A job as the emulator keeps it. Its state is a function of the clock, nothing here changes but `cancelledAtMs`. */
export interface Job extends Submission, JobTimes {
	readonly number: number;
	readonly id: string;
	readonly acceptedAtMs: number;
	readonly endsAs: Ending;
	readonly videoBytes: number;
	cancelledAtMs?: number;
}

/** When the job ends or ended; Infinity for one that never does. */
export function endMs(job: Job): number {
	if (job.cancelledAtMs !== undefined) return job.cancelledAtMs;
	return job.endsAs === 'never' ? Infinity : job.acceptedAtMs + job.queueMs + job.runMs;
}

export function phaseAt(job: Job, nowMs: number): Phase {
	if (nowMs >= endMs(job)) return endedAs(job);
	const runSoFarMs = nowMs - job.acceptedAtMs - job.queueMs;
	if (runSoFarMs < 0) return 'queued';
	const isThirdQuarter = runSoFarMs >= job.runMs / 2 && runSoFarMs < job.runMs * 0.75;
	return job.script.backwards === true && isThirdQuarter ? 'queued' : 'running';
}

function endedAs(job: Job): Exclude<Ending, 'never'> {
	return job.cancelledAtMs !== undefined || job.endsAs === 'never' ? 'cancelled' : job.endsAs;
}

export function hasEndedAt(job: Job, nowMs: number): boolean {
	return nowMs >= endMs(job);
}

/** The HTTP status under which a provider reports the job now. */
export function httpStatusOf(job: Job, nowMs: number): number {
	return phaseAt(job, nowMs) === 'failed' ? (job.script.errorHttpStatus ?? 200) : 200;
}

/** Whether the provider still, and already, knows the job. */
export function isOnRecord(job: Job, nowMs: number): boolean {
	const { invisibleMs = 0, vanishAfterMs = Infinity } = job.script;
	const ageMs = nowMs - job.acceptedAtMs;
	if (ageMs < invisibleMs || ageMs >= vanishAfterMs) return false;
	return nowMs < habits[job.provider].recordEndMs({ ...job, endMs: endMs(job) });
}

/** All accepted, which is to say paid, jobs in order. */
export class JobBook {
	private readonly byId = new Map<string, Job>();

	constructor(
		private readonly clock: Clock,
		private readonly options: Pick<EmulatorOptions, 'jobTimes' | 'videoBytes'>,
	) {}

	accept(submission: Submission): Job {
		const number = this.byId.size + 1;
		const { script } = submission;
		const times = this.timesOf({ ...submission, number });
		const queueMs = script.queueMs ?? times.queueMs;
		const wantedRunMs = script.runMs ?? times.runMs;
		const allowedRunMs = submission.executionTimeoutMs ?? Infinity;
		const job: Job = {
			...submission,
			number,
			id: habits[submission.provider].newId(submission.heldBy),
			acceptedAtMs: this.clock.now(),
			queueMs,
			runMs: Math.min(wantedRunMs, allowedRunMs),
			endsAs: wantedRunMs > allowedRunMs ? 'timedOut' : (script.endsAs ?? 'completed'),
			videoBytes: script.videoBytes ?? this.options.videoBytes ?? 0,
		};
		this.byId.set(job.id, job);
		return job;
	}

	/** The job, whether or not its provider would still know it. */
	find(id: string | undefined): Job | undefined {
		return id === undefined ? undefined : this.byId.get(id);
	}

	/** The job, if this provider (and, at Runpod, this endpoint) knows it now. */
	onRecord(provider: ProviderName, id: string, endpointId?: string): Job | undefined {
		const job = this.byId.get(id);
		if (job?.provider !== provider || (endpointId !== undefined && job.model !== endpointId)) return undefined;
		return isOnRecord(job, this.clock.now()) ? job : undefined;
	}

	cancel(job: Job): void {
		const nowMs = this.clock.now();
		if (job.script.ignoresCancel !== true && !hasEndedAt(job, nowMs)) job.cancelledAtMs = nowMs;
	}

	all(): readonly Job[] {
		return [...this.byId.values()];
	}

	clear(): void {
		this.byId.clear();
	}

	private timesOf(job: NewJob): JobTimes {
		const { jobTimes = DEFAULT_TIMES } = this.options;
		return typeof jobTimes === 'function' ? jobTimes(job) : jobTimes;
	}
}

export function videoUrlOf(job: Job, origin: string): string {
	return `${origin}/files/${job.provider}/${job.id}.mp4`;
}

/** What the outside may see of a job. */
export function viewOf(job: Job, nowMs: number, origin: string): EmulatedJob {
	const { number, provider, id, model, input, webhookUrl, acceptedAtMs, queueMs, runMs, endsAs, cancelledAtMs, price } =
		job;
	const view = present({
		number,
		provider,
		id,
		model,
		input,
		webhookUrl,
		acceptedAtMs,
		queueMs,
		runMs,
		endsAs,
		price,
		phase: phaseAt(job, nowMs),
		cancelledAtMs,
		finishedAtMs: hasEndedAt(job, nowMs) ? endMs(job) : undefined,
		videoUrl: videoUrlOf(job, origin),
		videoBytes: videoSize(job),
	});
	return {
		...view,
		// Only when asked for: a large video takes a while.
		get videoSha256() {
			return videoSha256(job);
		},
	};
}
