import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks again and again, until `look` gives something, and returns that.
 * n8n is another process with a clock of its own: all that can be done is to look. Throws after `timeoutMs`.
 */
export async function until<T>(
	what: string,
	look: () => Promise<T | undefined> | T | undefined,
	{ timeoutMs = 30_000, everyMs = 150 } = {},
): Promise<T> {
	const deadline = Date.now() + timeoutMs;
	for (;;) {
		const seen = await look();
		if (seen !== undefined) return seen;
		if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
		await sleep(everyMs);
	}
}
