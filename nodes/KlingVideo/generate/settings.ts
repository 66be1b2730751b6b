import pLimit, { type LimitFunction } from 'p-limit';
import { FieldReader, isUnset, type Problem } from '../../core/fields';
import { asLimit, type Limits } from '../../core/money/limits';
import type { Session } from '../run/session';
import { optionsAt } from '../../host/context';

/** What Generate reads once, at the first item. */
export interface RunSettings {
	readonly limit: LimitFunction;
	readonly limits: Limits;
	/** The cap on the second provider, in its unit. */
	readonly fallbackMaxCost?: number;
	readonly mayFallBack: boolean;
	/** A limit that is none refuses the run: a spend limit must not be lost to a typing error. */
	readonly problems: readonly Problem[];
}

const DEFAULT_CONCURRENCY = 10;

const LIMIT_LABELS = { maxCost: 'Max Cost', maxJobs: 'Max Jobs', fallbackMaxCost: 'Fallback Max Cost' } as const;

/** Reads the options that hold for the whole run. A limit that was added and is empty, or whose expression finds nothing, is none. */
export function readRunSettings({ context }: Session): RunSettings {
	const options = optionsAt(context, 0);
	const fields = new FieldReader();
	const concurrency = fields.number('Max Concurrency', options.maxConcurrency, { min: 1 }) ?? DEFAULT_CONCURRENCY;
	const limitOf = (name: keyof typeof LIMIT_LABELS): number | undefined => {
		if (!(name in options)) return undefined;
		const limit = asLimit(options[name]);
		const shown = isUnset(options[name]) ? 'empty' : JSON.stringify(options[name]);
		return (
			limit ??
			fields.refuse(LIMIT_LABELS[name], `has to be a number of 0 or more, but is ${shown}. Nothing was submitted.`)
		);
	};
	const maxCost = limitOf('maxCost');
	const maxJobs = limitOf('maxJobs');
	const fallbackMaxCost = limitOf('fallbackMaxCost');
	return {
		limit: pLimit(Math.floor(concurrency)),
		limits: { ...(maxCost === undefined ? {} : { maxCost }), ...(maxJobs === undefined ? {} : { maxJobs }) },
		...(fallbackMaxCost === undefined ? {} : { fallbackMaxCost }),
		mayFallBack: maxCost === undefined || fallbackMaxCost !== undefined,
		problems: fields.problems,
	};
}
