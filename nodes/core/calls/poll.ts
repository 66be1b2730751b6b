import type { Clock, Random, Stop } from '../clock';
import { type Failure, type Handle, hasEnded, type Job } from '../job';
import { present } from '../json';
import type { RunExpectation } from '../providers/provider';
import { Schedule, type Watch } from './schedule';
import { backoffMs } from './retry';

/** What one look at a job brought. `unseen`: the weather kept us from seeing it; look again later. */
export type Look =
	| { readonly kind: 'job'; readonly job: Job }
	| { readonly kind: 'refused'; readonly failure: Failure }
	| { readonly kind: 'unseen'; readonly retryAfterMs?: number; readonly message: string };

/** A job to be followed to its end. */
export interface Followed {
	readonly handle: Handle;
	/** Time of the clock. */
	readonly deadlineMs: number;
	readonly expectation: RunExpectation;
	readonly lastSeen?: Job;
	/** By our clock, where it is known. */
	readonly submittedMs?: number;
	/** For a job that was not submitted just now (a retry, the Wait operation): the first look is at once. */
	readonly lookNow?: boolean;
}

export type FollowEnd =
	| { readonly kind: 'ended'; readonly job: Job }
	| { readonly kind: 'refused'; readonly failure: Failure }
	| { readonly kind: 'deadline'; readonly lastSeen?: Job; readonly lastProblem?: string }
	| { readonly kind: 'stopped'; readonly lastSeen?: Job };

export interface FollowerPorts {
	readonly clock: Clock;
	readonly random: Random;
	readonly stop: Stop;
	/** One status call, with a timeout of its own. If it throws, that job's `follow` throws the same. */
	readonly look: (handle: Handle) => Promise<Look>;
}

export interface Follower {
	follow(job: Followed): Promise<FollowEnd>;
}

/** New jobs and Stop are noticed within this time. */
const TICK_MS = 1_000;
/** No two looks start closer than this: at most 50 a second, a quarter of what Runpod allows. */
const SPACING_MS = 20;
const LOOKS_AT_ONCE = 20;
/** Pauses grow with the square root of the dearness; it falls once a tick. */
const DEARNESS_RISE = 1.2;
const DEARNESS_FALL = 1.2;
const HIGHEST_DEARNESS = 1_000;
/** After the provider asked for quiet, its jobs come back spread over this time. */
const RETURN_SPREAD_MS = 2_000;

interface Entry {
	readonly handle: Handle;
	readonly deadlineMs: number;
	readonly watch: Watch;
	readonly resolve: (end: FollowEnd) => void;
	readonly reject: (error: unknown) => void;
	lastSeen: Job | undefined;
	lastProblem: string | undefined;
	/** Looks in a row that saw nothing. */
	unseen: number;
	notBeforeMs: number;
	/** The look under way, if any; `last` is the one at the deadline. */
	looking: 'no' | 'yes' | 'last';
}

/**
 * One poller for all jobs of a batch. `follow` resolves when the job has ended or was refused; at its deadline, after
 * exactly one last look, never before it; or within a second of Stop. It throws only what `look` throws.
 *
 * A slow look holds nobody else up, a failing one is repeated with a back-off until the deadline, and looks are spread
 * in time. One answer with `Retry-After` may be one job's bad luck; two in a row are the provider's word to all its jobs.
 */
export function createFollower(ports: FollowerPorts): Follower {
	return new Poller(ports);
}

class Poller implements Follower {
	private readonly entries = new Set<Entry>();
	/** Requests for quiet with no answer between them, by provider. */
	private readonly quietRequests = new Map<string, number>();
	private readonly schedule: Schedule;
	/** What a call costs, as a multiple of its plain price: more when looks fall behind or the provider asks for quiet. */
	private dearness = 1;
	private isRunning = false;
	private looksUnderWay = 0;
	private lastStartMs = -Infinity;

	constructor(private readonly ports: FollowerPorts) {
		this.schedule = new Schedule(ports.random);
	}

	async follow(job: Followed): Promise<FollowEnd> {
		const { handle, deadlineMs, expectation, lastSeen, lookNow = false } = job;
		const watch = this.schedule.watch({ expectation, submittedMs: this.submittedMs(job), lookNow });
		return await new Promise<FollowEnd>((resolve, reject) => {
			const start = { lastProblem: undefined, unseen: 0, notBeforeMs: 0, looking: 'no' } as const;
			this.entries.add({ handle, deadlineMs, watch, resolve, reject, lastSeen, ...start });
			if (!this.isRunning) void this.run();
		});
	}

	/** The provider's clock may differ from ours, so its word counts only for a job of unknown age. */
	private submittedMs({ handle, lookNow, submittedMs }: Followed): number {
		const knownMs = submittedMs ?? (lookNow ? Date.parse(handle.submittedAt ?? '') : NaN);
		return Math.min(this.ports.clock.now(), Number.isNaN(knownMs) ? Infinity : knownMs);
	}

	private async run(): Promise<void> {
		const { clock, stop } = this.ports;
		this.isRunning = true;
		while (this.entries.size > 0 && !stop.requested) {
			const untilMs = clock.now() + TICK_MS;
			await this.lookUntil(untilMs);
			if (!stop.requested) await clock.sleep(Math.max(1, untilMs - clock.now()));
		}
		this.isRunning = false;
		for (const entry of this.entries) this.finish(entry, { kind: 'stopped', ...present({ lastSeen: entry.lastSeen }) });
	}

	private async lookUntil(untilMs: number): Promise<void> {
		for (const due of this.plan(untilMs)) {
			if (!(await this.waitFor(due, untilMs))) {
				this.raiseDearness();
				return;
			}
			if (this.entries.has(due.entry)) void this.lookAt(due.entry);
		}
		this.dearness = Math.max(1, this.dearness / DEARNESS_FALL);
	}

	/** The looks due before `untilMs`, in order; among the overdue, those longest not looked at come first. */
	private plan(untilMs: number): Due[] {
		const moment = { nowMs: this.ports.clock.now(), untilMs, dearness: this.dearness };
		const dues = [...this.entries].map((entry) => ({ entry, dueMs: dueMs(entry, moment) }));
		return dues.filter((due) => due.dueMs < untilMs).sort((a, b) => a.dueMs - b.dueMs);
	}

	/** Until it is time for a look and there is room for it; false if Stop or the tick's end came first. */
	private async waitFor({ entry, dueMs }: Due, untilMs: number): Promise<boolean> {
		const { clock, stop } = this.ports;
		for (;;) {
			const nowMs = clock.now();
			if (stop.requested || nowMs >= untilMs) return false;
			// Hanging looks at others must not keep a job past its deadline.
			const hasRoom = this.looksUnderWay < LOOKS_AT_ONCE || nowMs >= entry.deadlineMs;
			const roomMs = hasRoom ? 0 : nowMs + SPACING_MS;
			const startMs = Math.max(dueMs, this.lastStartMs + SPACING_MS, roomMs);
			if (startMs <= nowMs) return true;
			await clock.sleep(Math.min(startMs, untilMs) - nowMs);
		}
	}

	private async lookAt(entry: Entry): Promise<void> {
		const askedMs = this.ports.clock.now();
		this.lastStartMs = askedMs;
		// To the end of the line.
		this.entries.delete(entry);
		this.entries.add(entry);
		entry.looking = askedMs >= entry.deadlineMs ? 'last' : 'yes';
		const isLast = entry.looking === 'last';
		this.looksUnderWay++;
		try {
			const look = await this.ports.look(entry.handle);
			if (this.entries.has(entry)) this.take(entry, look, { askedMs, isLast });
		} catch (error) {
			this.entries.delete(entry);
			entry.reject(error);
		} finally {
			this.looksUnderWay--;
		}
	}

	private take(entry: Entry, look: Look, { askedMs, isLast }: { askedMs: number; isLast: boolean }): void {
		this.heedQuiet(entry, look);
		if (look.kind === 'refused') return this.finish(entry, look);
		if (look.kind === 'job') {
			entry.watch.saw(look.job, askedMs);
			if (hasEnded(look.job)) return this.finish(entry, { kind: 'ended', job: look.job });
			entry.lastSeen = look.job;
		}
		entry.lastProblem = look.kind === 'unseen' ? look.message : undefined;
		if (isLast) return this.finish(entry, atDeadline(entry));
		// A look that was overtaken by the last one has said all it can.
		if (entry.looking === 'last') return;
		entry.looking = 'no';
		entry.unseen = look.kind === 'unseen' ? entry.unseen + 1 : 0;
		if (entry.unseen > 0) this.keepAway(entry, backoffMs(entry.unseen, this.ports.random));
	}

	private heedQuiet(entry: Entry, look: Look): void {
		const { provider } = entry.handle;
		if (look.kind !== 'unseen' || look.retryAfterMs === undefined) {
			this.quietRequests.delete(provider);
			return;
		}
		const { retryAfterMs } = look;
		const inRow = (this.quietRequests.get(provider) ?? 0) + 1;
		this.quietRequests.set(provider, inRow);
		this.keepAway(entry, retryAfterMs);
		this.raiseDearness();
		if (inRow < 2) return;
		for (const other of this.entries) {
			const isHeld = other !== entry && other.handle.provider === provider;
			if (isHeld) this.keepAway(other, retryAfterMs + RETURN_SPREAD_MS * this.ports.random());
		}
	}

	private raiseDearness(): void {
		this.dearness = Math.min(HIGHEST_DEARNESS, this.dearness * DEARNESS_RISE);
	}

	private keepAway(entry: Entry, delayMs: number): void {
		entry.notBeforeMs = Math.max(entry.notBeforeMs, this.ports.clock.now() + delayMs);
	}

	private finish(entry: Entry, end: FollowEnd): void {
		this.entries.delete(entry);
		entry.resolve(end);
	}
}

interface Due {
	readonly entry: Entry;
	readonly dueMs: number;
}

interface Moment {
	readonly nowMs: number;
	readonly untilMs: number;
	readonly dearness: number;
}

/** When to look at it next; Infinity if not before `untilMs`, or never again. */
function dueMs(entry: Entry, { nowMs, untilMs, dearness }: Moment): number {
	if (entry.looking === 'last') return Infinity;
	// A look that hangs does not keep a job past its deadline.
	if (entry.looking === 'yes') return entry.deadlineMs;
	const wantedMs = entry.unseen > 0 ? nowMs : entry.watch.dueMs(nowMs, untilMs, dearness);
	return Math.min(entry.deadlineMs, Math.max(wantedMs, entry.notBeforeMs));
}

function atDeadline({ lastSeen, lastProblem }: Entry): FollowEnd {
	return { kind: 'deadline', ...present({ lastSeen, lastProblem }) };
}
