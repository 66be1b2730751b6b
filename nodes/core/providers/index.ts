import { coreToday } from './coreToday';
import type { ProviderName } from '../job';
import type { Provider } from './provider';
import { runpod } from './runpod';

/** Every API this package speaks to, in the order of the form. A third one is one line here. */
export const providers: readonly Provider[] = [coreToday, runpod];

/** The provider of that name, or undefined: names come from forms and stored items. */
export function findProvider(name: unknown): Provider | undefined {
	return providers.find((provider) => provider.name === name);
}

/** The provider of a handle, whose name is one of ours by type. */
export function providerOf(name: ProviderName): Provider {
	const provider = findProvider(name);
	if (provider === undefined) throw new RangeError(`No provider is called ${name}`);
	return provider;
}
