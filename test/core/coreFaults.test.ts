import { runCoreFaults } from '../scale/coreFaults';

test('whatever goes wrong, every item ends as a video, a clear failure or a timeout with its ID, and none is paid for twice', async () => {
	const figures = await runCoreFaults(1_000, 1);
	const { runs, videos, failures, timeouts, unknown, paidJobs, allowedPaid } = figures;
	expect(runs).toBe(1_000);
	expect(videos + failures + timeouts + unknown).toBe(runs);
	expect(paidJobs).toBeLessThanOrEqual(allowedPaid);
	// There were faults enough to show something, and not so many that there was nothing to show.
	expect(Math.min(failures, timeouts, unknown)).toBeGreaterThan(20);
	expect(videos).toBeGreaterThan(500);
});
