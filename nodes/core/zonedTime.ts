import { asText } from './json';

/** ISO 8601 with a zone. `Date.parse` alone would guess a zone, and takes "7 days" for a year. */
const ZONED_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/i;

/** A time that somebody else gave, in ISO 8601 (UTC); undefined if it is none, or has no zone. */
export function zonedTime(value: unknown): string | undefined {
	const text = asText(value) ?? '';
	const time = ZONED_TIME.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
