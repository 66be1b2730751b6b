import { acceleratedClock } from './acceleratedClock';

it('an accelerated clock lets a minute pass in some hundredths of a second', async () => {
	const clock = acceleratedClock(1000);
	const [realMs, clockMs] = [performance.now(), clock.now()];
	await clock.sleep(60_000);
	const realElapsedMs = performance.now() - realMs;
	expect(realElapsedMs).toBeLessThan(6_000);
	expect(clock.now() - clockMs).toBeGreaterThan(58_000);
});

it('a sleep on an accelerated clock never ends before its time', async () => {
	const clock = acceleratedClock(1000);
	for (let round = 0; round < 50; round++) {
		const untilMs = clock.now() + 1_500;
		await clock.sleep(1_500);
		expect(clock.now()).toBeGreaterThanOrEqual(untilMs);
	}
});

it('an accelerated clock stands still while the process is kept from running', async () => {
	const clock = acceleratedClock(1000);
	const fromMs = clock.now();
	const busyUntilMs = performance.now() + 300;
	while (performance.now() < busyUntilMs) Math.random();
	expect(clock.now() - fromMs).toBeLessThan(100_000);
});
