import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';
import { cancelJob } from '../../core/calls/cancel';
import type { Clock, Random, Stop } from '../../core/clock';
import { createPoller, type Poller, type PollerPorts } from '../../core/calls/poll';
import type { Handle, JobOrFailure, ProviderName } from '../../core/job';
import { Ledger } from '../../core/money/ledger';
import { createStatusReader, type CallPorts, type StatusReader } from '../../core/calls/status';
import { stopOf } from '../../host/clock';
import { createDownloadLimit, createDownloads, type Downloads } from '../../host/download';
import { createApis, type Api, type OpenApi } from '../../kling/api';
import { isToolInProcess } from '../../host/context';

/** Runpod lets 20 cancels run at once and 100 in 10 s (provider-apis): 50 now, 40 in the next 10 s. Core.Today's limit is not documented. */
const CANCELS_AT_ONCE = 20;
const UNPACED_CANCELS = 50;
const CANCEL_PACE_MS = 250;

/** Of status calls that each item makes for itself; the poller has its own limit. */
const READS_AT_ONCE = 20;

/** Downloads of one execution, where n8n streams to disk. */
const STREAMED_AT_ONCE = 4;

/** One run of the node: what all its items share. */
export interface Session {
	readonly context: IExecuteFunctions;
	readonly clock: Clock;
	readonly random: Random;
	readonly stop: Stop;
	readonly ledger: Ledger;
	readonly poller: Poller;
	readonly downloads: Downloads;
	/** Each provider's credential is read once. */
	readonly api: OpenApi;
	/** Cancels a job: many at once, but no faster than the providers allow. */
	cancel(api: Api, handle: Handle): Promise<JobOrFailure>;
	portsOf(api: Api): CallPorts;
}

/** One session per try of the node. `clock` is the machine's, or a test's. */
export function createSession(context: IExecuteFunctions, clock: Clock): Session {
	const stop = stopOf(context.getExecutionCancelSignal());
	const random: Random = Math.random;
	const api = createApis(context, clock);
	const reads = pLimit(READS_AT_ONCE);
	const portsOf = ({ send, readStatus }: Api): CallPorts => ({
		clock,
		random,
		send,
		readStatus: async (handle) => await reads(async () => await readStatus(handle)),
	});
	return {
		context,
		clock,
		random,
		stop,
		ledger: new Ledger(
			context.getContext('node'),
			runIndexOf(context),
			isToolInProcess(context) ? undefined : context.getExecutionId(),
		),
		poller: createPoller({ clock, random, stop, read: createPollersRead(api, clock) }),
		downloads: createDownloads(context, clock, stop, createDownloadLimit(STREAMED_AT_ONCE)),
		api,
		cancel: createCanceller(clock, portsOf),
		portsOf,
	};
}

/** The status calls for jobs that are polled to their end. */
function createPollersRead(api: Session['api'], clock: Clock): PollerPorts['read'] {
	const readers = new Map<ProviderName, StatusReader>();
	return async (handle) => {
		const opened = await api(handle.provider);
		if ('problem' in opened) {
			return { kind: 'refused', failure: { message: opened.problem, code: 'unauthorized', charged: 'unknown' } };
		}
		const { provider, send } = opened;
		const reader =
			readers.get(provider.name) ?? createStatusReader(provider, send, clock, { graceFromFirstRead: true });
		readers.set(provider.name, reader);
		return await reader.read(handle);
	};
}

function createCanceller(clock: Clock, portsOf: (api: Api) => CallPorts): Session['cancel'] {
	const limit = pLimit(CANCELS_AT_ONCE);
	let cancels = 0;
	return async (api, handle) => {
		cancels += 1;
		const waitMs = Math.max(0, cancels - UNPACED_CANCELS) * CANCEL_PACE_MS;
		if (waitMs > 0) await clock.sleep(waitMs);
		return await limit(async () => await cancelJob(api.provider, handle, portsOf(api)));
	};
}

/** All runs of a tool that an agent calls in its own process. */
const TOOL_RUN = -1;

/**
 * Which run of the node in this execution this is: a loop's turns differ, a retry's tries do not. Where an agent runs
 * tools in its own process, each try of Retry On Fail gets a new index: there, equal calls are one job.
 */
function runIndexOf(context: IExecuteFunctions): number {
	if (isToolInProcess(context)) return TOOL_RUN;
	const index: unknown = context.getWorkflowDataProxy(0).$runIndex;
	return typeof index === 'number' ? index : 0;
}
