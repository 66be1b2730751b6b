import { sleep } from 'n8n-workflow';
import type { Clock, Stop } from '../core/clock';

/** The machine's own time. */
export const systemClock: Clock = { now: () => Date.now(), sleep: async (ms) => await sleep(ms) };

/** n8n's signal for Stop and for the workflow's timeout, as the core looks at it. */
export function stopOf(signal: AbortSignal | undefined): Stop {
	return {
		get requested() {
			return signal?.aborted === true;
		},
	};
}
