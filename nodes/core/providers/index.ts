import { coreToday } from './coreToday';
import type { ProviderName } from '../job';
import type { Provider } from './provider';
import { runpod } from './runpod';

/** A name without its provider does not compile. A third one is one line here. */
const byName: Readonly<Record<ProviderName, Provider>> = { coreToday, runpod };

/** Every API this package speaks to, in the order of the form. */
export const providers: readonly Provider[] = Object.values(byName);

/** The provider of that name, or undefined: names come from forms and stored items. */
export function findProvider(name: unknown): Provider | undefined {
	return providers.find((provider) => provider.name === name);
}

/** The provider of a handle, whose name is one of ours by type. */
export function providerOf(name: ProviderName): Provider {
	return byName[name];
}
