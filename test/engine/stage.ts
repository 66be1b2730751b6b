import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	INodeType,
} from 'n8n-workflow';
import { createMemory } from '../../nodes/kling/memory';
import { KlingVideo } from '../../nodes/KlingVideo/KlingVideo.node.ts';
import { KlingVideoTrigger } from '../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import type { Clock } from '../../nodes/core/clock';
import type { ProviderName } from '../../nodes/core/job';
import { present } from '../../nodes/core/json';
import { providerOf, providers } from '../../nodes/core/providers';
import {
	type EmulatedJob,
	type Emulator,
	type EmulatorOptions,
	type RecordedRequest,
	startEmulator,
} from '../emulator/index';
import { acceleratedClock } from '../support/acceleratedClock';
import { credentialNames, dialects } from '../support/apis';
import { credentialOf } from '../support/credentials';
import { at } from '../support/defined';
import { textsIn } from '../support/texts';
import {
	createEngine,
	type Engine,
	type EngineOptions,
	type Execution,
	node,
	row,
	type RunningExecution,
	serveWebhooks,
	type WebhookCall,
	type WebhookServer,
	workflow,
	type WorkflowJson,
} from './harness/index';
import { type File, itemWith } from './items';
import { createTask, fetched, stored, type Task } from './stageNodes';

type Parameters = Readonly<Record<string, unknown>>;
type Settings = Readonly<Record<string, unknown>>;

export interface StageOptions {
	/** How much faster than the machine's the time of nodes and emulator runs. */
	readonly factor?: number;
	readonly emulator?: Omit<EmulatorOptions, 'clock'>;
	readonly engine?: Partial<Omit<EngineOptions, 'nodeTypes'>>;
	/** Further node types, by their short names. */
	readonly nodeTypes?: (clock: Clock) => Readonly<Record<string, INodeType>>;
	/**
	 * What the user typed into a provider's credential, instead of the emulator's key and URL. With a `baseUrl` of
	 * `undefined` the credential's own default holds: the real API.
	 */
	readonly credentials?: Readonly<Partial<Record<ProviderName, { apiKey?: string; baseUrl?: string | undefined }>>>;
	/** Whether n8n is reached over HTTP, so that the emulator's callbacks arrive. */
	readonly callbacks?: boolean;
}

/** The only requests that carry a key. */
const API_CALLS: ReadonlyArray<string | undefined> = [
	'submit',
	'runsync',
	'status',
	'cancel',
	'health',
	'templates',
	'uploadUrl',
];
const GIVE_UP_MS = 600_000;

/** Both nodes in n8n's engine, with both APIs emulated beside it on the same accelerated time. */
export async function createStage(options: StageOptions = {}): Promise<Stage> {
	const clock = acceleratedClock(options.factor ?? 60);
	const emulator = await startEmulator({ jobTimes: { queueMs: 3_000, runMs: 30_000 }, ...options.emulator, clock });
	const credentials = { ...typedIn(emulator, options.credentials), ...options.engine?.credentials };
	const memory = createMemory();
	const trigger = new KlingVideoTrigger(clock, memory);
	const task = createTask();
	const nodeTypes = {
		klingVideo: new KlingVideo(clock, memory),
		klingVideoTrigger: trigger,
		...{ fetched, stored, task: task.nodeType },
		...options.nodeTypes?.(clock),
	};
	const engine = await createEngine({ binaryMode: 'filesystem', ...options.engine, nodeTypes, credentials });
	const server = options.callbacks === true ? await serveWebhooks(engine) : undefined;
	const keys = Object.values(credentials).flatMap(({ data }) => (typeof data.apiKey === 'string' ? data.apiKey : []));
	const stage = new Stage({ clock, emulator, engine, trigger, task, server, keys });
	await stage.warmUp();
	return stage;
}

/** Every credential of the package, by its type's name. */
function typedIn(
	emulator: Emulator,
	given: StageOptions['credentials'] = {},
): Record<string, { type: ReturnType<typeof credentialOf>; data: ICredentialDataDecryptedObject }> {
	const entries = providers.map(({ name, credential }) => {
		const data = { apiKey: emulator.keys[name], baseUrl: emulator[`${name}Url`], ...given[name] };
		return [credential, { type: credentialOf(credential), data: present(data) }] as const;
	});
	return Object.fromEntries(entries);
}

interface Parts {
	readonly clock: Clock;
	readonly emulator: Emulator;
	readonly engine: Engine;
	readonly trigger: KlingVideoTrigger;
	readonly task: Task;
	readonly server: WebhookServer | undefined;
	/** The API keys that the credentials hold. */
	readonly keys: readonly string[];
}

/** What all tests of the engine run on: an emulator, n8n's engine and a clock. Every run is searched for API keys. */
export class Stage {
	readonly clock: Clock;
	readonly emulator: Emulator;
	readonly engine: Engine;
	/** The node that `publish` uses. */
	readonly trigger: KlingVideoTrigger;
	/** How many executions had been started or resumed by callbacks at the last reset. */
	private endedBefore = 0;
	private published = 0;

	constructor(private readonly parts: Parts) {
		this.clock = parts.clock;
		this.emulator = parts.emulator;
		this.engine = parts.engine;
		this.trigger = parts.trigger;
	}

	/** Where n8n is reached over HTTP, with a slash at its end; undefined if nowhere. */
	get webhooksUrl(): string | undefined {
		return this.parts.server?.url;
	}

	/** The Kling node with both credentials, a prompt and a start image unless given. */
	node(parameters: Parameters = {}, settings: Settings = {}): INode {
		const form = { operation: 'generate', prompt: 'The camera moves slowly', startImageUrl: this.emulator.imageUrl };
		return node('Kling', 'klingVideo', { ...form, ...parameters }, { credentials: credentialNames, ...settings });
	}

	/** Start → Kling → Collect. */
	workflow(parameters: Parameters = {}, settings: Settings = {}): WorkflowJson {
		return row([this.node(parameters, settings)]);
	}

	/** Starts that workflow over these items; over one empty item if absent. */
	start(parameters: Parameters = {}, items?: INodeExecutionData[], settings: Settings = {}): RunningExecution {
		return this.engine.start(this.workflow(parameters, settings), items === undefined ? {} : { items });
	}

	/** Runs that workflow to its end, or until it pauses. */
	async run(parameters: Parameters = {}, items?: INodeExecutionData[], settings: Settings = {}): Promise<Execution> {
		const execution = await this.start(parameters, items, settings).done;
		this.expectNoKeyIn(execution);
		return execution;
	}

	/** Runs one item for each entry; its files, by binary field, come from a node before Kling, stored as n8n stores them. */
	async runWithFiles(
		parameters: Parameters,
		files: ReadonlyArray<Readonly<Record<string, File>>>,
		settings: Settings = {},
	): Promise<Execution> {
		const flow = row([node('Files', 'stored'), this.node(parameters, settings)]);
		const execution = await this.engine.run(flow, { items: files.map(itemWith) });
		this.expectNoKeyIn(execution);
		return execution;
	}

	/** Runs with "Pause Until Callback". */
	async pause(parameters: Parameters = {}, items?: INodeExecutionData[], settings: Settings = {}): Promise<Execution> {
		return await this.run({ completion: 'callback', ...parameters }, items, settings);
	}

	/** Submits a job for each item and gives the items that Generate makes of them at once. */
	async submit(parameters: Parameters = {}, items?: INodeExecutionData[]): Promise<INodeExecutionData[]> {
		const execution = await this.run({ completion: 'jobId', ...parameters }, items);
		return execution.items('Kling').map(({ json }) => ({ json }));
	}

	/** Does something as a node does it: with n8n's own context of one, and all credentials. */
	async inNode<T>(work: (context: IExecuteFunctions) => Promise<T>): Promise<T> {
		const results: Array<Awaited<T>> = [];
		this.parts.task.set(async (context) => results.push(await work(context)));
		const execution = await this.engine.run(row([node('Task', 'task', {}, { credentials: credentialNames })]));
		this.expectNoKeyIn(execution);
		if (results.length === 0) throw execution.error() ?? new Error('The node gave nothing');
		return at(results, 0);
	}

	/** Jobs in accepted order. */
	jobs(): readonly EmulatedJob[] {
		return this.emulator.jobs();
	}

	/** One of the jobs; throws if it was not accepted. */
	job(index = 0): EmulatedJob {
		return at(this.jobs(), index);
	}

	/** The prompts of accepted jobs, in accepted order. */
	prompts(): unknown[] {
		return this.jobs().map(({ input }) => input.prompt);
	}

	/** Requests that the emulator received, in order: those of these kinds, or all. */
	requests(...calls: Array<RecordedRequest['call']>): RecordedRequest[] {
		return this.emulator.requests().filter(({ call }) => calls.length === 0 || calls.includes(call));
	}

	/** Asks a job's API what it says of the job, or to cancel it, as anybody with the key can do. */
	async askApi(call: 'status' | 'cancel', { provider, id: jobId, model } = this.job()): Promise<Response> {
		const handle = { provider, jobId, model };
		const { method, path } = providerOf(provider)[`${call}Call`](handle);
		const headers = dialects[provider].keyHeaders(this.emulator.keys[provider]);
		return await fetch(`${this.emulator[`${provider}Url`]}${path}`, { method, headers });
	}

	/** From now on no callback arrives by itself. */
	dropCallbacks(): void {
		this.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
	}

	/** A call of a callback URL by anybody, past the network. */
	startCallback(url: string | undefined, body: unknown = {}): WebhookCall {
		return this.engine.receive(String(url), { method: 'POST', body });
	}

	/** The same to its end: the status of n8n's answer, and the execution that it started or resumed. */
	async callBack(
		url: string | undefined,
		body: unknown = {},
	): Promise<{ status: number; execution: Execution | undefined }> {
		const { response, done } = this.startCallback(url, body);
		const { status } = await response;
		return { status, execution: await done };
	}

	/** The end of the `count`th execution that a callback over HTTP started or resumed. */
	async resumed(count = 1): Promise<Execution> {
		await this.until(() => this.resumedSoFar().length >= count);
		const execution = at(this.resumedSoFar(), count - 1);
		this.expectNoKeyIn(execution);
		return execution;
	}

	/** All executions that such callbacks have started or resumed, once they have ended. */
	async allResumed(): Promise<readonly Execution[]> {
		await Promise.all(this.parts.server?.executions ?? []);
		return this.resumedSoFar();
	}

	/** Those of them that have ended, in that order. */
	resumedSoFar(): readonly Execution[] {
		return this.parts.server?.ended.slice(this.endedBefore) ?? [];
	}

	/** Publishes a workflow Ended → Collect that starts with our trigger, or another node; its production URL too. */
	publish(parameters: Parameters, type = 'klingVideoTrigger'): { flow: WorkflowJson; url: string } {
		this.published += 1;
		const started = node('Ended', type, { ...parameters } as INode['parameters'], { credentials: credentialNames });
		const links = [{ from: 'Ended', to: 'Collect' }];
		const flow = { ...workflow([started, node('Collect', 'collect')], links), id: `published-${this.published}` };
		return { flow, url: this.engine.activate(flow) };
	}

	/** The trigger as it is in a process that has just started: it remembers nothing. */
	restartTrigger(clock = this.clock): void {
		Object.assign(this.trigger, new KlingVideoTrigger(clock, createMemory()));
	}

	/** The same on a clock that stands still: its rate limits allow no more as time passes. */
	freezeTrigger(): void {
		const nowMs = this.clock.now();
		this.restartTrigger({ ...this.clock, now: () => nowMs });
	}

	/** Looks each tenth of a second of the clock until it is so; throws after ten minutes of it. */
	async until(isSo: () => boolean): Promise<void> {
		const endMs = this.clock.now() + GIVE_UP_MS;
		while (!isSo()) {
			if (this.clock.now() > endMs) throw new Error('Waited ten minutes in vain');
			await this.clock.sleep(100);
		}
	}

	/** Until every job has ended at its provider. */
	async jobsEnded(): Promise<void> {
		await this.until(() => this.jobs().every(({ finishedAtMs }) => finishedAtMs !== undefined));
	}

	/** Throws if a key is in what n8n keeps of these executions, their errors or logs, or went to anybody but the APIs. */
	expectNoKeyIn(...executions: Execution[]): void {
		const others = this.requests().filter(({ call }) => !API_CALLS.includes(call));
		const inUrlsAndBodies = this.requests().map(({ path, query, body }) => ({ path, query, body }));
		const keys = [...this.parts.keys, ...Object.values(this.emulator.keys)].filter((key) => key.trim() !== '');
		const texts = textsIn([executions, others, inUrlsAndBodies]);
		const leaks = texts.filter((text) => keys.some((key) => text.includes(key)));
		if (leaks.length > 0) throw new Error(`An API key is in ${leaks.join('\n')}`);
	}

	/** For its first request n8n loads all it needs for HTTP, which an accelerated clock would take for a slow answer. */
	async warmUp(): Promise<void> {
		await this.inNode(async ({ helpers }) => Boolean(await helpers.httpRequest({ url: this.emulator.imageUrl })));
		this.reset();
	}

	/** As after the start. */
	reset(): void {
		this.emulator.reset();
		if (this.parts.server === undefined) return;
		this.engine.publishAt(this.parts.server.url);
		this.endedBefore = this.parts.server.ended.length;
	}

	/** Ends the emulator and n8n's server. */
	async close(): Promise<void> {
		await this.parts.server?.close();
		await this.emulator.stop();
	}
}
