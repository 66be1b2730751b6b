import pLimit from 'p-limit';
import type { Random } from '../clock';
import { hasEnded, type Failure, type Handle, type Job, type ProviderName } from '../job';
import { present } from '../json';
import { backoffMs, type RetryPorts } from './retry';
import type { StatusAnswer, StatusReader } from './status';

/** A job that is to be polled to its end. */
export interface Polled {
	readonly handle: Handle;
	/** Time of the clock. */
	readonly deadlineMs: number;
	readonly lastSeen?: Job;
	/** When the job was submitted, by our clock, where that is known. */
	readonly submittedMs?: number;
	/** For a job that was not submitted just now (a retry, the Wait operation): its status is read at once. */
	readonly pollNow?: boolean;
	/** Absent: the longest pause of `pauseBeforePollMs`. */
	readonly longestPauseMs?: number;
}

export type PollEnd =
	| { readonly kind: 'ended'; readonly job: Job }
	| { readonly kind: 'refused'; readonly failure: Failure }
	| { readonly kind: 'deadline'; readonly lastSeen?: Job; readonly lastProblem?: string }
	| { readonly kind: 'stopped'; readonly lastSeen?: Job };

export interface Poller {
	poll(job: Polled): Promise<PollEnd>;
}

export interface PollerPorts extends Required<RetryPorts> {
	/** One status call, with a timeout of its own. If it throws, that job's `poll` throws the same. */
	readonly read: StatusReader['read'];
}

const SHORTEST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 60_000;
const PAUSE_PER_AGE = 1 / 100;
/** At least this long after a reply of megabytes, as each of them takes time and memory. */
const PAUSE_AFTER_LARGE_MS = 20_000;
const PAUSE_JITTER = 0.1;

/**
 * The pause before a job's status is read (again): a hundredth of the job's age, at least four seconds and at most a
 * minute, ±10 % so that the jobs of a batch are not all polled at once. On average the end of a job is then known about
 * two seconds after it, and of a job that takes longer than seven minutes about half a percent of its time after it.
 * `npm run bench -- --only poll` measures this.
 */
export function pauseBeforePollMs(ageMs: number, random: Random, longestMs = LONGEST_PAUSE_MS): number {
	const plainMs = Math.min(longestMs, Math.max(SHORTEST_PAUSE_MS, ageMs * PAUSE_PER_AGE));
	return plainMs * (1 + PAUSE_JITTER * (2 * random() - 1));
}

/**
 * Polls all jobs of one run of the node. `poll` resolves when the job has ended or was refused; at its deadline, after
 * exactly one last read, and never before it; or as soon as the stop is requested. It throws only what `read` throws.
 *
 * A slow read holds no other job up, and one that a transient fault hides is repeated with a growing pause until the
 * deadline.
 */
export function createPoller(ports: PollerPorts): Poller {
	const limiter = new ReadLimiter(ports);
	return { poll: async (job) => await new Polling(job, ports, limiter).run() };
}

/** No two reads start closer than this: at most 50 a second, a quarter of what Runpod allows (docs/providers.md#runpod-limits). */
const SPACING_MS = 20;
const READS_AT_ONCE = 20;
/** After a provider asked to be left alone, the reads of its jobs are spread over this time. */
const RETURN_SPREAD_MS = 2_000;

interface Quiet {
	/** Answers with `Retry-After` that came with no other answer between them. */
	requests: number;
	untilMs: number;
}

/** What the jobs of a run share: how close together their reads start, and when a provider wants none. */
class ReadLimiter {
	/** Jobs wait here in the order in which they were due. */
	private readonly places = pLimit(READS_AT_ONCE);
	private readonly quiet = new Map<ProviderName, Quiet>();
	private nextStartMs = 0;

	constructor(private readonly ports: PollerPorts) {}

	/** Reads a status when there is room for it; undefined if by then it is not wanted any more. */
	async readInTurn(handle: Handle, isWanted: () => boolean): Promise<StatusAnswer | undefined> {
		return await this.places(async () => await this.readNext(handle, isWanted));
	}

	/** The same without waiting for room: reads that hang must not keep another job past its deadline. */
	async readNext(handle: Handle, isWanted: () => boolean): Promise<StatusAnswer | undefined> {
		if (!isWanted()) return undefined;
		const { clock, read } = this.ports;
		const startMs = Math.max(clock.now(), this.nextStartMs);
		this.nextStartMs = startMs + SPACING_MS;
		if (startMs > clock.now()) await clock.sleep(startMs - clock.now());
		if (!isWanted()) return undefined;
		const answer = await read(handle);
		this.heedQuiet(handle.provider, answer);
		return answer;
	}

	/** Until when the provider wants no reads at all; 0 if it has not said so. */
	quietUntilMs(provider: ProviderName): number {
		const { requests = 0, untilMs = 0 } = this.quiet.get(provider) ?? {};
		return requests < 2 ? 0 : untilMs;
	}

	/** One answer with `Retry-After` may be about its own job only; two in a row are meant for all jobs of the provider. */
	private heedQuiet(provider: ProviderName, answer: StatusAnswer): void {
		if (answer.kind !== 'unavailable' || answer.retryAfterMs === undefined) {
			this.quiet.delete(provider);
			return;
		}
		const { requests = 0, untilMs = 0 } = this.quiet.get(provider) ?? {};
		const askedUntilMs = this.ports.clock.now() + answer.retryAfterMs;
		this.quiet.set(provider, { requests: requests + 1, untilMs: Math.max(untilMs, askedUntilMs) });
	}
}

/** No sleep is longer, so that no timer is left for long of a job that ended before its deadline. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * The polling of one job. Three things go on side by side, and the first to come to an end ends the others: it is polled
 * again and again; at its deadline it is polled once more; and the stop is listened for.
 */
class Polling {
	private readonly submittedMs: number;
	private lastSeen: Job | undefined;
	private lastProblem: string | undefined;
	/** Reads in a row that found the job unavailable. */
	private unavailable = 0;
	private isOver = false;
	private resolve: (end: PollEnd) => void = () => undefined;

	constructor(
		private readonly job: Polled,
		private readonly ports: PollerPorts,
		private readonly limiter: ReadLimiter,
	) {
		this.lastSeen = job.lastSeen;
		this.submittedMs = this.submitTime();
	}

	async run(): Promise<PollEnd> {
		let removeListener = (): void => undefined;
		const end = new Promise<PollEnd>((resolve, reject) => {
			this.resolve = resolve;
			removeListener = this.ports.stop.onRequest(() => {
				this.finish({ kind: 'stopped', ...present({ lastSeen: this.lastSeen }) });
			});
			Promise.all([this.pollRepeatedly(), this.pollAtDeadline()]).catch(reject);
		});
		try {
			return await end;
		} finally {
			this.isOver = true;
			removeListener();
		}
	}

	/** The provider's clock may differ from ours, so its word counts only for a job of unknown age. */
	private submitTime(): number {
		const { handle, pollNow, submittedMs } = this.job;
		const knownMs = submittedMs ?? (pollNow === true ? Date.parse(handle.submittedAt ?? '') : NaN);
		const nowMs = this.ports.clock.now();
		return Number.isNaN(knownMs) ? nowMs : Math.min(nowMs, knownMs);
	}

	private async pollRepeatedly(): Promise<void> {
		const { handle, pollNow } = this.job;
		let pauseMs = pollNow === true ? 0 : this.pauseMs();
		while (this.isBeforeDeadline()) {
			await this.sleepUntil(this.ports.clock.now() + pauseMs);
			await this.sleepWhileQuiet();
			const answer = await this.limiter.readInTurn(handle, () => this.isBeforeDeadline() && this.quietMs() <= 0);
			if (answer !== undefined) this.take(answer);
			pauseMs = answer === undefined ? 0 : this.pauseAfterMs(answer);
		}
	}

	private async pollAtDeadline(): Promise<void> {
		await this.sleepUntil(this.job.deadlineMs);
		const answer = await this.limiter.readNext(this.job.handle, () => !this.isOver);
		if (answer !== undefined) this.take(answer);
		const { lastSeen, lastProblem } = this;
		this.finish({ kind: 'deadline', ...present({ lastSeen, lastProblem }) });
	}

	private isBeforeDeadline(): boolean {
		return !this.isOver && this.ports.clock.now() < this.job.deadlineMs;
	}

	private quietMs(): number {
		return this.limiter.quietUntilMs(this.job.handle.provider) - this.ports.clock.now();
	}

	private async sleepWhileQuiet(): Promise<void> {
		const { clock, random } = this.ports;
		for (let quietMs = this.quietMs(); quietMs > 0 && this.isBeforeDeadline(); quietMs = this.quietMs()) {
			await this.sleepUntil(clock.now() + quietMs + RETURN_SPREAD_MS * random());
		}
	}

	/** Ends earlier at the deadline, and within a minute once the polling is over. */
	private async sleepUntil(wantedMs: number): Promise<void> {
		const { clock } = this.ports;
		const untilMs = Math.min(wantedMs, this.job.deadlineMs);
		while (!this.isOver && clock.now() < untilMs) await clock.sleep(Math.min(LONGEST_SLEEP_MS, untilMs - clock.now()));
	}

	private take(answer: StatusAnswer): void {
		if (answer.kind === 'refused') return this.finish(answer);
		if (answer.kind === 'job') this.lastSeen = answer.job;
		this.lastProblem = answer.kind === 'unavailable' ? answer.message : undefined;
		this.unavailable = answer.kind === 'unavailable' ? this.unavailable + 1 : 0;
		if (answer.kind === 'job' && hasEnded(answer.job)) this.finish({ kind: 'ended', job: answer.job });
	}

	private pauseMs(): number {
		const { clock, random } = this.ports;
		return pauseBeforePollMs(clock.now() - this.submittedMs, random, this.job.longestPauseMs);
	}

	private pauseAfterMs(answer: StatusAnswer): number {
		if (answer.kind === 'job' && answer.isLarge === true) return Math.max(PAUSE_AFTER_LARGE_MS, this.pauseMs());
		if (answer.kind !== 'unavailable') return this.pauseMs();
		return Math.max(answer.retryAfterMs ?? 0, backoffMs(this.unavailable, this.ports.random));
	}

	private finish(end: PollEnd): void {
		this.isOver = true;
		this.resolve(end);
	}
}
