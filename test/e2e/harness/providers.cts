import { providers } from '../../../nodes/core/providers';
import { startEmulator } from '../../emulator/index';
import type { Emulator } from '../../emulator/index';
import type { CredentialReference } from './host.cts';
import type { ScenarioContext } from './scenario.cts';

/** Every API for one scenario, and the stored credentials that lead there. */
export interface Providers {
	emulator: Emulator;
	/** For a node's `credentials`. */
	credentials: Record<string, CredentialReference>;
}

/** Stores a credential for each of the emulator's APIs, called by its label and `word`; by credential type. */
export async function storeCredentials(
	host: ScenarioContext['host'],
	emulator: Emulator,
	word: string,
): Promise<Providers['credentials']> {
	const stored: Providers['credentials'] = {};
	for (const { name, label, credential } of providers) {
		const data = { apiKey: emulator.keys[name], baseUrl: emulator[`${name}Url`] };
		stored[credential] = await host.credential(credential, data, `${label} ${word}`);
	}
	return stored;
}

/** Starts an emulator of its own for a scenario; its jobs take a second unless told otherwise. */
export async function startProviders(
	{ host, afterwards }: Pick<ScenarioContext, 'host' | 'afterwards'>,
	options: Parameters<typeof startEmulator>[0] = {},
): Promise<Providers> {
	const emulator = await startEmulator({ jobTimes: { queueMs: 200, runMs: 800 }, ...options });
	afterwards(async () => await emulator.stop());
	return { emulator, credentials: await storeCredentials(host, emulator, 'account') };
}
