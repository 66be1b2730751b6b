import type { Random } from './clock';
import { learnRunTimes, type RunTimes } from './hazard';
import type { Job } from './job';
import type { RunExpectation } from './providers/provider';

/**
 * When to look at a job again: as soon as the time it is expected to have lain finished unnoticed is worth a call.
 * With a constant hazard h that is every sqrt(2 × price ÷ h) seconds, the asymptotically optimal inspection policy
 * (Barlow, Hunter & Proschan 1963; Keller 1974), and it needs no forecast: what other jobs teach meanwhile counts.
 */
const SECONDS_A_CALL_IS_WORTH = 0.2;
/** Jobs with a bad image link or a refused prompt fail within seconds. */
const FIRST_LOOK_SECONDS = 5;
/** Nothing is lost in the queue but the sharpness of the run's start. */
const QUEUE_SHARE = 0.15;
const SHORTEST_QUEUE_SECONDS = 5;
const LONGEST_QUEUE_SECONDS = 15;
const LONGEST_SECONDS = 60;

/** One job's schedule. All times in milliseconds of the clock. */
export interface Watch {
	/** Takes a look's result, sent at `askedMs`. */
	saw(job: Job, askedMs: number): void;
	/** When to look, if that is before `horizonMs`; else later than that. */
	dueMs(nowMs: number, horizonMs: number): number;
}

/** `submittedMs`: the job's age counts from it. `lookNow`: nothing is known of it since, so look at once. */
export interface WatchStart {
	readonly expectation: RunExpectation;
	readonly submittedMs: number;
	readonly lookNow: boolean;
}

interface Kind {
	readonly runs: RunTimes;
	/** The provider lets jobs end without ever calling them processing, so "pending" may mean running. */
	hidesRunning: boolean;
}

/** The schedule of all jobs of a batch: they learn from each other by `expectation.key`. */
export interface Schedule {
	watch(start: WatchStart): Watch;
}

export function createSchedule(random: Random): Schedule {
	const kinds = new Map<string, Kind>();
	return {
		watch(start) {
			const { key, typicalSeconds } = start.expectation;
			const kind = kinds.get(key) ?? { runs: learnRunTimes(Math.max(1, typicalSeconds)), hidesRunning: false };
			kinds.set(key, kind);
			return watchJob(kind, start, random);
		},
	};
}

function watchJob(kind: Kind, { submittedMs, lookNow }: WatchStart, random: Random): Watch {
	/** The run's estimated start, once it was seen processing. */
	let startedMs: number | undefined;
	let lastLookMs = submittedMs;
	let isFirst = true;
	let isPending = false;
	// Drawn anew for each look. The first is drawn wide, to spread jobs that were submitted together.
	let patience = 1;
	const firstMs = submittedMs + FIRST_LOOK_SECONDS * 1_000 * (0.8 + 0.4 * random());

	const age = (atMs: number) => Math.max(0, atMs - (startedMs ?? submittedMs)) / 1_000;

	function learn(job: Job, askedMs: number): void {
		if (job.status === 'pending') return;
		if (job.status === 'processing') {
			if (startedMs === undefined) startedMs = estimateStart(job);
			kind.runs.survived(age(lastLookMs), age(askedMs));
			return;
		}
		if (isPending && startedMs === undefined) kind.hidesRunning = true;
		const from = startedMs === undefined && isPending ? 0 : age(lastLookMs);
		kind.runs.ended(job.runSeconds ?? from, job.runSeconds ?? age(askedMs));

		function estimateStart(seen: Job): number {
			if (seen.queueSeconds !== undefined) return submittedMs + seen.queueSeconds * 1_000;
			return isPending ? (lastLookMs + askedMs) / 2 : submittedMs;
		}
	}

	function queueDueMs(): number {
		const seconds = ((lastLookMs - submittedMs) / 1_000) * QUEUE_SHARE;
		return lastLookMs + Math.min(LONGEST_QUEUE_SECONDS, Math.max(SHORTEST_QUEUE_SECONDS, seconds)) * patience * 1_000;
	}

	function runDueMs(nowMs: number, horizonMs: number): number {
		const price = SECONDS_A_CALL_IS_WORTH * patience;
		const lost = (atMs: number) => kind.runs.lostBy(age(lastLookMs), age(atMs)) - price;
		const [before, after] = [lost(nowMs), lost(horizonMs)];
		if (before >= 0) return nowMs;
		return after < 0 ? Infinity : nowMs + ((horizonMs - nowMs) * -before) / (after - before);
	}

	return {
		saw(job, askedMs) {
			learn(job, askedMs);
			isPending = job.status === 'pending';
			patience = isFirst ? 0.2 + 1.6 * random() : 0.75 + 0.5 * random();
			isFirst = false;
			lastLookMs = askedMs;
		},
		dueMs(nowMs, horizonMs) {
			if (isFirst) return lookNow ? nowMs : Math.max(nowMs, firstMs);
			const isQueued = isPending && !kind.hidesRunning;
			const dueMs = isQueued ? queueDueMs() : runDueMs(nowMs, horizonMs);
			return Math.max(nowMs, Math.min(dueMs, lastLookMs + LONGEST_SECONDS * 1_000));
		},
	};
}
