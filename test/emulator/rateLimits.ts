import type { CallName } from './types';

/** Calls per 10 s, and at once; docs/providers.md. */
const LIMITS: Readonly<Partial<Record<CallName, { readonly perWindow: number; readonly atOnce: number }>>> = {
	submit: { perWindow: 1000, atOnce: 200 },
	runsync: { perWindow: 2000, atOnce: 400 },
	status: { perWindow: 2000, atOnce: 400 },
	cancel: { perWindow: 100, atOnce: 20 },
};
const WINDOW_MS = 10_000;

/** Runpod's documented limits on how many calls of a kind come in. */
export class RateLimits {
	private readonly admittedMs = new Map<CallName, number[]>();
	private readonly open = new Map<CallName, number>();

	/** Undefined if the call may go on (then `leave` has to follow), else the seconds after which to try again. */
	enter(call: CallName, nowMs: number): number | undefined {
		const limit = LIMITS[call];
		if (limit === undefined) return undefined;
		const recent = (this.admittedMs.get(call) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
		this.admittedMs.set(call, recent);
		const open = this.open.get(call) ?? 0;
		const [oldestMs = nowMs] = recent;
		if (recent.length >= limit.perWindow) return Math.max(1, Math.ceil((oldestMs + WINDOW_MS - nowMs) / 1000));
		if (open >= limit.atOnce) return 1;
		recent.push(nowMs);
		this.open.set(call, open + 1);
		return undefined;
	}

	leave(call: CallName): void {
		this.open.set(call, Math.max(0, (this.open.get(call) ?? 0) - 1));
	}

	clear(): void {
		this.admittedMs.clear();
		this.open.clear();
	}
}
