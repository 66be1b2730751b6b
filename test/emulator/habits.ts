import type { ProviderName } from '../../nodes/core/job';
import { randomUUID } from '../support/node.cts';
import type { Phase } from './types';

/** What is known of a job when its record's end is asked for; times by the emulator's clock. */
interface Life {
	readonly acceptedAtMs: number;
	readonly endMs: number;
	readonly heldBy?: 'runsync';
	/** Runpod's `policy.ttl`. */
	readonly lifeMs?: number;
}

/** What an API does by itself, beside its routes; see docs/providers.md. */
interface Habits {
	newId(heldBy?: 'runsync'): string;
	/** Until when a job's record is found. */
	recordEndMs(life: Life): number;
	/** How long a video's link lives after the job's end; Runpod documents seven days. */
	readonly linkMs: number;
	/** How often a webhook is tried, 10 s apart, until it is answered 200. */
	readonly webhookTries: number;
	/** Whether a job that ended so is told to its webhook. `events` are those that the submit asked for. */
	tells(phase: Phase, events?: readonly string[]): boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How long Runpod keeps a job's record after its end; docs/providers.md. */
const RUNPOD_RECORD_MS = { run: 30 * MINUTE_MS, runsync: MINUTE_MS };

export const habits: Readonly<Record<ProviderName, Habits>> = {
	coreToday: {
		newId: () => randomUUID(),
		recordEndMs: () => Infinity,
		linkMs: Infinity,
		// Of its repeats nothing is known.
		webhookTries: 1,
		tells: (phase, events = ['completed', 'failed']) => events.includes(phase),
	},
	runpod: {
		newId: (heldBy) => (heldBy === 'runsync' ? `sync-${randomUUID()}-u1` : `${randomUUID()}-u1`),
		// A day is the `policy.ttl` where none is sent.
		recordEndMs: ({ acceptedAtMs, endMs, heldBy, lifeMs = DAY_MS }) =>
			Math.min(acceptedAtMs + lifeMs, endMs + RUNPOD_RECORD_MS[heldBy ?? 'run']),
		linkMs: 7 * DAY_MS,
		webhookTries: 3,
		tells: () => true,
	},
};
