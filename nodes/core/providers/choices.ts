import type { ProviderName } from '../job';
import { providers, providerOf } from './index';

/** The pairs the form offers: the second is tried only where the first certainly created no job. */
const FALLBACKS: ReadonlyArray<readonly [ProviderName, ProviderName]> = [
	['coreToday', 'runpod'],
	['runpod', 'coreToday'],
];

/** One choice of the form's Provider list. Its value is what saved workflows depend on. */
export interface ProviderChoice {
	readonly value: string;
	/** For people. */
	readonly name: string;
	readonly description: string;
	/** In the order in which they are tried. */
	readonly chain: readonly ProviderName[];
}

function fallbackChoice([first, second]: readonly [ProviderName, ProviderName]): ProviderChoice {
	const [one, other] = [providerOf(first).label, providerOf(second).label];
	return {
		value: `${first}Then${second.charAt(0).toUpperCase()}${second.slice(1)}`,
		name: `${one}, Then ${other}`,
		description: `Kling v2.1. ${other} is used only if ${one} definitely did not start the job.`,
		chain: [first, second],
	};
}

/** Every choice: each provider alone, then the pairs. */
export const choices: readonly ProviderChoice[] = [
	...providers.map(
		({ name, label, description }): ProviderChoice => ({ value: name, name: label, description, chain: [name] }),
	),
	...FALLBACKS.map(fallbackChoice),
];

/** The values of the choices that can use a provider, first or second. */
export function choicesWith(name: ProviderName): string[] {
	return choices.filter(({ chain }) => chain.includes(name)).map(({ value }) => value);
}

/** The values of the choices that cannot use a provider. */
export function choicesWithout(name: ProviderName): string[] {
	return choices.filter(({ chain }) => !chain.includes(name)).map(({ value }) => value);
}

/** The values of the choices with a second provider. */
export const fallbackChoices = choices.filter(({ chain }) => chain.length > 1).map(({ value }) => value);

/** The providers of a choice in order; none for a value that is not in the list. */
export function chainOf(value: unknown): readonly ProviderName[] {
	return choices.find((choice) => choice.value === value)?.chain ?? [];
}
