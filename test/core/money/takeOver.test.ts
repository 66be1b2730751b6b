import type { Job } from '../../../nodes/core/job';
import { Ledger, type LedgerEntry, type LedgerStore } from '../../../nodes/core/money/ledger';

const NOW_MS = Date.UTC(2026, 0, 1);
const COST = { amount: 0.45, unit: 'USD', source: 'estimated' } as const;
const NOTHING_SPENT = { jobs: 0, amounts: { USD: 0, credits: 0 } };

const handle = { provider: 'runpod', jobId: 'a' } as const;
const running: Job = { handle, status: 'processing' };
const completed: Job = { handle, status: 'completed' };
const failed: Job = {
	handle,
	status: 'failed',
	failure: { message: 'no', code: 'provider_error', charged: 'unknown' },
};
const cancelled: Job = { handle, status: 'cancelled' };

function ledgerOf(store: LedgerStore, runIndex = 0, executionId = '2'): Ledger {
	return new Ledger(store, { runIndex, executionId, underWay: new Map() });
}

/** What an earlier execution paid for. */
function paidBefore(job: Job): LedgerEntry {
	const earlier = ledgerOf({}, 4, '1');
	const entry = earlier.open({ itemIndex: 7, fingerprint: 'f', provider: 'runpod', cost: COST }, NOW_MS - 1_000);
	earlier.noteSubmitted(entry, job, NOW_MS - 1_000);
	return entry;
}

const takeOver = (ledger: Ledger, job: Job) => ledger.takeOver(paidBefore(job), job, { itemIndex: 0 }, NOW_MS);

test.each([
	['running', running],
	['completed', completed],
] as const)('a %s job that is taken over is found as the job of its item', (_status, job) => {
	const store: LedgerStore = {};
	expect(takeOver(ledgerOf(store), job)).toMatchObject({ kind: 'job', job });
	expect(ledgerOf(JSON.parse(JSON.stringify(store))).find(0, ['changed by the time of day'])).toMatchObject({
		kind: 'job',
	});
	expect(ledgerOf(store).find(7, ['f'])).toEqual({ kind: 'maySubmit' });
	expect(ledgerOf(store, 1).find(0, ['f'])).toEqual({ kind: 'maySubmit' });
});

test('what is taken over was not spent here', () => {
	const ledger = ledgerOf({});
	takeOver(ledger, running);
	expect(ledger.spent()).toEqual(NOTHING_SPENT);
	ledger.open({ itemIndex: 1, fingerprint: 'g', provider: 'runpod', cost: COST }, NOW_MS);
	expect(ledger.spent()).toMatchObject({ jobs: 1, amounts: { USD: 0.45 } });
});

test('each turn of a loop counts what it took over itself', () => {
	const store: LedgerStore = {};
	ledgerOf(store, 0).open({ itemIndex: 9, fingerprint: 'g', provider: 'runpod' }, NOW_MS);
	takeOver(ledgerOf(store, 0), running);
	takeOver(ledgerOf(store, 1), running);
	takeOver(ledgerOf(store, 1), completed);
	expect([0, 1, 2].map((turn) => ledgerOf(store, turn).countTakenOver())).toEqual([1, 2, 0]);
	// A retry of it took nothing over.
	expect(ledgerOf(store, 1, '3').countTakenOver()).toBe(0);
});

test.each([
	['running', running, 1],
	['completed', completed, 1],
	['failed', failed, 0],
	['cancelled', cancelled, 0],
] as const)('of %s jobs a later run can use %d', (_status, job, count) => {
	const ledger = ledgerOf({});
	const entry = ledger.open({ itemIndex: 0, fingerprint: 'f', provider: 'runpod' }, NOW_MS);
	ledger.noteSubmitted(entry, job, NOW_MS);
	expect(ledger.usableJobs()).toHaveLength(count);
});

test('a submit whose answer was lost is of no use to a later run', () => {
	const ledger = ledgerOf({});
	ledger.open({ itemIndex: 0, fingerprint: 'f', provider: 'runpod' }, NOW_MS);
	expect(ledger.usableJobs()).toEqual([]);
});

test('a ledger knows its jobs, and by which execution it was begun, also in the retry of a retry', () => {
	const store: LedgerStore = {};
	takeOver(ledgerOf(store, 0, '2'), running);
	const retried = ledgerOf(JSON.parse(JSON.stringify(store)), 0, '3');
	retried.open({ itemIndex: 1, fingerprint: 'g', provider: 'runpod' }, NOW_MS);
	expect(retried.firstExecutionId).toBe('2');
	expect([retried.has(handle), retried.has({ ...handle, provider: 'coreToday' })]).toEqual([true, false]);
	// The submit of the second item has no answer yet.
	expect(retried.has({ ...handle, jobId: 'b' })).toBe(false);
});
