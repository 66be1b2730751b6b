import type { INodeExecutionData } from 'n8n-workflow';
import { providerOf } from '../../../nodes/core/providers';
import { dialects } from '../../support/apis';
import { createHash } from '../../support/node.cts';
import { serveWebhooks, type Execution, type WebhookCall, type WebhookServer } from '../harness/index';
import type { StageOptions } from '../stage';
import { setWatchedStage, type WatchedStage } from '../watched';

/** A stage whose n8n is reached over HTTP, so that the emulator's callbacks arrive. */
export interface CalledStage extends WatchedStage {
	readonly server: WebhookServer;
	/** Runs with "Pause Until Callback", and the video in `data` unless said otherwise. */
	park(
		parameters?: Record<string, unknown>,
		items?: INodeExecutionData[],
		settings?: Record<string, unknown>,
	): Promise<Execution>;
	/** The end of the `count`th execution that a callback started or resumed. */
	resumed(count?: number): Promise<Execution>;
	/** All executions that callbacks started or resumed so far. */
	allResumed(): readonly Execution[];
	/** A call of the job's own callback URL by anybody, past the network. */
	call(webhookUrl: string | undefined, body?: unknown): WebhookCall;
	/** Until every job's webhook was answered 2xx. */
	delivered(): Promise<void>;
	until(isSo: () => boolean): Promise<void>;
	/** The job ends at its provider, now: somebody cancelled it there. */
	endJob(index?: number): Promise<void>;
	/** As after the start. */
	reset(): void;
}

const GIVE_UP_MS = 600_000;

interface Resumptions {
	readonly found: Execution[];
	until(isSo: () => boolean): Promise<void>;
}

/** Gathers what a server's calls started or resumed, looking each fifth of a second of the clock. */
function gather(server: WebhookServer, { clock }: WatchedStage): Resumptions {
	const found: Execution[] = [];
	let collected = 0;

	function collect(): void {
		for (const done of server.executions.slice(collected))
			void done.then((execution) => execution && found.push(execution));
		collected = server.executions.length;
	}

	async function until(isSo: () => boolean): Promise<void> {
		const endMs = clock.now() + GIVE_UP_MS;
		for (collect(); !isSo(); collect()) {
			if (clock.now() > endMs) throw new Error('Waited ten minutes in vain');
			await clock.sleep(200);
		}
	}

	return { found, until };
}

/** Cancels a job at its provider, past the node. */
async function cancelAway({ emulator }: WatchedStage, index: number): Promise<void> {
	const job = emulator.jobs()[index];
	if (job === undefined) throw new Error(`There is no job ${index}`);
	const { provider, id, model } = job;
	const { method, path } = providerOf(provider).cancelCall({ provider, jobId: id, model });
	const headers = dialects[provider].keyHeaders(emulator.keys[provider]);
	await fetch(`${emulator[`${provider}Url`]}${path}`, { method, headers });
}

export async function setCalledStage(options: StageOptions = {}): Promise<CalledStage> {
	// Long enough that a busy machine has parked before they end.
	const jobTimes = { queueMs: 1_000, runMs: 30_000 };
	const stage = await setWatchedStage({ ...options, emulator: { jobTimes, ...options.emulator } });
	const { emulator, engine } = stage;
	const server = await serveWebhooks(engine);
	const { found, until } = gather(server, stage);
	const isHeard = (jobId: string) =>
		emulator.deliveries().some((delivery) => delivery.jobId === jobId && delivery.status === 200);

	async function resumed(count = 1): Promise<Execution> {
		await until(() => found.length >= count);
		const execution = found[count - 1];
		if (execution === undefined) throw new Error('There is no such execution');
		stage.expectNoKeyIn(execution);
		return execution;
	}

	return {
		...stage,
		server,
		until,
		resumed,
		endJob: async (index = 0) => await cancelAway(stage, index),
		park: async (parameters = {}, items, settings) =>
			await stage.run({ completion: 'callback', ...parameters }, items, settings),
		allResumed: () => [...found],
		call: (webhookUrl, body = {}) => engine.receive(String(webhookUrl), { method: 'POST', body }),
		delivered: async () => await until(() => emulator.jobs().every(({ id }) => isHeard(id))),
		reset: () => {
			emulator.reset();
			engine.publishAt(server.url);
			found.length = 0;
		},
		close: async () => {
			await server.close();
			await stage.close();
		},
	};
}

/** Fails unless each item is its own job's: in order, paired, and with its job's video to the byte. */
export async function expectVideos(stage: CalledStage, execution: Execution, count: number): Promise<void> {
	const items = execution.items('Kling');
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(Array.from({ length: count }, (_, item) => ({ item })));
	const jobs = items.map(({ json }) => stage.emulator.jobs().find(({ id }) => id === json.jobId));
	expect(jobs.map((job) => job?.input.prompt)).toEqual(items.map((_, index) => `Shot ${index}`));
	for (const [index, item] of items.entries()) {
		expect(item.json).toMatchObject({ status: 'completed', videoUrl: jobs[index]?.videoUrl });
		expect(item.json).not.toHaveProperty('timedOut');
		const { bytes } = await stage.engine.binary(item);
		expect(createHash('sha256').update(bytes).digest('hex')).toBe(jobs[index]?.videoSha256);
	}
	expect(execution.items('Collect')).toHaveLength(count);
}

/** The status checks that the emulator received. */
export function checksOf({ emulator }: CalledStage): number {
	return emulator.requests().filter(({ call }) => call === 'status').length;
}
