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
		raw: null,
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

function open(ledger: Ledger, itemIndex = 0, fingerprint = 'a'): LedgerEntry {
	return ledger.open({ itemIndex, fingerprint, provider: 'runpod', cost: COST }, NOW_MS);
}

function paid(store: LedgerStore, job: Job, itemIndex = 0): LedgerEntry {
	const ledger = new Ledger(store, 0);
	const entry = open(ledger, itemIndex);
	ledger.submitted(entry, job, NOW_MS);
	return entry;
}

const resolve = (store: LedgerStore, runIndex = 0, itemIndex = 0, fingerprint = 'a') =>
	new Ledger(store, runIndex).resolve(itemIndex, [fingerprint]);

test.each([
	['in between', NOW_MS, NOW_MS + 1_000, NOW_MS + 1_000],
	['before the entry was opened', NOW_MS, NOW_MS - 1_000, NOW_MS + 90_000],
	['after the answer', NOW_MS, NOW_MS + 99_000, NOW_MS + 90_000],
	['in the very millisecond of the opening, of which ISO 8601 cuts off parts', NOW_MS + 0.7, NOW_MS + 0.7, NOW_MS],
])('a held answer does not make the job younger: a submit time %s', (_when, openedMs, saidMs, countedMs) => {
	const ledger = new Ledger({}, 0);
	const entry = ledger.open({ itemIndex: 0, fingerprint: 'f', provider: 'runpod' }, openedMs);
	const job = jobOf('a');
	const submittedAt = new Date(saidMs).toISOString();
	ledger.submitted(entry, { ...job, handle: { ...job.handle, submittedAt } }, NOW_MS + 90_000);
	expect(entry.submittedMs).toBe(countedMs);
});

test.each([true, false])("the provider's reply is stored only where it is to come out: %s", (withRaw) => {
	const store: LedgerStore = {};
	const ledger = new Ledger(store, 0);
	const entry = ledger.open({ itemIndex: 0, fingerprint: 'f', provider: 'runpod', withRaw }, NOW_MS);
	const job = jobOf('a', { raw: { said: 'by Runpod' } });
	ledger.submitted(entry, job, NOW_MS);
	expect(JSON.stringify(store).includes('said')).toBe(withRaw);
	ledger.seen(entry, { ...job, status: 'completed', videoUrl: 'https://files/a.mp4' });
	expect(JSON.stringify(store).includes('said')).toBe(withRaw);
});

describe('a retry never pays twice', () => {
	test('what was never submitted is submitted', () => {
		expect(resolve({})).toEqual({ kind: 'submit' });
	});

	test('a running job is followed, also after a restart', () => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1'));
		for (const each of [store, restarted(store), restarted(restarted(store))]) {
			expect(resolve(each)).toMatchObject({
				kind: 'follow',
				handle: { jobId: 'job-1' },
				entry: { submittedMs: NOW_MS, cost: COST },
			});
		}
	});

	test('a finished job is used again', () => {
		const store: LedgerStore = {};
		const entry = paid(store, jobOf('job-1'));
		new Ledger(store, 0).seen(entry, jobOf('job-1', { status: 'completed', videoUrl: 'https://v.example/1.mp4' }));
		expect(resolve(restarted(store))).toMatchObject({ kind: 'reuse', job: { videoUrl: 'https://v.example/1.mp4' } });
	});

	test.each<[string, Partial<Failure>, 'submit' | 'reuse']>([
		['retryable', { retryable: true }, 'submit'],
		['of unknown retryability', {}, 'submit'],
		['not retryable', { retryable: false, code: 'content_policy' }, 'reuse'],
	])('a failed job that is %s', (_name, failure, kind) => {
		const store: LedgerStore = {};
		paid(store, failedOf('job-1', failure));
		expect(resolve(restarted(store)).kind).toBe(kind);
	});

	test('a cancelled job is paid for again only if our own Stop cancelled it', () => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1', { status: 'cancelled' }));
		expect(resolve(store).kind).toBe('reuse');
		new Ledger(store, 0).stopped(jobOf('job-1', { status: 'cancelled' }));
		expect(resolve(restarted(store)).kind).toBe('submit');
	});

	test('a job that Stop could not cancel is still followed, or used if it has ended', () => {
		const store: LedgerStore = {};
		paid(store, jobOf('job-1'));
		new Ledger(store, 0).stopped(jobOf('job-1', { status: 'processing' }));
		expect(resolve(store).kind).toBe('follow');
		new Ledger(store, 0).stopped(jobOf('job-1', { status: 'completed' }));
		expect(resolve(store).kind).toBe('reuse');
		new Ledger(store, 0).stopped(jobOf('nobody-knows-it', { status: 'cancelled' }));
		expect(new Ledger(store, 0).spent().jobs).toBe(1);
	});

	test('a submit whose answer was lost stays unknown', () => {
		const store: LedgerStore = {};
		const ledger = new Ledger(store, 0);
		ledger.unknown(open(ledger), UNKNOWN);
		expect(resolve(restarted(store))).toMatchObject({ kind: 'unknown', entry: { failure: UNKNOWN } });
	});

	test('a process that went away in the middle of a submit leaves it unknown', () => {
		const store: LedgerStore = {};
		open(new Ledger(store, 0));
		expect(resolve(restarted(store))).toMatchObject({ kind: 'unknown', entry: { state: 'submitting' } });
	});

	test('a clear refusal never happened', () => {
		const store: LedgerStore = {};
		const ledger = new Ledger(store, 0);
		ledger.refused(open(ledger));
		expect(resolve(restarted(store))).toEqual({ kind: 'submit' });
		expect(ledger.spent()).toEqual({ jobs: 0, amounts: { USD: 0, credits: 0 } });
	});

	test('a later try takes the place of a failed one; both were paid jobs', () => {
		const store: LedgerStore = {};
		paid(store, failedOf('job-1', { retryable: true }));
		paid(store, jobOf('job-2'));
		expect(resolve(restarted(store))).toMatchObject({ kind: 'follow', handle: { jobId: 'job-2' } });
		expect(new Ledger(store, 0).spent().jobs).toBe(2);
	});

	test('a later try that is refused leaves the item to be tried again', () => {
		const store: LedgerStore = {};
		paid(store, failedOf('job-1', { retryable: true }));
		const ledger = new Ledger(store, 0);
		ledger.refused(open(ledger));
		expect(resolve(store).kind).toBe('submit');
	});
});

describe('what is one job and what is two', () => {
	const store: LedgerStore = {};
	paid(store, jobOf('job-1'));

	test('two equal items are two jobs', () => {
		expect(resolve(store, 0, 1).kind).toBe('submit');
	});

	test("a loop's next turn is a new job", () => {
		expect(resolve(store, 1).kind).toBe('submit');
	});

	test('a changed request is a new job', () => {
		expect(resolve(store, 0, 0, 'b').kind).toBe('submit');
	});

	test('opening one leaves the others as they are', () => {
		const ledger = new Ledger(store, 0);
		open(ledger, 1);
		open(new Ledger(store, 1));
		expect(resolve(store)).toMatchObject({ kind: 'follow', handle: { jobId: 'job-1' } });
	});
});

describe('the store', () => {
	test('several runs at once write into one store', () => {
		const shared: LedgerStore = {};
		const [first, second] = [new Ledger(shared, 0), new Ledger(shared, 1)];
		first.submitted(open(first), jobOf('job-1'), NOW_MS);
		second.submitted(open(second), jobOf('job-2'), NOW_MS);
		expect(resolve(restarted(shared), 0)).toMatchObject({ kind: 'follow', handle: { jobId: 'job-1' } });
		expect(resolve(restarted(shared), 1)).toMatchObject({ kind: 'follow', handle: { jobId: 'job-2' } });
		expect([first.spent().jobs, second.spent().jobs]).toEqual([2, 2]);
	});

	test.each([undefined, null, 'x', 7, {}, [null, 7, 'x', {}, [], { fingerprint: 'a' }]])(
		'%j in it is no ledger',
		(ledger) => {
			const store: LedgerStore = { ledger };
			expect(resolve(store).kind).toBe('submit');
			expect(new Ledger(store, 0).spent().jobs).toBe(0);
		},
	);

	test('every change is in it at once, as plain JSON', () => {
		const store: LedgerStore = {};
		const ledger = new Ledger(store, 0);
		const entry = open(ledger);
		expect(store.ledger).toMatchObject([{ state: 'submitting' }]);
		ledger.submitted(entry, jobOf('job-1'), NOW_MS + 5);
		expect(store.ledger).toMatchObject([{ state: 'submitted', submittedMs: NOW_MS + 5, handle: { jobId: 'job-1' } }]);
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
		['a failed job that was not charged is free', failedOf('1', { charged: 'no' }), 0],
		['a failed job whose charge is unknown counts', failedOf('1', { charged: 'unknown' }), 0.45],
		['a cancelled job counts, as nobody says that it is free', jobOf('1', { status: 'cancelled' }), 0.45],
	])('%s', (_name, job, amount) => {
		const store: LedgerStore = {};
		paid(store, job);
		expect(new Ledger(restarted(store), 3).spent()).toEqual({ jobs: 1, amounts: { USD: amount, credits: 0 } });
	});

	test('an unknown submit counts, and units are kept apart', () => {
		const ledger = new Ledger({}, 0);
		ledger.unknown(open(ledger), UNKNOWN);
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
