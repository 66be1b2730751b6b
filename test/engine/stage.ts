import { CoreTodayApi } from '../../credentials/CoreTodayApi.credentials';
import { RunpodApi } from '../../credentials/RunpodApi.credentials';
import type { Clock } from '../../nodes/core/clock';
import { KlingVideo } from '../../nodes/KlingVideo/KlingVideo.node.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator/index';
import { acceleratedClock } from '../support/acceleratedClock';
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
	readonly keys?: { readonly coreToday?: string; readonly runpod?: string };
	/** Keys for the real APIs, which then take the emulator's place. */
	readonly real?: { readonly coreToday?: string; readonly runpod?: string };
}

export async function setStage(options: StageOptions = {}): Promise<Stage> {
	const clock = acceleratedClock(options.factor ?? 60);
	const emulator = await startEmulator({ jobTimes: { queueMs: 3_000, runMs: 30_000 }, ...options.emulator, clock });
	const data = (name: 'coreToday' | 'runpod', baseUrl: string): Record<string, string> => {
		const apiKey = options.real?.[name];
		// Without a base URL the credential's own default holds: the real API.
		return apiKey === undefined ? { apiKey: options.keys?.[name] ?? emulator.keys[name], baseUrl } : { apiKey };
	};
	const engine = await createEngine({
		binaryMode: 'filesystem',
		...options.engine,
		nodeTypes: { klingVideo: new KlingVideo(clock), ...options.engine?.nodeTypes },
		credentials: {
			coreTodayApi: { type: new CoreTodayApi(), data: data('coreToday', emulator.coreTodayUrl) },
			runpodApi: { type: new RunpodApi(), data: data('runpod', emulator.runpodUrl) },
			...options.engine?.credentials,
		},
	});
	const form = { operation: 'generate', prompt: 'The camera moves slowly', startImageUrl: emulator.imageUrl };
	return {
		emulator,
		engine,
		clock,
		workflow: (parameters, settings = {}) =>
			row([
				node(
					'Kling',
					'klingVideo',
					{ ...form, ...parameters },
					{ credentials: ['coreTodayApi', 'runpodApi'], ...settings },
				),
			]),
		close: async () => await emulator.stop(),
	};
}
