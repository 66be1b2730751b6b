import type { Clock } from '../../nodes/core/clock';
import { nextTurn } from './node.cts';

interface Sleeper {
	readonly wakeMs: number;
	readonly wake: () => void;
}

/** Time that passes only when told to, waking sleepers in order; everything a waking sets off runs before the next. */
export class VirtualClock implements Clock {
	private nowMs: number;
	private sleepers: Sleeper[] = [];

	constructor(startMs = Date.UTC(2026, 0, 1)) {
		this.nowMs = startMs;
	}

	now(): number {
		return this.nowMs;
	}

	async sleep(ms: number): Promise<void> {
		const wakeMs = this.nowMs + Math.max(0, ms);
		return await new Promise((wake) => {
			const after = this.sleepers.findIndex((sleeper) => sleeper.wakeMs > wakeMs);
			this.sleepers.splice(after === -1 ? this.sleepers.length : after, 0, { wakeMs, wake });
		});
	}

	/** Lets `ms` milliseconds pass. */
	async advance(ms: number): Promise<void> {
		const untilMs = this.nowMs + ms;
		await nextTurn();
		for (let next = this.sleepers[0]; next !== undefined && next.wakeMs <= untilMs; next = this.sleepers[0]) {
			await this.wakeNext();
		}
		this.nowMs = untilMs;
	}

	/** Lets time pass until the promise settles; throws if nobody sleeps any more and it has not. */
	async until<T>(promise: Promise<T>): Promise<T> {
		let isSettled = false;
		const settled = promise.finally(() => (isSettled = true));
		settled.catch(() => undefined);
		await nextTurn();
		while (!isSettled) {
			if (this.sleepers.length === 0) throw new Error('everything waits and nobody sleeps');
			await this.wakeNext();
		}
		return await settled;
	}

	private async wakeNext(): Promise<void> {
		const next = this.sleepers.shift();
		if (next === undefined) return;
		this.nowMs = next.wakeMs;
		next.wake();
		await nextTurn();
	}
}
