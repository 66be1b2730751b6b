import type { Handle, Job } from '../../../nodes/core/job';
import { LeftJobs, type LeftJob, type Wanted } from '../../../nodes/core/money/leftJobs';

const NOW_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function leftOf(jobId: string, differences: { fingerprint?: string; account?: string; leftMs?: number } = {}): LeftJob {
	const { fingerprint = 'a', account = 'mine', leftMs = NOW_MS } = differences;
	const job: Job = { handle: { provider: 'runpod', jobId }, status: 'completed' };
	const entry = { runIndex: 0, itemIndex: 0, fingerprint, provider: 'runpod', submittedMs: NOW_MS, job } as const;
	return { account, entry, job, leftMs };
}

function jobsOf(...jobs: LeftJob[]): LeftJobs {
	const left = new LeftJobs();
	for (const job of jobs) left.leave(job);
	return left;
}

const WANTED: Wanted = { account: 'mine', fingerprint: 'a', isKnown: () => false };
const takeAll = (left: LeftJobs, wanted = WANTED, nowMs = NOW_MS): string[] => {
	const taken = left.take(wanted, nowMs);
	return taken === undefined ? [] : [taken.job.handle.jobId, ...takeAll(left, wanted, nowMs)];
};

test('each job is taken once, the oldest first', () => {
	expect(takeAll(jobsOf(leftOf('1'), leftOf('2')))).toEqual(['1', '2']);
});

test.each([
	['another request', { fingerprint: 'b' }],
	['another account', { account: 'yours' }],
])('a job of %s stays where it is', (_what, difference) => {
	const left = jobsOf(leftOf('1', difference), leftOf('2'));
	expect(takeAll(left)).toEqual(['2']);
	expect(takeAll(left, { ...WANTED, ...difference })).toEqual(['1']);
});

test('a job that another item has already stays where it is', () => {
	const isKnown = ({ jobId }: Handle) => jobId === '1';
	expect(takeAll(jobsOf(leftOf('1'), leftOf('2')), { ...WANTED, isKnown })).toEqual(['2']);
});

test('a job stays for an hour', () => {
	const left = () => jobsOf(leftOf('1'), leftOf('2', { leftMs: NOW_MS + 1 }));
	expect(takeAll(left(), WANTED, NOW_MS + HOUR_MS - 1)).toEqual(['1', '2']);
	expect(takeAll(left(), WANTED, NOW_MS + HOUR_MS)).toEqual(['2']);
});

test('a job that is left again is there once, and its hour starts anew', () => {
	expect(takeAll(jobsOf(leftOf('1'), leftOf('1')))).toEqual(['1']);
	const left = jobsOf(leftOf('1'), leftOf('1', { leftMs: NOW_MS + HOUR_MS }));
	expect(takeAll(left, WANTED, NOW_MS + HOUR_MS)).toEqual(['1']);
});

test('of more than 1,000 jobs the oldest are forgotten', () => {
	const left = jobsOf(...Array.from({ length: 1_003 }, (_, index) => leftOf(String(index))));
	const taken = takeAll(left);
	expect([taken.length, taken[0], taken.at(-1)]).toEqual([1_000, '3', '1002']);
});

test('what is dropped is gone, and only that', () => {
	const left = jobsOf(leftOf('1'), leftOf('2'));
	left.drop([
		{ provider: 'runpod', jobId: '1' },
		{ provider: 'coreToday', jobId: '2' },
	]);
	expect(takeAll(left)).toEqual(['2']);
});
