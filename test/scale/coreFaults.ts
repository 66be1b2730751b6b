import { cancelJob } from '../../nodes/core/calls/cancel';
import { createPoller, type Poller, type PollEnd } from '../../nodes/core/calls/poll';
import { hasEnded, type Handle, type Job } from '../../nodes/core/job';
import { isJson } from '../../nodes/core/json';
import { judgeLink, type LinkAnswer } from '../../nodes/core/media/linkedPicture';
import { parseForm } from '../../nodes/core/models/form';
import { Ledger, type LedgerEntry, type LedgerStore } from '../../nodes/core/money/ledger';
import { createStatusReader, type CallPorts } from '../../nodes/core/calls/status';
import { jobJson } from '../../nodes/core/output';
import { providerOf } from '../../nodes/core/providers';
import type { Provider, VideoRequest } from '../../nodes/core/providers/provider';
import { submitOnce } from '../../nodes/core/calls/submit';
import { seeded } from '../bench/shapes';
import { at } from '../support/defined';
import { createStop } from '../support/stop';
import { VirtualClock } from '../support/virtualClock';
import { FaultFigures, type End } from './faultFigures';
import { faultyModels, type FaultyModel, type Wanted } from './faultyModels';
import { FaultyProvider, PROVIDER_FAULTS } from './faultyProvider';

/** Items of one execution. */
const BATCH = 50;
/** As n8n's Retry On Fail. */
const TRIES = 3;
const TIMEOUT_MS = 1_200_000;
const PATIENCE_MS = 300_000;
/** One try is its submit with its patience, its deadline, one last poll, and cancels after Stop; far below an hour. */
const LONGEST_TRY_MS = 3_600_000;

/** Of so many items the picture does not open, and so many of these are not looked at before the submit. */
const BAD_PICTURES = { share: 0.08, unseen: 0.4 };
const STORAGE_REFUSAL = '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** What a look at a picture's link is answered, by what is wrong with it. The first bytes may look like a picture's. */
const LOOKS: ReadonlyArray<readonly [kind: string, answers: readonly LinkAnswer[]]> = [
	[
		'picture is a page',
		[
			{ status: 200, start: bytes('\n<!DOCTYPE html><html><title>Sign in</title></html>') },
			{ status: 200, start: bytes('<?xml version="1.0"?><ListBucketResult></ListBucketResult>') },
			{ status: 403, start: bytes('<html>Just a moment...</html>') },
		],
	],
	[
		'picture is a broken file',
		[
			{ status: 200, start: new Uint8Array(0) },
			{ status: 200, start: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0) },
			{ status: 200, start: bytes('RIFF....WEBPVP8 ') },
		],
	],
	[
		'picture is a link that ends',
		[
			{ status: 404, start: bytes('<html>Not Found</html>') },
			{ status: 410, start: new Uint8Array(0) },
			{ status: 403, start: bytes(STORAGE_REFUSAL) },
		],
	],
];

/** Every kind of fault that is drawn here. */
export const CORE_FAULTS: readonly string[] = [...PROVIDER_FAULTS, ...LOOKS.map(([kind]) => kind)];

/**
 * Drives forms, looks at links, submits, polling, cancels and the ledger of every documented model through `items` items
 * with seeded faults, on virtual time: executions of 50 items of one model, three tries each, some stopped in the middle.
 * Throws at the first item that is paid for twice, ends without a word, loses its job id or hangs.
 */
export async function runCoreFaults(items: number, seed: number): Promise<FaultFigures> {
	const figures = new FaultFigures();
	for (let batch = 0; figures.items < items; batch++) {
		const size = Math.min(BATCH, items - figures.items);
		const model = at(faultyModels, batch % faultyModels.length);
		await new Execution(seed * 100_003 + batch, size, model).run(figures);
	}
	return figures;
}

function demand(isTrue: boolean, promise: string): void {
	if (!isTrue) throw new Error(`Broken: ${promise}`);
}

/** One item's picture that does not open. */
interface BadPicture {
	readonly kind: string;
	/** What a look is answered; undefined where nobody looks. */
	readonly look: LinkAnswer | undefined;
}

/** One execution of some items of one model. */
class Execution {
	private readonly clock = new VirtualClock();
	private readonly random;
	private readonly provider: Provider;
	private readonly api: FaultyProvider;
	/** By item. */
	private readonly badPictures = new Map<string, BadPicture>();
	private stop = createStop();
	private store: LedgerStore = {};

	constructor(
		private readonly seed: number,
		private readonly size: number,
		private readonly model: FaultyModel,
	) {
		this.random = seeded(seed);
		this.provider = providerOf(model.provider);
		const faultShare = this.pick([0, 0.05, 0.15, 0.4]);
		for (let index = 0; index < size; index++) {
			if (this.random() < BAD_PICTURES.share) this.badPictures.set(itemAt(index), this.drawBadPicture());
		}
		this.api = new FaultyProvider({
			clock: this.clock,
			random: this.random,
			model,
			bodyFor: (item) => model.body(wantedFor(item)),
			opens: (item) => !this.badPictures.has(item),
			faultShare,
		});
	}

	/** Adds what came of it to the figures. */
	async run(figures: FaultFigures): Promise<void> {
		let ends: End[] = [];
		for (let attempt = 1; attempt <= TRIES; attempt++) {
			this.stop = createStop();
			const startMs = this.clock.now();
			const isStopped = this.random() < 0.2;
			if (isStopped) void this.stopLater();
			ends = await this.clock.until(this.tryAll());
			demand(this.clock.now() - startMs < LONGEST_TRY_MS, `a try of seed ${this.seed} ends in time`);
			// n8n stores the execution's data between an execution and its retry.
			this.store = JSON.parse(JSON.stringify(this.store));
		}
		this.demandPromises(ends);
		const { id } = this.model;
		figures.items += this.size;
		figures.paidJobs += this.api.accepted();
		figures.allowedJobs += this.size + this.api.allowedRepeats;
		for (const end of ends) figures.ends.add(end, id);
		for (const [kind, items] of this.api.met) figures.met.add(kind, id, items.size);
		for (const { kind } of this.badPictures.values()) figures.met.add(kind, id);
	}

	/** What has to hold at the end of all tries. */
	private demandPromises(ends: readonly End[]): void {
		const { seed, api, store } = this;
		demand(api.paidTwice.length === 0, `seed ${seed} pays once, but ${api.paidTwice.join(', ')} was paid for twice`);
		demand(api.wrongSubmits.length === 0, `seed ${seed} submits what the document says, not ${api.wrongSubmits[0]}`);
		const kept = JSON.stringify(store);
		const lostJobs = api
			.owners()
			.filter(({ id, item }) => !kept.includes(id) && ends[indexOf(item)] !== 'unknown')
			.map(({ id }) => id);
		demand(lostJobs.length === 0, `seed ${seed} keeps every job ID, but lost ${lostJobs.join(', ')}`);
		const refusedPaid = ends.flatMap((end, index) =>
			end === 'refused' && api.accepted(itemAt(index)) > 0 ? [index] : [],
		);
		demand(refusedPaid.length === 0, `seed ${seed} paid for the refused items ${refusedPaid.join(', ')}`);
	}

	private pick<T>(choices: readonly T[]): T {
		return at(choices, Math.floor(this.random() * choices.length));
	}

	private drawBadPicture(): BadPicture {
		const [kind, answers] = this.pick(LOOKS);
		return { kind, look: this.random() < BAD_PICTURES.unseen ? undefined : this.pick(answers) };
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
		const { id, provider, form } = this.model;
		const filled = { ...form(wantedFor(itemAt(index))), model: id };
		const parsed = parseForm(provider, filled, { providerIsLocal: false, waits: true });
		if (parsed.kind === 'request') return parsed.request;
		throw new Error(`Broken: the documented form of ${id} is taken: ${JSON.stringify(parsed.problems)}`);
	}

	private async tryOne(
		index: number,
		ledger: Ledger,
		poller: Poller,
		readStatus: CallPorts['readStatus'],
	): Promise<End> {
		const known = ledger.find(index, [itemAt(index)]);
		if (known.kind === 'unclear') return 'unknown';
		if (known.kind === 'maySubmit' && this.isRefusedByLook(index)) return this.refusedEnd(index);
		const entry = known.kind === 'job' ? known.entry : await this.submit(index, ledger);
		if (typeof entry === 'string') return entry;
		const { handle, job: lastSeen, submittedMs } = entry;
		if (handle === undefined || lastSeen === undefined) throw new Error('Broken: a submitted job has its handle');
		demand(this.api.ownerOf(handle.jobId) === itemAt(index), 'the handle is the job that was paid for');
		if (hasEnded(lastSeen)) return this.endOf(lastSeen, index);
		const pollNow = known.kind === 'job';
		const end = await poller.poll({ handle, deadlineMs: submittedMs + TIMEOUT_MS, lastSeen, pollNow });
		if (end.kind === 'ended') ledger.noteSeen(entry, end.job);
		return await this.settle(end, entry, { ledger, readStatus, index });
	}

	/** As Check Picture Links does: only what is sure to fail is refused. */
	private isRefusedByLook(index: number): boolean {
		const look = this.badPictures.get(itemAt(index))?.look;
		return look !== undefined && judgeLink(look, true).kind === 'refused';
	}

	/** An earlier try may have made a job that failed. */
	private refusedEnd(index: number): End {
		return this.api.accepted(itemAt(index)) === 0 ? 'refused' : 'failure';
	}

	private async submit(index: number, ledger: Ledger): Promise<LedgerEntry | End> {
		const { clock, random, stop, api } = this;
		const item = itemAt(index);
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
		return isUnknown ? 'unknown' : this.refusedEnd(index);
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
		demand(this.api.ownerOf(job.handle.jobId) === itemAt(index), 'an item names its own job');
		if (job.status === 'completed' && job.videoUrl !== undefined) {
			demand(job.videoUrl.includes(job.handle.jobId), 'an item has its own video');
			return 'video';
		}
		demand(job.status !== 'failed' || job.failure.message !== '', 'a failure says why');
		return 'failure';
	}
}

/** An item is known by its prompt. */
function itemAt(index: number): string {
	return `item-${index}`;
}

function indexOf(item: string): number {
	return Number(item.slice('item-'.length));
}

function wantedFor(item: string): Wanted {
	const folder = 'https://files.example';
	return { prompt: item, negative: 'blur', picture: `${folder}/${item}.png`, clip: `${folder}/${item}.mp4` };
}
