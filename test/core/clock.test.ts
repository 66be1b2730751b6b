import { NEVER_STOPPED, sleepUnlessStopped } from '../../nodes/core/clock';
import { createStop } from '../support/stop';
import { VirtualClock } from '../support/virtualClock';

describe('a sleep that a stop can end', () => {
	it('takes its whole time if nobody stops it', async () => {
		const clock = new VirtualClock(0);
		await clock.until(sleepUnlessStopped(90_000, { clock, stop: NEVER_STOPPED }));
		expect(clock.now()).toBe(90_000);
	});

	it('ends in the moment of the stop', async () => {
		const [clock, stop] = [new VirtualClock(0), createStop()];
		const slept = sleepUnlessStopped(90_000, { clock, stop });
		await clock.advance(1_234);
		stop.request();
		await slept;
		expect(clock.now()).toBe(1_234);
	});

	it('does not begin after a stop', async () => {
		const [clock, stop] = [new VirtualClock(0), createStop()];
		stop.request();
		await sleepUnlessStopped(90_000, { clock, stop });
		expect(clock.now()).toBe(0);
	});
});
