import type { Random } from '../clock';
import { hasEnded, type Job } from '../job';
import type { RunExpectation } from '../providers/provider';
import { RunTimes } from './runTimes';

/**
 * The price of a call: a job is looked at again as soon as it is expected to have lain ended for so many seconds. With a
 * constant hazard h that is every sqrt(2 × price ÷ h) seconds, the asymptotically optimal inspection policy (Keller,
 * "Optimum checking schedules for systems subject to random failure", 1974). As no date is fixed beforehand, what the
 * other jobs of the batch teach in the meantime counts at once. The value sets lateness against calls: `npm run bench`.
 */
const PRICE_SECONDS = 0.16;
/** Jobs with a dead image link or a refused prompt fail within seconds. */
const FIRST_LOOK_MS = 5_000;
/** In the queue only the knowledge of when the run starts is at stake, so the pauses grow with the time spent there. */
const QUEUE_SHARE = 0.2;
const SHORTEST_QUEUE_PAUSE_MS = 5_000;
const LONGEST_QUEUE_PAUSE_MS = 20_000;
const LONGEST_PAUSE_SECONDS = 60;
const JITTER = 0.1;

export interface WatchStart {
	readonly expectation: RunExpectation;
	/** The job's age counts from here until it is seen to start. */
	readonly submittedMs: number;
	/** Nothing is known of it since its submit: the first look is due at once. */
	readonly lookNow: boolean;
}

/** What the jobs with one expectation key have taught. */
interface Kind {
	readonly runs: RunTimes;
	/** The provider lets jobs end without ever calling them processing: "pending" may mean running. */
	hidesRunning: boolean;
}

/** When to look at each job of a batch. They learn from each other by `expectation.key`. Times are the clock's. */
export class Schedule {
	private readonly kinds = new Map<string, Kind>();

	constructor(private readonly random: Random) {}

	watch(start: WatchStart): Watch {
		const { key, typicalSeconds } = start.expectation;
		const kind = this.kinds.get(key) ?? { runs: new RunTimes(Math.max(1, typicalSeconds)), hidesRunning: false };
		this.kinds.set(key, kind);
		return new Watch(kind, start, this.random);
	}
}

/** When to look at one job. */
export class Watch {
	/** The run's estimated start: queue time must not eat the run's expectation. */
	private startedMs: number | undefined;
	private lastLookMs: number;
	private lastStatus: Job['status'] | undefined;
	private readonly firstLookMs: number;
	/** Around 1, drawn anew for each look. */
	private patience = 1;

	constructor(
		private readonly kind: Kind,
		private readonly start: WatchStart,
		private readonly random: Random,
	) {
		const { submittedMs, lookNow } = start;
		this.lastLookMs = submittedMs;
		this.firstLookMs = submittedMs + (lookNow ? 0 : FIRST_LOOK_MS * this.jittered(2 * JITTER));
	}

	/** Takes what a look, begun at `askedMs`, has shown. */
	saw(job: Job, askedMs: number): void {
		if (job.status === 'processing') {
			if (this.lastStatus === 'pending') this.kind.hidesRunning = false;
			this.startedMs ??= this.estimateStart(job, askedMs);
		}
		if (hasEnded(job)) {
			if (this.lastStatus === 'pending') this.kind.hidesRunning = true;
			// One that ended before anybody looked teaches nothing of when.
			const isTaught = this.lastStatus !== undefined || !this.start.lookNow;
			if (isTaught) this.kind.runs.endedBetween(this.age(this.lastLookMs), this.age(askedMs));
		} else if (job.status === 'processing' || this.kind.hidesRunning) {
			this.kind.runs.survived(this.age(this.lastLookMs), this.age(askedMs));
		}
		// After the first look, wide: jobs submitted together must not be looked at together ever after, and a few that
		// are looked at early tell the others of times far shorter than expected.
		this.patience = this.lastStatus === undefined ? 2 * this.random() ** 2 : this.jittered(JITTER);
		this.lastStatus = job.status;
		this.lastLookMs = askedMs;
	}

	/** When to look next: exact if before `horizonMs`, else anything later. `dearness` multiplies the price of a call. */
	dueMs(nowMs: number, horizonMs: number, dearness: number): number {
		if (this.lastStatus === undefined) return Math.max(nowMs, this.firstLookMs);
		const isQueued = this.lastStatus === 'pending' && !this.kind.hidesRunning;
		const wantedMs = isQueued ? this.queueDueMs(dearness) : this.runDueMs(nowMs, horizonMs, dearness);
		const { longestPauseSeconds = LONGEST_PAUSE_SECONDS } = this.start.expectation;
		return Math.max(nowMs, Math.min(wantedMs, this.lastLookMs + longestPauseSeconds * 1_000));
	}

	private queueDueMs(dearness: number): number {
		const grownMs = QUEUE_SHARE * (this.lastLookMs - this.start.submittedMs);
		const pauseMs = Math.min(LONGEST_QUEUE_PAUSE_MS, Math.max(SHORTEST_QUEUE_PAUSE_MS, grownMs));
		return this.lastLookMs + pauseMs * this.patience * Math.sqrt(dearness);
	}

	private runDueMs(nowMs: number, horizonMs: number, dearness: number): number {
		const price = PRICE_SECONDS * this.patience * dearness;
		const from = this.age(this.lastLookMs);
		const now = this.kind.runs.expectedDelay(from, this.age(nowMs)) - price;
		if (now >= 0) return nowMs;
		const then = this.kind.runs.expectedDelay(from, this.age(horizonMs)) - price;
		return then < 0 ? Infinity : nowMs + ((horizonMs - nowMs) * now) / (now - then);
	}

	private estimateStart({ queueSeconds }: Job, askedMs: number): number {
		const { submittedMs } = this.start;
		if (this.lastStatus !== 'pending') return submittedMs;
		const saidMs = queueSeconds === undefined ? (this.lastLookMs + askedMs) / 2 : submittedMs + queueSeconds * 1_000;
		return Math.min(askedMs, Math.max(this.lastLookMs, saidMs));
	}

	/** In seconds. */
	private age(atMs: number): number {
		return Math.max(0, atMs - (this.startedMs ?? this.start.submittedMs)) / 1_000;
	}

	private jittered(width: number): number {
		return 1 + width * (2 * this.random() - 1);
	}
}
