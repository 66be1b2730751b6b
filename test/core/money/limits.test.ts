import { Ledger } from '../../../nodes/core/money/ledger';
import { amountText, asLimit, limitProblem, type Planned } from '../../../nodes/core/money/limits';
import { coreToday } from '../../../nodes/core/providers/coreToday';
import { runpod } from '../../../nodes/core/providers/runpod';
import type { Provider } from '../../../nodes/core/providers/provider';
import { requestFrom } from '../providers/forms';

const NOTHING = { jobs: 0, amounts: { USD: 0, credits: 0 } };

function plan(provider: Provider, count: number, options: Record<string, unknown> = {}): Planned[] {
	const request = requestFrom(provider, options);
	return Array.from({ length: count }, (_, itemIndex) => ({ itemIndex, request }));
}

test.each([
	[0, 0],
	[3, 3],
	['3', 3],
	[' 4.5 ', 4.5],
	['', undefined],
	['three', undefined],
	[-1, undefined],
	['-1', undefined],
	[NaN, undefined],
	[Infinity, undefined],
	['Infinity', undefined],
	[null, undefined],
	[undefined, undefined],
	[{}, undefined],
	[true, undefined],
])('%p as a limit', (value, limit) => {
	expect(asLimit(value)).toBe(limit);
});

test('amounts are written without the noise of binary fractions', () => {
	expect(amountText(0.45 * 3, 'USD')).toBe('1.35 USD');
	expect(amountText(0.1 + 0.2, 'USD')).toBe('0.3 USD');
	expect(amountText(750, 'credits')).toBe('750 credits');
	expect(amountText(1125, 'credits')).toBe('1,125 credits');
	expect(amountText(0.0001125, 'USD')).toBe('0.000113 USD');
});

describe('a limit on cost', () => {
	test('lets a run through that reaches it exactly, and none that passes it', () => {
		expect(limitProblem(plan(runpod, 3), NOTHING, { maxCost: 1.35 })).toBeUndefined();
		expect(limitProblem(plan(runpod, 3), NOTHING, { maxCost: 1.34 })).toBe(
			'This run would cost 1.35 USD for the 1st–3rd items, but Max Cost is 1.34 USD. Nothing was submitted. Raise Max Cost or send fewer items.',
		);
		expect(limitProblem(plan(runpod, 1), NOTHING, { maxCost: 0 })).toContain('Max Cost is 0 USD');
	});

	test('says where only a base price is documented', () => {
		expect(limitProblem(plan(coreToday, 2), NOTHING, { maxCost: 700 })).toBe(
			'This run would cost at least 750 credits for the 1st and 2nd items, but Max Cost is 700 credits. Nothing was submitted. Only a base price is documented, so the real cost may be higher. Raise Max Cost or send fewer items.',
		);
	});

	test('is as sure of a sum as of its least sure price', () => {
		const base = [...plan(coreToday, 1), ...plan(coreToday, 1, { model: 'kwaivgi/kling-v2.5-turbo-pro' })];
		expect(limitProblem(base, NOTHING, { maxCost: 1 })).toContain('would cost at least 900 credits');
		const clip = { model: 'kling-v2-6-std-motion-control', motionVideoUrl: 'https://example.com/dance.mp4' };
		const range = [...plan(runpod, 1), ...plan(runpod, 1, clip)];
		expect(limitProblem(range, NOTHING, { maxCost: 1 })).toContain('would cost up to 1.08 USD');
	});

	test('counts the documented most where the price is a range, in what was submitted, too', () => {
		const clip = {
			model: 'kling-v2-6-std-motion-control',
			motionVideoUrl: 'https://example.com/dance.mp4',
			startImageUrl: 'https://example.com/character.png',
		};
		expect(limitProblem(plan(runpod, 2, clip), NOTHING, { maxCost: 1.26 })).toBeUndefined();
		expect(limitProblem(plan(runpod, 2, clip), NOTHING, { maxCost: 1.25 })).toBe(
			'This run would cost up to 1.26 USD for the 1st and 2nd items, but Max Cost is 1.25 USD. Nothing was submitted. Part of the price is known only afterwards, so the highest price is counted. Raise Max Cost or send fewer items.',
		);
		const ledger = new Ledger({}, { runIndex: 0, underWay: new Map() });
		const cost = { amount: 0.21, unit: 'USD', source: 'minimum' } as const;
		const entry = ledger.open({ itemIndex: 0, fingerprint: 'a', provider: 'runpod', cost, mostAmount: 0.63 }, 0);
		expect(ledger.spent().amounts.USD).toBe(0.63);
		const handle = { provider: 'runpod', jobId: 'abc' } as const;
		const reported = { ...cost, amount: 0.42, source: 'reported' } as const;
		ledger.noteSeen(entry, { handle, status: 'completed', cost: reported, raw: null });
		expect(ledger.spent().amounts.USD).toBe(0.42);
	});

	test('counts what this execution has already submitted, in the same unit only', () => {
		const ledger = new Ledger({}, { runIndex: 0, underWay: new Map() });
		ledger.open(
			{ itemIndex: 0, fingerprint: 'a', provider: 'runpod', cost: { amount: 0.45, unit: 'USD', source: 'estimated' } },
			0,
		);
		expect(limitProblem(plan(runpod, 1), ledger.spent(), { maxCost: 0.9 })).toBeUndefined();
		expect(limitProblem(plan(runpod, 2), ledger.spent(), { maxCost: 0.9 })).toContain(
			'on top of 0.45 USD that this execution has already submitted',
		);
		expect(limitProblem(plan(coreToday, 1), ledger.spent(), { maxCost: 375 })).toBeUndefined();
	});

	test('refuses what has no known price, by item', () => {
		const planned = [...plan(runpod, 1), ...plan(runpod, 3, { endpointId: 'my-endpoint' }).slice(1)];
		expect(limitProblem(planned, NOTHING, { maxCost: 1000 })).toBe(
			'The price of "my-endpoint" is not known, so Max Cost cannot be checked for the 2nd and 3rd items. Nothing was submitted. Limit the run with Max Jobs instead, or remove Max Cost.',
		);
	});
});

describe('a limit on jobs', () => {
	test('counts jobs of the whole execution', () => {
		const spent = { jobs: 3, amounts: { USD: 0, credits: 0 } };
		expect(limitProblem(plan(runpod, 2), spent, { maxJobs: 5 })).toBeUndefined();
		expect(limitProblem(plan(runpod, 3), spent, { maxJobs: 5 })).toBe(
			'This run would submit 3 jobs (1st–3rd items) on top of 3 that this execution has already submitted, but Max Jobs is 5. Nothing was submitted. Raise Max Jobs or send fewer items.',
		);
	});

	test('says nothing of earlier jobs where there are none', () => {
		expect(limitProblem(plan(runpod, 2), NOTHING, { maxJobs: 1 })).toBe(
			'This run would submit 2 jobs (1st and 2nd items), but Max Jobs is 1. Nothing was submitted. Raise Max Jobs or send fewer items.',
		);
	});

	test('names a long row of items by the first and the last', () => {
		expect(limitProblem(plan(runpod, 25), NOTHING, { maxJobs: 1 })).toContain('(1st–25th items)');
	});
});

test('nothing to submit is never too much, and no limit is no limit', () => {
	expect(limitProblem([], { jobs: 9, amounts: { USD: 9, credits: 9 } }, { maxCost: 0, maxJobs: 0 })).toBeUndefined();
	expect(limitProblem(plan(runpod, 1000, { endpointId: 'my-endpoint' }), NOTHING, {})).toBeUndefined();
});
