import type { Failure, Job } from '../../../nodes/core/job';
import { Ledger, type LedgerEntry, type LedgerStore } from '../../../nodes/core/money/ledger';

const NOW_MS = Date.UTC(2026, 0, 1);
const COST = { amount: 0.45, unit: 'USD', source: 'estimated' } as const;
const UNKNOWN: Failure = { message: 'It is not known', code: 'submit_unknown', retryable: false, charged: 'unknown' };

function jobOf(jobId: string, end: Partial<Job> = {}): Job {
	// A job of any status, put together from parts that fit.
	return {
		handle: { provider: 'runpod', model: 'kling-v2-1-i2v-pro', jobId },
		status: 'pending',
		...end,
	} as Job;
}

function failedOf(jobId: string, failure: Partial<Failure>): Job {
	return jobOf(jobId, {
		status: 'failed',
		failure: { message: 'no', code: 'provider_error', charged: 'unknown', ...failure },
	});
}

/** What a process that starts anew finds: the store after its way through JSON. */
function restarted(store: LedgerStore): LedgerStore {
	return JSON.parse(JSON.stringify(store));
}

function ledgerOf(store: LedgerStore, runIndex = 0, executionId?: string): Ledger {
	return new Ledger(store, { runIndex, executionId, underWay: new Map() });
}

function open(ledger: Ledger, itemIndex = 0, fingerprint = 'a'): LedgerEntry {
	return ledger.open({ itemIndex, fingerprint, provider: 'runpod', cost: COST }, NOW_MS);
}

function paid(store: LedgerStore, job: Job, itemIndex = 0): LedgerEntry {
	const ledger = ledgerOf(store, 0);
	const entry = open(ledger, itemIndex);
	ledger.noteSubmitted(entry, job, NOW_MS);
	return entry;
}

const find = (store: LedgerStore, runIndex = 0, itemIndex = 0, fingerprint = 'a') =>
	ledgerOf(store, runIndex).find(itemIndex, [fingerprint]);

test.each([
	['in between', NOW_MS, NOW_MS + 1_000, NOW_MS + 1_000],
	['before the entry was opened', NOW_MS, NOW_MS - 1_000, NOW_MS + 90_000],
	['after the answer', NOW_MS, NOW_MS + 99_000, NOW_MS + 90_000],
	['in the very millisecond of the opening, of which ISO 8601 cuts off parts', NOW_MS + 0.7, NOW_MS + 0.7, NOW_MS],
])('a held answer does not make the job younger: a submit time %s', (_when, openedMs, saidMs, countedMs) => {
	const ledger = ledgerOf({}, 0);
	const entry = ledger.open({ itemIndex: 0, fingerprint: 'f', provider: 'runpod' }, openedMs);
	const job = jobOf('a');
	const submittedAt = new Date(saidMs).toISOString();
	ledger.noteSubmitted(entry, { ...job, handle: { ...job.handle, submittedAt } }, NOW_MS + 90_000);
	expect(entry.submittedMs).toBe(countedMs);
});

test('a submit under way can be awaited by every run of its process until its answer has come', async () => {
	const underWay = new Map();
	const store: LedgerStore = {};
	const [one, other] = [new Ledger(store, { runIndex: 0, underWay }), new Ledger(store, { runIndex: 0, underWay })];
	const entry = open(one);
	const answer = other.whenAnswered(entry);
	expect(answer).toBeInstanceOf(Promise);
	one.noteSubmitted(entry, jobOf('job-1'), NOW_MS);
	await answer;
	expect(other.whenAnswered(entry)).toBeUndefined();
	expect(underWay.size).toBe(0);
});

test('an entry that is refused twice takes no other entry with it', () => {
	const store: LedgerStore = {};
	const ledger = ledgerOf(store);
	const [first, second] = [open(ledger, 0), open(ledger, 1, 'b')];
	ledger.noteRefused(first);
	ledger.noteRefused(first);
	expect(store.ledger).toEqual([second]);
});

test.each([true, false])("the provider's reply is stored only where it is to come out: %s", (keepsRaw) => {
	const store: LedgerStore = {};
	const ledger = ledgerOf(store, 0);
	const entry = ledger.open({ itemIndex: 0, fingerprint: 'f', provider: 'runpod', keepsRaw }, NOW_MS);
	const job = jobOf('a', { raw: { said: 'by Runpod' } });
	ledger.noteSubmitted(entry, job, NOW_MS);
	expect(JSON.stringify(store).includes('said')).toBe(keepsRaw);
	ledger.noteSeen(entry, { ...job, status: 'completed', videoUrl: 'https://files/a.mp4' });
	expect(JSON.stringify(store).includes('said')).toBe(keepsRaw);
});

describe('a retry never pays twice', () => {
	test('what was never submitted is submitted', () => {
		expect(find({})).toEqual({ kind: 'maySubmit' });
	});

	test('a running job is followed, also after a restart', () => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1'));
		for (const each of [store, restarted(store), restarted(restarted(store))]) {
			expect(find(each)).toMatchObject({
				kind: 'job',
				job: { handle: { jobId: 'job-1' } },
				entry: { submittedMs: NOW_MS, cost: COST },
			});
		}
	});

	test('a finished job is used again', () => {
		const store: LedgerStore = {};
		const entry = paid(store, jobOf('job-1'));
		ledgerOf(store, 0).noteSeen(entry, jobOf('job-1', { status: 'completed', videoUrl: 'https://v.example/1.mp4' }));
		expect(find(restarted(store))).toMatchObject({ kind: 'job', job: { videoUrl: 'https://v.example/1.mp4' } });
	});

	test.each<[string, Partial<Failure>, 'maySubmit' | 'job']>([
		['retryable', { retryable: true }, 'maySubmit'],
		['of unknown retryability', {}, 'maySubmit'],
		['not retryable', { retryable: false, code: 'content_policy' }, 'job'],
		['retryable, but charged for', { retryable: true, charged: 'yes' }, 'job'],
	])('a failed job that is %s', (_name, failure, kind) => {
		const store: LedgerStore = {};
		paid(store, failedOf('job-1', failure));
		expect(find(restarted(store)).kind).toBe(kind);
	});

	test('a cancelled job is paid for again only if our own Stop cancelled it', () => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1', { status: 'cancelled' }));
		expect(find(store).kind).toBe('job');
		ledgerOf(store, 0).noteStopped(jobOf('job-1', { status: 'cancelled' }));
		expect(find(restarted(store)).kind).toBe('maySubmit');
	});

	test('a job that Stop could not cancel is still followed, or used if it has ended', () => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1'));
		ledgerOf(store, 0).noteStopped(jobOf('job-1', { status: 'processing' }));
		expect(find(store).kind).toBe('job');
		ledgerOf(store, 0).noteStopped(jobOf('job-1', { status: 'completed' }));
		expect(find(store).kind).toBe('job');
		ledgerOf(store, 0).noteStopped(jobOf('nobody-knows-it', { status: 'cancelled' }));
		expect(ledgerOf(store, 0).spent().jobs).toBe(1);
	});

	test('a job that was seen cancelled after Stop, and turns out to be completed, is used', () => {
		const store: LedgerStore = {};
		const entry = paid(store, jobOf('job-1'));
		ledgerOf(store).noteStopped(jobOf('job-1', { status: 'cancelled' }));
		ledgerOf(store).noteSeen(entry, jobOf('job-1', { status: 'completed' }));
		expect(find(store)).toMatchObject({ kind: 'job', job: { status: 'completed' } });
	});

	test('a job that Stop could not cancel, and somebody else did, is not paid for again', () => {
		const store: LedgerStore = {};
		const entry = paid(store, jobOf('job-1'));
		ledgerOf(store).noteStopped(jobOf('job-1', { status: 'processing' }));
		ledgerOf(store).noteSeen(entry, jobOf('job-1', { status: 'cancelled' }));
		expect(find(store).kind).toBe('job');
	});

	test('what Stop says of one job changes no other entry', () => {
		const store: LedgerStore = {};
		const ledger = ledgerOf(store);
		ledger.noteUnclear(open(ledger), UNKNOWN);
		ledger.noteSubmitted(open(ledger, 1, 'b'), jobOf('job-1'), NOW_MS);
		ledger.noteStopped(jobOf('job-1', { status: 'cancelled' }));
		expect([find(store).kind, find(store, 0, 1, 'b').kind]).toEqual(['unclear', 'maySubmit']);
	});

	test('a job of which only the ID is known is followed as one that waits', () => {
		const { handle } = jobOf('job-1');
		const store: LedgerStore = { ledger: [{ ...open(ledgerOf({})), handle }] };
		expect(find(store)).toMatchObject({ kind: 'job', job: { handle, status: 'pending' } });
	});

	test('a submit whose answer was lost stays unknown', () => {
		const store: LedgerStore = {};
		const ledger = ledgerOf(store, 0);
		ledger.noteUnclear(open(ledger), UNKNOWN);
		expect(find(restarted(store))).toMatchObject({ kind: 'unclear', entry: { failure: UNKNOWN } });
	});

	test('a process that went away in the middle of a submit leaves it unknown', () => {
		const store: LedgerStore = {};
		open(ledgerOf(store, 0));
		expect(find(restarted(store))).toMatchObject({ kind: 'unclear', entry: { submittedMs: NOW_MS } });
	});

	test('a clear refusal never happened', () => {
		const store: LedgerStore = {};
		const ledger = ledgerOf(store, 0);
		ledger.noteRefused(open(ledger));
		expect(find(restarted(store))).toEqual({ kind: 'maySubmit' });
		expect(ledger.spent()).toEqual({ jobs: 0, amounts: { USD: 0, credits: 0 } });
	});

	test('a later try takes the place of a failed one; both were paid jobs', () => {
		const store: LedgerStore = {};
		paid(store, failedOf('job-1', { retryable: true }));
		paid(store, jobOf('job-2'));
		expect(find(restarted(store))).toMatchObject({ kind: 'job', job: { handle: { jobId: 'job-2' } } });
		expect(ledgerOf(store, 0).spent().jobs).toBe(2);
	});

	test('a later try that is refused leaves the item to be tried again', () => {
		const store: LedgerStore = {};
		paid(store, failedOf('job-1', { retryable: true }));
		const ledger = ledgerOf(store, 0);
		ledger.noteRefused(open(ledger));
		expect(find(store).kind).toBe('maySubmit');
	});
});

describe('what is one job and what is two', () => {
	let store: LedgerStore;
	beforeEach(() => {
		store = {};
		paid(store, jobOf('job-1'));
	});

	test('two equal items are two jobs', () => {
		expect(find(store, 0, 1).kind).toBe('maySubmit');
	});

	test("a loop's next turn is a new job", () => {
		expect(find(store, 1).kind).toBe('maySubmit');
	});

	test('a changed request is a new job', () => {
		expect(find(store, 0, 0, 'b').kind).toBe('maySubmit');
	});

	test('a request that each try reads anew is one job within an execution, and another one in a later execution', () => {
		const shared: LedgerStore = {};
		const ledger = ledgerOf(shared, 0, '1');
		ledger.noteSubmitted(open(ledger), jobOf('job-1'), NOW_MS);
		const kindIn = (executionId: string) => ledgerOf(shared, 0, executionId).find(0, ['changed by the time']).kind;
		expect([kindIn('1'), kindIn('2')]).toEqual(['job', 'maySubmit']);
	});

	test('opening one leaves the others as they are', () => {
		const ledger = ledgerOf(store, 0);
		open(ledger, 1);
		open(ledgerOf(store, 1));
		expect(find(store)).toMatchObject({ kind: 'job', job: { handle: { jobId: 'job-1' } } });
	});
});

describe('the store', () => {
	test('several runs at once write into one store', () => {
		const shared: LedgerStore = {};
		const [first, second] = [ledgerOf(shared, 0), ledgerOf(shared, 1)];
		first.noteSubmitted(open(first), jobOf('job-1'), NOW_MS);
		second.noteSubmitted(open(second), jobOf('job-2'), NOW_MS);
		expect(find(restarted(shared), 0)).toMatchObject({ kind: 'job', job: { handle: { jobId: 'job-1' } } });
		expect(find(restarted(shared), 1)).toMatchObject({ kind: 'job', job: { handle: { jobId: 'job-2' } } });
		expect([first.spent().jobs, second.spent().jobs]).toEqual([2, 2]);
	});

	test.each([undefined, null, 'x', 7, {}, [null, 7, 'x', {}, [], { fingerprint: 'a' }]])(
		'%j in it is no ledger',
		(ledger) => {
			const store: LedgerStore = { ledger };
			expect(find(store).kind).toBe('maySubmit');
			expect(ledgerOf(store, 0).spent().jobs).toBe(0);
		},
	);

	test.each([
		['fingerprint', { itemIndex: 0, submittedMs: NOW_MS }],
		['item', { fingerprint: 'a', submittedMs: NOW_MS }],
		['time', { fingerprint: 'a', itemIndex: 0 }],
	])('what has no %s is no entry, and takes no entry with it', (_what, damaged) => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1'));
		const entries = [
			damaged,
			...ledgerOf(store)
				.usableJobs()
				.map(({ entry }) => entry),
		];
		const read = ledgerOf({ ledger: entries });
		expect(read.spent().jobs).toBe(1);
		expect(read.find(0, ['a'])).toMatchObject({ kind: 'job', job: { handle: { jobId: 'job-1' } } });
	});

	test('every change is in it at once, as plain JSON', () => {
		const store: LedgerStore = {};
		const ledger = ledgerOf(store, 0);
		const entry = open(ledger);
		expect(store.ledger).toMatchObject([{ submittedMs: NOW_MS }]);
		ledger.noteSubmitted(entry, jobOf('job-1'), NOW_MS + 5);
		expect(store.ledger).toMatchObject([{ submittedMs: NOW_MS + 5, handle: { jobId: 'job-1' } }]);
		expect(restarted(store)).toEqual(store);
	});
});

describe('what was spent', () => {
	test.each<[string, Job, number]>([
		['a running job counts its estimate', jobOf('1'), 0.45],
		[
			'a reported cost takes its place',
			jobOf('1', { status: 'completed', cost: { amount: 0.36, unit: 'USD', source: 'reported' } }),
			0.36,
		],
		['a failed job whose charge is unknown counts', failedOf('1', { charged: 'unknown' }), 0.45],
		['a cancelled job counts, as nobody says that it is free', jobOf('1', { status: 'cancelled' }), 0.45],
	])('%s', (_name, job, amount) => {
		const store: LedgerStore = {};
		paid(store, job);
		expect(ledgerOf(restarted(store), 3).spent()).toEqual({ jobs: 1, amounts: { USD: amount, credits: 0 } });
	});

	test('a failed job that was not charged is free, and no job of a limit', () => {
		const store: LedgerStore = {};
		paid(store, failedOf('1', { charged: 'no' }));
		expect(ledgerOf(restarted(store), 3).spent()).toEqual({ jobs: 0, amounts: { USD: 0, credits: 0 } });
	});

	test('an unknown submit counts, and units are kept apart', () => {
		const ledger = ledgerOf({}, 0);
		ledger.noteUnclear(open(ledger), UNKNOWN);
		ledger.open(
			{
				itemIndex: 1,
				fingerprint: 'b',
				provider: 'coreToday',
				cost: { amount: 375, unit: 'credits', source: 'minimum' },
			},
			NOW_MS,
		);
		ledger.open({ itemIndex: 2, fingerprint: 'c', provider: 'coreToday' }, NOW_MS);
		expect(ledger.spent()).toEqual({ jobs: 3, amounts: { USD: 0.45, credits: 375 } });
	});
});

test('the latest submit for an item of this run is found, whatever its request was', () => {
	const store: LedgerStore = {};
	const ledger = ledgerOf(store, 1, '7');
	expect(ledger.latest(0)).toBeUndefined();
	open(ledger, 0, 'a');
	open(ledger, 0, 'b');
	const last = open(ledger, 0, 'a');
	open(ledger, 1, 'c');
	open(ledgerOf(store, 0), 0, 'd');
	expect(ledger.latest(0)).toBe(last);
});

test("an agent's call is told of no other call's submit", () => {
	const ledger = ledgerOf({});
	open(ledger);
	expect(ledger.latest(0)).toBeUndefined();
});

test('what a try has submitted is what it opened itself, without what was refused', () => {
	const store: LedgerStore = {};
	paid(store, jobOf('of an earlier try'));
	const ledger = ledgerOf(restarted(store));
	const [submitted, refused, unclear] = [open(ledger, 1), open(ledger, 2), open(ledger, 3)];
	ledger.noteSubmitted(submitted, jobOf('job-1'), NOW_MS);
	ledger.noteRefused(refused);
	ledger.noteUnclear(unclear, UNKNOWN);
	expect(ledger.submittedNow()).toEqual([submitted, unclear]);
	expect(ledger.spent().jobs).toBe(3);
});
