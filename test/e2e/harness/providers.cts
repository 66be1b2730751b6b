import { startEmulator } from '../../emulator/index';
import type { Emulator } from '../../emulator/index';
import type { CredentialReference } from './host.cts';
import type { ScenarioContext } from './scenario.cts';

/** Both APIs for one scenario, and the stored credentials that lead there. */
export interface Providers {
	emulator: Emulator;
	/** For a node's `credentials`. */
	credentials: { coreTodayApi: CredentialReference; runpodApi: CredentialReference };
}

/** Starts an emulator of its own for a scenario; its jobs take a second unless told otherwise. */
export async function startProviders(
	{ host, afterwards }: Pick<ScenarioContext, 'host' | 'afterwards'>,
	options: Parameters<typeof startEmulator>[0] = {},
): Promise<Providers> {
	const emulator = await startEmulator({ jobTimes: { queueMs: 200, runMs: 800 }, ...options });
	afterwards(async () => await emulator.stop());
	const { coreTodayUrl, runpodUrl, keys } = emulator;
	const coreToday = { apiKey: keys.coreToday, baseUrl: coreTodayUrl };
	const runpod = { apiKey: keys.runpod, baseUrl: runpodUrl };
	return {
		emulator,
		credentials: {
			coreTodayApi: await host.credential('coreTodayApi', coreToday, 'Core.Today account'),
			runpodApi: await host.credential('runpodApi', runpod, 'Runpod account'),
		},
	};
}
