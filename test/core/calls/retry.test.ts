import type { Reply } from '../../../nodes/core/calls/http';
import { backoffMs, isPassing, retryAfterMs } from '../../../nodes/core/calls/retry';

const NOW_MS = Date.UTC(2026, 10, 21, 20, 0, 0);

function replied(status: number, headers: Record<string, string> = {}): Reply {
	return { kind: 'reply', status, headers, body: '' };
}

describe('the weather', () => {
	it.each([408, 425, 429, 500, 502, 503, 504])('passes: %i is worth another try', (status) => {
		expect(isPassing(replied(status))).toBe(true);
	});

	it.each([200, 302, 400, 401, 402, 403, 404, 422])('is not to blame for %i', (status) => {
		expect(isPassing(replied(status))).toBe(false);
	});

	it.each(['notConnected', 'lost'] as const)('passes: a %s call is worth another try', (reach) => {
		expect(isPassing({ kind: 'fault', reach, message: 'the connection was refused' })).toBe(true);
	});
});

describe('Retry-After', () => {
	it.each([
		['seconds', { 'retry-after': '7' }, 7_000],
		['a date', { 'retry-after': 'Sat, 21 Nov 2026 20:00:07 GMT' }, 7_000],
		['a date that has passed', { 'retry-after': 'Sat, 21 Nov 2026 19:00:00 GMT' }, 0],
		['the draft in its newest form', { ratelimit: '"default";r=0;t=7' }, 7_000],
		['the draft in its older form', { ratelimit: 'limit=5, remaining=0, reset=7' }, 7_000],
		['the draft as single headers', { 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, 7_000],
		['the plain header before the draft', { 'retry-after': '3', 'ratelimit-reset': '7' }, 3_000],
	])('is read as %s', (_, headers, expected) => {
		expect(retryAfterMs(replied(429, headers), NOW_MS)).toBe(expected);
	});

	it.each([
		['nothing', {}],
		['words', { 'retry-after': 'soon' }],
		['a negative number', { 'retry-after': '-5' }],
		['blanks', { 'retry-after': ' ' }],
		['a reset that is no number', { 'ratelimit-reset': 'later' }],
	])('is not made up from %s', (_, headers) => {
		expect(retryAfterMs(replied(429, headers), NOW_MS)).toBeUndefined();
	});

	it('is not read out of a limit that is far from reached', () => {
		expect(retryAfterMs(replied(503, { ratelimit: '"default";r=50;t=30' }), NOW_MS)).toBeUndefined();
	});
});

describe('the back-off', () => {
	it('doubles from one second to thirty', () => {
		const pauses = [1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backoffMs(attempt, () => 0.5));
		expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
	});

	it('is spread by a quarter to both sides', () => {
		expect([backoffMs(1, () => 0), backoffMs(1, () => 1)]).toEqual([750, 1_250]);
	});
});
