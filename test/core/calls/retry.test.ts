import type { Fault, Reply } from '../../../nodes/core/calls/http';
import {
	backoffMs,
	isTransient,
	retry,
	retryAfterMs,
	surelyMadeNoJob,
	type Attempt,
	type RetryPolicy,
} from '../../../nodes/core/calls/retry';
import { createStop } from '../../support/stop';
import { VirtualClock } from '../../support/virtualClock';

const NOW_MS = Date.UTC(2026, 10, 21, 20, 0, 0);

function replied(status: number, headers: Record<string, string> = {}): Reply {
	return { kind: 'reply', status, headers, body: '' };
}

describe('a call that may be repeated freely', () => {
	it.each([408, 425, 429, 500, 502, 503, 504])('is worth another try after %i', (status) => {
		expect(isTransient(replied(status))).toBe(true);
	});

	it.each([200, 302, 400, 401, 402, 403, 404, 422])('is not repeated after %i', (status) => {
		expect(isTransient(replied(status))).toBe(false);
	});

	it.each(['notConnected', 'lost'] as const)('is worth another try after a %s connection', (reach) => {
		expect(isTransient({ kind: 'fault', reach, message: 'the connection was refused' })).toBe(true);
	});
});

describe('a call that may be repeated only if it was not sent', () => {
	it('is worth another try if no connection came about, and after a 429', () => {
		const refused: Fault = { kind: 'fault', reach: 'notConnected', message: 'the connection was refused' };
		expect(surelyMadeNoJob(refused)).toBe(true);
		expect(surelyMadeNoJob(replied(429))).toBe(true);
	});

	it.each([200, 302, 400, 404, 408, 425, 500, 502, 503, 504])('is not repeated after %i', (status) => {
		expect(surelyMadeNoJob(replied(status))).toBe(false);
	});

	it('is not repeated if the connection was lost, as it may have arrived', () => {
		const lost: Fault = { kind: 'fault', reach: 'lost', message: 'no answer came in time' };
		expect(surelyMadeNoJob(lost)).toBe(false);
	});
});

describe('retrying', () => {
	const AGAIN: Attempt<string> = { kind: 'again', otherwise: 'given up' };
	const DONE: Attempt<string> = { kind: 'done', value: 'done' };

	/** Retries against what each try comes to, the last one again and again. */
	function start(attempts: Array<Attempt<string>>, policy: RetryPolicy) {
		const [clock, stop] = [new VirtualClock(0), createStop()];
		const triedAtSeconds: number[] = [];
		const result = retry(
			async () => {
				triedAtSeconds.push(clock.now() / 1_000);
				return attempts[Math.min(triedAtSeconds.length, attempts.length) - 1] ?? AGAIN;
			},
			policy,
			{ clock, random: () => 0.5, stop },
		);
		return { clock, stop, triedAtSeconds, result };
	}

	async function run(attempts: Array<Attempt<string>>, policy: RetryPolicy) {
		const { clock, triedAtSeconds, result } = start(attempts, policy);
		return { value: await clock.until(result), triedAtSeconds };
	}

	it('ends with the first try that is done', async () => {
		expect(await run([AGAIN, AGAIN, DONE], { tries: 5 })).toEqual({ value: 'done', triedAtSeconds: [0, 1, 3] });
	});

	it('ends with what the last try allowed, and without a pause after it', async () => {
		const tired = start([AGAIN], { tries: 3 });
		expect(await tired.clock.until(tired.result)).toBe('given up');
		expect([tired.triedAtSeconds, tired.clock.now()]).toEqual([[0, 1, 3], 3_000]);
	});

	it('waits as long as it is asked to, and a little longer so that a batch does not come back as one', async () => {
		const { triedAtSeconds } = await run([{ ...AGAIN, afterMs: 7_000 }, DONE], { tries: 2 });
		expect(triedAtSeconds).toEqual([0, 7.5]);
	});

	it('gives up if it is asked to wait for more than a minute, or than the policy allows', async () => {
		const asked = (afterMs: number): Array<Attempt<string>> => [{ ...AGAIN, afterMs }, DONE];
		expect((await run(asked(60_000), { tries: 2 })).value).toBe('done');
		expect((await run(asked(60_001), { tries: 2 })).value).toBe('given up');
		expect((await run(asked(3_600_000), { tries: 2, longestPauseMs: Infinity })).value).toBe('done');
	});

	it('starts no try when its patience is over, and does not wait for that either', async () => {
		const { clock, triedAtSeconds, result } = start([AGAIN], { tries: Infinity, patienceMs: 10_000 });
		expect(await clock.until(result)).toBe('given up');
		expect([triedAtSeconds, clock.now()]).toEqual([[0, 1, 3, 7], 7_000]);
		const last = await run([AGAIN], { tries: Infinity, patienceMs: 7_000 });
		expect(last.triedAtSeconds).toEqual([0, 1, 3, 7]);
	});

	it('ends at once when it is stopped in a pause', async () => {
		const { clock, stop, triedAtSeconds, result } = start([{ ...AGAIN, afterMs: 30_000 }, DONE], { tries: 2 });
		await clock.advance(5_000);
		stop.request();
		expect(await result).toBe('given up');
		expect(triedAtSeconds).toEqual([0]);
	});
});

describe('Retry-After', () => {
	it.each([
		['seconds', { 'retry-after': '7' }, 7_000],
		['seconds with parts', { 'retry-after': ' 17.25 ' }, 17_250],
		['a date', { 'retry-after': 'Sat, 21 Nov 2026 20:00:07 GMT' }, 7_000],
		['a date that has passed', { 'retry-after': 'Sat, 21 Nov 2026 19:00:00 GMT' }, 0],
		['the draft in its newest form', { ratelimit: '"default";r=0;t=7' }, 7_000],
		['the draft in its older form', { ratelimit: 'limit=5, remaining=0, reset=7' }, 7_000],
		['the draft with blanks', { ratelimit: 'remaining = 0, reset = 17' }, 17_000],
		['the draft as single headers', { 'ratelimit-remaining': '0', 'ratelimit-reset': ' 17 ' }, 17_000],
		['a reset that comes alone', { 'ratelimit-reset': '7' }, 7_000],
		['the plain header before the draft', { 'retry-after': '3', 'ratelimit-reset': '7' }, 3_000],
	])('is read as %s', (_, headers, expected) => {
		expect(retryAfterMs(replied(429, headers), NOW_MS)).toBe(expected);
	});

	it.each([
		['nothing', {}],
		['words', { 'retry-after': 'soon' }],
		['a negative number', { 'retry-after': '-5' }],
		['blanks', { 'retry-after': ' ' }],
		['seconds with a unit', { 'retry-after': '7 s' }],
		['a number after a word', { 'retry-after': 'in 7' }],
		['a date without the day of the week', { 'retry-after': '7 Mar' }],
		['a letter and a number', { 'retry-after': 'T 7' }],
		['a reset that is no number', { 'ratelimit-reset': 'later' }],
		['a reset with a unit', { 'ratelimit-reset': '7 s' }],
		['a reset with a word before it', { 'ratelimit-reset': 'in 7' }],
	])('is not made up from %s', (_, headers) => {
		expect(retryAfterMs(replied(429, headers), NOW_MS)).toBeUndefined();
	});

	it('is not read out of a limit that is far from reached', () => {
		expect(retryAfterMs(replied(503, { ratelimit: '"default";r=50;t=30' }), NOW_MS)).toBeUndefined();
		expect(retryAfterMs(replied(503, { 'ratelimit-reset': '30' }), NOW_MS)).toBeUndefined();
	});

	it('is read out of a limit that is reached, whatever its name', () => {
		const single = { 'ratelimit-remaining': '0', 'ratelimit-reset': '7' };
		expect(retryAfterMs(replied(503, single), NOW_MS)).toBe(7_000);
		expect(retryAfterMs(replied(503, { ratelimit: '"user=5 part=6";r=0;t=7' }), NOW_MS)).toBe(7_000);
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
