import { cancelJob } from '../../nodes/core/calls/cancel';
import { createPoller, type Poller, type PollEnd } from '../../nodes/core/calls/poll';
import { hasEnded, type Handle, type Job } from '../../nodes/core/job';
import { isJson } from '../../nodes/core/json';
import { Ledger, type LedgerEntry, type LedgerStore } from '../../nodes/core/money/ledger';
import { createStatusReader, type CallPorts } from '../../nodes/core/calls/status';
import { jobJson } from '../../nodes/core/output';
import { providers } from '../../nodes/core/providers';
import type { Provider, VideoRequest } from '../../nodes/core/providers/provider';
import { submitOnce } from '../../nodes/core/calls/submit';
import { seeded } from '../bench/shapes';
import { at } from '../support/defined';
import { createStop } from '../support/stop';
import { VirtualClock } from '../support/virtualClock';
import { FaultyProvider } from './faultyProvider';

/** Items of one execution. */
const BATCH = 50;
/** As n8n's Retry On Fail. */
const TRIES = 3;
const TIMEOUT_MS = 1_200_000;
const PATIENCE_MS = 300_000;
/** One try is its submit with its patience, its deadline, one last poll, and cancels after Stop; far below an hour. */
const LONGEST_TRY_MS = 3_600_000;

/** How one item came out of its last try. */
type End = keyof typeof COLUMNS;
const COLUMNS = { video: 'videos', failure: 'failures', timeout: 'timeouts', unknown: 'unknown' } as const;

export interface CoreFaultFigures {
	readonly runs: number;
	readonly videos: number;
	/** Clear failures: refused, failed, cancelled by Stop, ended without a link. */
	readonly failures: number;
	/** Deadlines, each with its job id. */
	readonly timeouts: number;
	/** Submits whose answer was lost: never repeated. */
	readonly unknown: number;
	readonly paidJobs: number;
	/** Items, and one more for each retry of a job that truly had ended without a video. */
	readonly allowedPaid: number;
}

/**
 * Drives submits, polling, cancels and the ledger through `runs` items with seeded faults, on virtual time: executions
 * of 50 items, three tries each, some stopped in the middle. Throws at the first item that is paid for twice, ends
 * without a word, loses its job id or hangs.
 */
export async function runCoreFaults(runs: number, seed: number): Promise<CoreFaultFigures> {
	const figures = { runs: 0, videos: 0, failures: 0, timeouts: 0, unknown: 0, paidJobs: 0, allowedPaid: 0 };
	for (let batch = 0; figures.runs < runs; batch++) {
		const size = Math.min(BATCH, runs - figures.runs);
		const { ends, paidJobs, allowedPaid } = await new Execution(seed * 100_003 + batch, size).run();
		figures.runs += size;
		figures.paidJobs += paidJobs;
		figures.allowedPaid += allowedPaid;
		for (const end of ends) figures[COLUMNS[end]] += 1;
	}
	return figures;
}

function demand(isTrue: boolean, promise: string): void {
	if (!isTrue) throw new Error(`Broken: ${promise}`);
}

/** One execution of some items at one provider. */
class Execution {
	private readonly clock = new VirtualClock();
	private readonly random;
	private readonly provider: Provider;
	private readonly api: FaultyProvider;
	private stop = createStop();
	private store: LedgerStore = {};

	constructor(
		private readonly seed: number,
		private readonly size: number,
	) {
		this.random = seeded(seed);
		this.provider = at(providers, seed % providers.length);
		const faultShare = at([0, 0.05, 0.15, 0.4], Math.floor(this.random() * 4));
		this.api = new FaultyProvider({ clock: this.clock, random: this.random, provider: this.provider.name, faultShare });
	}

	async run(): Promise<{ ends: End[]; paidJobs: number; allowedPaid: number }> {
		let ends: End[] = [];
		for (let attempt = 1; attempt <= TRIES; attempt++) {
			this.stop = createStop();
			const startMs = this.clock.now();
			const isStopped = this.random() < 0.2;
			if (isStopped) void this.stopLater();
			ends = await this.clock.until(this.tryAll());
			demand(this.clock.now() - startMs < LONGEST_TRY_MS, `a try of seed ${this.seed} ends in time`);
			// n8n stores the execution's data between tries of the editor's Retry.
			this.store = JSON.parse(JSON.stringify(this.store));
		}
		demand(
			this.api.paidTwice.length === 0,
			`seed ${this.seed} pays once, but ${this.api.paidTwice.join(', ')} was paid for twice`,
		);
		return { ends, paidJobs: this.api.accepted(), allowedPaid: this.size + this.api.allowedRepeats };
	}

	private async stopLater(): Promise<void> {
		await this.clock.sleep(300_000 * this.random());
		this.stop.request();
	}

	private async tryAll(): Promise<End[]> {
		const ledger = new Ledger(this.store, { runIndex: 0, underWay: new Map() });
		const reader = createStatusReader(this.provider, this.api.send, this.clock);
		const read = async (handle: Handle) => await reader.read(handle, { graceFromFirstRead: true });
		const poller = createPoller({ clock: this.clock, random: this.random, stop: this.stop, read });
		return await Promise.all(
			Array.from({ length: this.size }, async (_, index) => await this.tryOne(index, ledger, poller, read)),
		);
	}

	private requestOf(index: number): VideoRequest {
		const { name, defaultModel } = this.provider;
		return {
			provider: name,
			model: defaultModel,
			input: { prompt: `item-${index}`, duration: 5 },
			pictures: [],
			links: [],
			submitWith: 'run',
			hasEndImage: false,
		};
	}

	private async tryOne(
		index: number,
		ledger: Ledger,
		poller: Poller,
		readStatus: CallPorts['readStatus'],
	): Promise<End> {
		const known = ledger.find(index, [`item-${index}`]);
		if (known.kind === 'unknown') return 'unknown';
		const entry = known.kind === 'job' ? known.entry : await this.submit(index, ledger);
		if (typeof entry === 'string') return entry;
		const { handle, job: lastSeen, submittedMs } = entry;
		if (handle === undefined || lastSeen === undefined) throw new Error('Broken: a submitted job has its handle');
		demand(this.api.ownerOf(handle.jobId) === `item-${index}`, 'the handle is the job that was paid for');
		if (hasEnded(lastSeen)) return this.endOf(lastSeen, index);
		const pollNow = known.kind === 'job';
		const end = await poller.poll({ handle, deadlineMs: submittedMs + TIMEOUT_MS, lastSeen, pollNow });
		if (end.kind === 'ended') ledger.noteSeen(entry, end.job);
		return await this.settle(end, entry, { ledger, readStatus, index });
	}

	private async submit(index: number, ledger: Ledger): Promise<LedgerEntry | End> {
		const { clock, random, stop, api } = this;
		const item = `item-${index}`;
		const before = api.accepted(item);
		const entry = ledger.open({ itemIndex: index, fingerprint: item, provider: this.provider.name }, clock.now());
		const end = await submitOnce(
			this.provider,
			this.requestOf(index),
			{ patienceMs: PATIENCE_MS },
			{ clock, random, stop, send: api.send },
		);
		const made = api.accepted(item) - before;
		demand(made <= 1, `one submit of seed ${this.seed} makes at most one job`);
		if (end.kind === 'job') {
			ledger.noteSubmitted(entry, end.job, clock.now());
			return entry;
		}
		demand(end.failure.message !== '', 'a refusal says why');
		const isUnknown = end.failure.code === 'submit_unknown';
		if (isUnknown) ledger.noteUnclear(entry, end.failure);
		else ledger.noteRefused(entry);
		demand(isUnknown || made === 0, `what seed ${this.seed} calls refused has made no job`);
		return isUnknown ? 'unknown' : 'failure';
	}

	private async settle(
		end: PollEnd,
		{ handle }: LedgerEntry,
		{ ledger, readStatus, index }: { ledger: Ledger; readStatus: CallPorts['readStatus']; index: number },
	): Promise<End> {
		if (end.kind === 'ended') return this.endOf(end.job, index);
		if (end.kind === 'deadline') return 'timeout';
		if (end.kind === 'refused') {
			demand(end.failure.message !== '', 'a refusal says why');
			return 'failure';
		}
		if (handle === undefined) throw new Error('Broken: a polled job has its handle');
		const { clock, random, api } = this;
		const ports = { clock, random, send: api.send, readStatus };
		const cancelled = await cancelJob(this.provider, handle, ports);
		if (cancelled.kind === 'job') ledger.noteStopped(cancelled.job);
		return 'failure';
	}

	private endOf(job: Job, index: number): End {
		const json = jobJson(job);
		demand(isJson(json) && !('error' in json), 'an item is JSON without a key "error"');
		demand(this.api.ownerOf(job.handle.jobId) === `item-${index}`, 'an item names its own job');
		if (job.status === 'completed' && job.videoUrl !== undefined) {
			demand(job.videoUrl.includes(job.handle.jobId), 'an item has its own video');
			return 'video';
		}
		demand(job.status !== 'failed' || job.failure.message !== '', 'a failure says why');
		return 'failure';
	}
}
