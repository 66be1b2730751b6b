import { acceleratedClock } from './acceleratedClock';

it('an accelerated clock lets a minute pass in some hundredths of a second', async () => {
	const clock = acceleratedClock(1000);
	const [realMs, clockMs] = [performance.now(), clock.now()];
	await clock.sleep(60_000);
	const realElapsedMs = performance.now() - realMs;
	expect(realElapsedMs).toBeLessThan(6_000);
	expect(clock.now() - clockMs).toBeGreaterThan(58_000);
});
