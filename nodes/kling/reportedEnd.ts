import { retry, type Attempt } from '../core/calls/retry';
import type { StatusAnswer } from '../core/calls/status';
import type { Clock } from '../core/clock';
import { hasEnded, type Handle } from '../core/job';
import { present } from '../core/json';
import { readStatus } from './api';
import type { Session } from './item';

/**
 * Whether a callback that is refused is repeated is not known (docs/providers.md#coretoday-callbacks), nor for how long its
 * answer is waited for (docs/providers.md#runpod-callbacks): most of ten seconds are used.
 */
const STATUS_TRIES = { tries: 4, patienceMs: 8_000 };

/**
 * Reads the status of a job whose end a callback reports, in a few tries while the job does not seem to have ended or a
 * transient fault hides it. Never throws.
 * @param mayAsk says before each try whether one more status call may be sent, and counts it
 * @returns the last status that was read; undefined if none may be read now
 */
export async function readReportedEnd(
	{ api }: Pick<Session, 'api'>,
	handle: Handle,
	mayAsk: () => boolean | Promise<boolean>,
	clock: Clock,
): Promise<StatusAnswer | undefined> {
	let seen: StatusAnswer | undefined;
	async function attempt(): Promise<Attempt<StatusAnswer | undefined>> {
		if (!(await mayAsk())) return { kind: 'done', value: seen };
		seen = await readStatus(api, handle);
		if (seen.kind === 'refused' || (seen.kind === 'job' && hasEnded(seen.job))) return { kind: 'done', value: seen };
		const afterMs = seen.kind === 'unavailable' ? seen.retryAfterMs : undefined;
		return { kind: 'again', otherwise: seen, ...present({ afterMs }) };
	}

	return await retry(attempt, STATUS_TRIES, { clock, random: Math.random });
}
