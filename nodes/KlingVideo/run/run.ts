import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';
import { cancelJob } from '../../core/calls/cancel';
import { createPoller, type Poller } from '../../core/calls/poll';
import type { SubmitFailure } from '../../core/calls/submit';
import { getStatus } from '../../core/calls/status';
import type { Clock, Random, Stop } from '../../core/clock';
import type { Handle, JobOrFailure } from '../../core/job';
import { Ledger } from '../../core/money/ledger';
import { stopOf } from '../../host/clock';
import { isToolInProcess } from '../../host/context';
import { createDownloadLimit, createDownloads } from '../../host/download';
import type { PictureCopy } from '../../host/files';
import { createApis, readStatus, type Api } from '../../kling/api';
import type { Session } from '../../kling/item';
import type { Memory } from '../../kling/memory';

/** Runpod lets 20 cancels run at once and 100 in 10 s (docs/providers.md#runpod-limits): 50 without a pause here, then 40 in 10 s. */
const CANCELS_AT_ONCE = 20;
const UNPACED_CANCELS = 50;
const CANCEL_PACE_MS = 250;

/** Status calls outside the poller, which has a limit of its own. */
const STATUS_CALLS_AT_ONCE = 20;

/** Downloads of one execution where n8n streams to disk. */
const DOWNLOADS_AT_ONCE = 4;

/** One try of the node over its items: what they share. Retry On Fail makes a new one. */
export interface Run extends Session, Pick<Memory, 'leftByManualRuns' | 'leftByRetries'> {
	readonly context: IExecuteFunctions;
	readonly clock: Clock;
	readonly random: Random;
	readonly stop: Stop;
	/** Which turn of the node in its execution this is: the turns of a loop differ, the tries of Retry On Fail do not. */
	readonly runIndex: number;
	readonly ledger: Ledger;
	readonly poller: Poller;
	/** The uploads of pictures that are under way, by provider and content: equal pictures share one. */
	readonly uploads: Map<string, Promise<string | SubmitFailure>>;
	/** The copies of pictures that this run made to be linked, by content. */
	readonly pictureCopies: Map<string, Promise<PictureCopy | undefined>>;
	/** Whether an AI Agent calls the node in its own process: equal calls are one job there. */
	readonly isAgentCall: boolean;
	/** A job's status, asked again while transient faults keep the answer away. Stop ends the asking. */
	getStatus(api: Api, handle: Handle): Promise<JobOrFailure>;
	/** Cancels a job: many at once, but no faster than the providers allow. Stop does not end it. */
	cancel(api: Api, handle: Handle): Promise<JobOrFailure>;
}

/** The state of one try. `clock` is the machine's, or a test's. */
export function createRun(context: IExecuteFunctions, clock: Clock, memory: Memory): Run {
	const stop = stopOf(context.getExecutionCancelSignal());
	const random: Random = Math.random;
	const api = createApis(context, clock, memory.largeReplies);
	const isAgentCall = isToolInProcess(context);
	const runIndex = runIndexOf(context, isAgentCall);
	// A job of unknown age gets some time to become visible while it is polled.
	const read = async (handle: Handle) => await readStatus(api, handle, { graceFromFirstRead: true });
	return {
		context,
		clock,
		random,
		stop,
		runIndex,
		leftByManualRuns: memory.leftByManualRuns,
		leftByRetries: memory.leftByRetries,
		// All tries of an execution share this object, and Executions > Retry gets it back (docs/n8n.md#retry).
		ledger: new Ledger(context.getContext('node'), {
			runIndex,
			executionId: isAgentCall ? undefined : context.getExecutionId(),
			underWay: memory.submitsUnderWay,
		}),
		poller: createPoller({ clock, random, stop, read }),
		downloads: createDownloads(context, clock, stop, createDownloadLimit(DOWNLOADS_AT_ONCE)),
		api,
		uploads: new Map(),
		pictureCopies: new Map(),
		isAgentCall,
		...createJobCalls(clock, random, stop),
	};
}

/** All calls of a tool that an agent makes in its own process. */
const AGENT_RUN_INDEX = -1;

/** Where an agent runs tools in its own process each try gets a new index, so all its calls are taken for one run. */
function runIndexOf(context: IExecuteFunctions, isAgentCall: boolean): number {
	if (isAgentCall) return AGENT_RUN_INDEX;
	const index: unknown = context.getWorkflowDataProxy(0).$runIndex;
	return typeof index === 'number' ? index : 0;
}

function createJobCalls(clock: Clock, random: Random, stop: Stop): Pick<Run, 'getStatus' | 'cancel'> {
	const statusLimit = pLimit(STATUS_CALLS_AT_ONCE);
	const cancelLimit = pLimit(CANCELS_AT_ONCE);
	let cancels = 0;
	const portsOf = ({ send, readStatus }: Api) => ({
		clock,
		random,
		stop,
		send,
		readStatus: async (handle: Handle) => await statusLimit(async () => await readStatus(handle)),
	});
	return {
		getStatus: async (api, handle) => await getStatus(api.provider, handle, portsOf(api)),
		async cancel(api, handle) {
			cancels += 1;
			const waitMs = Math.max(0, cancels - UNPACED_CANCELS) * CANCEL_PACE_MS;
			if (waitMs > 0) await clock.sleep(waitMs);
			return await cancelLimit(async () => await cancelJob(api.provider, handle, portsOf(api)));
		},
	};
}
