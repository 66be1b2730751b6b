import { asJobId } from '../../nodes/core/job';

describe('a job ID', () => {
	test.each([2 ** 53, 1.5, NaN, Infinity, 1e21, {}, [], ['a'], null, true])('is not %p', (value) => {
		expect(asJobId(value)).toBeUndefined();
	});

	test.each([
		[7, '7'],
		[' a-B_9 ', 'a-B_9'],
		['a'.repeat(200), 'a'.repeat(200)],
		['a'.repeat(201), undefined],
		['a/b', undefined],
		['%2e', undefined],
	])('of %p is %p', (value, id) => {
		expect(asJobId(value)).toBe(id);
	});
});
