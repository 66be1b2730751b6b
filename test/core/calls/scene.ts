import { cancelJob } from '../../../nodes/core/calls/cancel';
import type { Fault, Reply, Send } from '../../../nodes/core/calls/http';
import { createStatusReader, getStatus, type StatusAnswer, type StatusReader } from '../../../nodes/core/calls/status';
import type { JobOrFailure } from '../../../nodes/core/job';
import type { Provider } from '../../../nodes/core/providers/provider';
import { createStop } from '../../support/stop';
import { VirtualClock } from '../../support/virtualClock';
import { handleOf } from '../fixtures';

export type Answer = Reply | Fault;

export const LOST: Fault = { kind: 'fault', reach: 'lost', message: 'no answer came in time' };

/** A provider that gives answers in turn, the last one again and again; cancels have their own. */
export function scene(
	provider: Provider,
	statuses: Answer[],
	cancels: Answer[] = [],
	submittedAt?: string | null,
	graceFromFirstRead = false,
) {
	const clock = new VirtualClock(Date.UTC(2026, 0, 1, 1));
	const startMs = clock.now();
	const seen = { statuses: 0, cancels: 0 };
	const inTurn = (answers: Answer[], count: number) => answers[Math.min(count, answers.length) - 1] ?? LOST;
	const handle = handleOf(provider, submittedAt);
	const stop = createStop();
	const send: Send = async (call) => {
		const isCancel = JSON.stringify(call) === JSON.stringify(provider.cancelCall(handle));
		return isCancel ? inTurn(cancels, ++seen.cancels) : inTurn(statuses, ++seen.statuses);
	};
	const reader = createStatusReader(provider, send, clock);
	const read: StatusReader['read'] = async (job) =>
		await (graceFromFirstRead ? reader.read(job, { graceFromFirstRead }) : reader.read(job));
	const ports = { clock, random: () => 0.5, send, readStatus: read, stop };
	return {
		seen,
		stop,
		clock,
		read: async (): Promise<StatusAnswer> => await clock.until(read(handle)),
		getStatus: async (): Promise<JobOrFailure> => await clock.until(getStatus(provider, handle, ports)),
		cancel: async (): Promise<JobOrFailure> => await clock.until(cancelJob(provider, handle, ports)),
		tookSeconds: () => (clock.now() - startMs) / 1000,
	};
}
