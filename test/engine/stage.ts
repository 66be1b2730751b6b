import type { Clock } from '../../nodes/core/clock';
import type { ProviderName } from '../../nodes/core/job';
import { providers } from '../../nodes/core/providers';
import { KlingVideo } from '../../nodes/KlingVideo/KlingVideo.node.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator/index';
import { acceleratedClock } from '../support/acceleratedClock';
import { credentialNames } from '../support/apis';
import { credentialOf } from '../support/credentials';
import { createEngine, node, row, type Engine, type EngineOptions, type WorkflowJson } from './harness/index';

/** The node in n8n's engine, with both APIs emulated beside it on the same accelerated time. */
export interface Stage {
	readonly emulator: Emulator;
	readonly engine: Engine;
	readonly clock: Clock;
	/** A workflow Start → Kling → Collect, with both credentials, a prompt and a start image unless given. */
	workflow(parameters: Record<string, unknown>, settings?: Record<string, unknown>): WorkflowJson;
	/** Ends the emulator. */
	close(): Promise<void>;
}

export interface StageOptions {
	/** How much faster than the machine's the time of node and emulator runs. */
	readonly factor?: number;
	readonly emulator?: Omit<EmulatorOptions, 'clock'>;
	readonly engine?: Partial<EngineOptions>;
	/** Keys other than the emulator's. */
	readonly keys?: Readonly<Partial<Record<ProviderName, string>>>;
	/** Keys for the real APIs, which then take the emulator's place. */
	readonly real?: Readonly<Partial<Record<ProviderName, string>>>;
}

export async function setStage(options: StageOptions = {}): Promise<Stage> {
	const clock = acceleratedClock(options.factor ?? 60);
	const emulator = await startEmulator({ jobTimes: { queueMs: 3_000, runMs: 30_000 }, ...options.emulator, clock });
	const data = (name: ProviderName): Record<string, string> => {
		const apiKey = options.real?.[name];
		// Without a base URL the credential's own default holds: the real API.
		if (apiKey !== undefined) return { apiKey };
		return { apiKey: options.keys?.[name] ?? emulator.keys[name], baseUrl: emulator[`${name}Url`] };
	};
	const ours = providers.map(({ name, credential }) => [
		credential,
		{ type: credentialOf(credential), data: data(name) },
	]);
	const engine = await createEngine({
		binaryMode: 'filesystem',
		...options.engine,
		nodeTypes: { klingVideo: new KlingVideo(clock), ...options.engine?.nodeTypes },
		credentials: {
			...Object.fromEntries(ours),
			...options.engine?.credentials,
		},
	});
	const form = { operation: 'generate', prompt: 'The camera moves slowly', startImageUrl: emulator.imageUrl };
	return {
		emulator,
		engine,
		clock,
		workflow: (parameters, settings = {}) =>
			row([node('Kling', 'klingVideo', { ...form, ...parameters }, { credentials: credentialNames, ...settings })]),
		close: async () => await emulator.stop(),
	};
}
