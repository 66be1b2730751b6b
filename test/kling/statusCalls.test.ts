import { createStatusCalls } from '../../nodes/kling/statusCalls';
import { VirtualClock } from '../support/virtualClock';

test.each([
	[1, 13],
	[5, 25],
])(
	'a pause of %i items may send %i status calls; then one waits ten seconds, and the rest get none',
	async (items, burst) => {
		const clock = new VirtualClock();
		const calls = createStatusCalls(items);
		for (let sent = 0; sent < burst; sent += 1) expect(await calls.take(clock)).toBe(true);
		const waiting = calls.take(clock);
		expect(await calls.take(clock)).toBe(false);
		await clock.advance(9_999);
		expect(await calls.take(clock)).toBe(false);
		await clock.advance(1);
		expect(await waiting).toBe(true);
	},
);

test('once one has waited, the next may wait', async () => {
	const clock = new VirtualClock();
	const calls = createStatusCalls(0);
	for (let sent = 0; sent < 10; sent += 1) await calls.take(clock);
	expect(await clock.until(calls.take(clock))).toBe(true);
	const next = calls.take(clock);
	await clock.advance(10_000);
	expect(await next).toBe(true);
});
