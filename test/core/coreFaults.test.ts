import { models } from '../../nodes/core/models';
import { CORE_FAULTS, runCoreFaults } from '../scale/coreFaults';
import { faultyModels } from '../scale/faultyModels';

test('the faults are drawn over every model that is listed', () => {
	const idsOf = (list: ReadonlyArray<{ readonly id: string }>) => list.map(({ id }) => id).sort();
	expect(idsOf(faultyModels)).toEqual(idsOf(models));
});

test('whatever goes wrong, every item of every model ends as a video, a clear failure, a timeout with its ID or a refusal that cost nothing, and none is paid for twice', async () => {
	const { items, ends, met, paidJobs, allowedJobs } = await runCoreFaults(1_000, 1);
	const { length: models } = faultyModels;
	expect(items).toBe(1_000);
	const count = (model?: string) =>
		['video', 'failure', 'timeout', 'unknown', 'refused'].map((end) => ends.of(end, model));
	for (const { id } of faultyModels) expect(count(id).reduce((sum, each) => sum + each)).toBe(1_000 / models);
	expect(paidJobs).toBeLessThanOrEqual(allowedJobs);
	// There were faults enough to show something, and not so many that there was nothing to show.
	for (const each of count()) expect(each).toBeGreaterThan(20);
	expect(ends.of('video')).toBeGreaterThan(400);
	expect(CORE_FAULTS.filter((kind) => met.of(kind) === 0)).toEqual([]);
});
