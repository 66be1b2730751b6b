import { stopOf, withDeadline } from '../../nodes/host/clock';
import { createStop } from '../support/stop';
import { VirtualClock } from '../support/virtualClock';

describe("n8n's stop signal", () => {
	it('reaches every listener once, and none that was taken away', () => {
		const controller = new AbortController();
		const stop = stopOf(controller.signal);
		const heard: string[] = [];
		stop.onRequest(() => heard.push('first'));
		stop.onRequest(() => heard.push('taken away'))();
		stop.onRequest(() => heard.push('second'));
		expect(stop.requested).toBe(false);
		controller.abort();
		controller.abort();
		expect([stop.requested, heard]).toEqual([true, ['first', 'second']]);
	});

	it('reaches a listener at once that comes after it', () => {
		const stop = stopOf(AbortSignal.abort());
		const heard: string[] = [];
		stop.onRequest(() => heard.push('late'));
		expect(heard).toEqual(['late']);
	});

	it('never comes where n8n gives none', () => {
		const stop = stopOf(undefined);
		const heard: string[] = [];
		stop.onRequest(() => heard.push('never'))();
		expect([stop.requested, heard]).toEqual([false, []]);
	});

	it('has one listener of ours, however many wait for it, and none once nobody does', () => {
		const signal = new AbortController().signal;
		let listeners = 0;
		const counted: AbortSignal = Object.create(signal, {
			aborted: { value: false },
			addEventListener: { value: () => (listeners += 1) },
			removeEventListener: { value: () => (listeners -= 1) },
		});
		const stop = stopOf(counted);
		const removers = Array.from({ length: 1_000 }, () => stop.onRequest(() => undefined));
		expect(listeners).toBe(1);
		for (const remove of removers) remove();
		expect(listeners).toBe(0);
	});
});

describe('work with a deadline', () => {
	const untilAborted = async (signal: AbortSignal) =>
		await new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('aborted')));

	it('is aborted within a second of it', async () => {
		const clock = new VirtualClock(0);
		expect(await clock.until(withDeadline(clock, 30_000, untilAborted))).toBe('aborted');
		expect(clock.now()).toBeLessThanOrEqual(31_000);
	});

	it('is aborted in the moment of a stop', async () => {
		const [clock, stop] = [new VirtualClock(0), createStop()];
		const work = withDeadline(clock, 30_000, untilAborted, stop);
		await clock.advance(1_234);
		stop.request();
		expect(await work).toBe('aborted');
		expect(clock.now()).toBe(1_234);
	});

	it('is not aborted once it is done', async () => {
		const clock = new VirtualClock(0);
		let isAborted = false;
		const work = async (signal: AbortSignal) => {
			signal.addEventListener('abort', () => (isAborted = true));
			return await Promise.resolve('done');
		};
		expect(await withDeadline(clock, 1_000, work)).toBe('done');
		await clock.advance(60_000);
		expect(isAborted).toBe(false);
	});
});
