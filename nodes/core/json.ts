/** Any JSON value, as `JSON.parse` gives it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
/** A JSON object. Absent keys are absent, never `undefined`. */
export interface JsonObject {
	[key: string]: JsonValue;
}

/** The JSON a text holds, or undefined. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The value as an object with unknown values, or undefined for anything else (arrays and null too). */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
	const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
	// The check above is what makes the cast true.
	return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}

/** The value as a trimmed string, or undefined if it is none or blank. */
export function asText(value: unknown): string | undefined {
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	return text === '' ? undefined : text;
}

/** The value as a finite number; numeric strings do not count. */
export function asNumber(value: unknown): number | undefined {
	return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/**
 * The same object without its undefined values: the one place where optional keys are left out.
 * Total: every other value, null and empty ones too, is kept.
 */
export function present<T extends object>(values: T): Present<T> {
	const entries = Object.entries(values).filter(([, value]) => value !== undefined);
	// fromEntries forgets the keys' types; what is left of T is by construction Present<T>.
	return Object.fromEntries(entries) as Present<T>;
}

/** The same object without some keys. */
export function without<T extends object, K extends keyof T>(values: T, ...keys: K[]): Omit<T, K> {
	const left = { ...values };
	for (const key of keys) delete left[key];
	return left;
}

/** Whether a value is an object made of JSON only. */
export function isJsonObject(value: unknown): value is JsonObject {
	return asObject(value) !== undefined && isJson(value);
}

/** Whether a value is made of JSON only, nested at most 64 levels deep, so that a cycle is refused. */
export function isJson(value: unknown, depth = 64): value is JsonValue {
	if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
	if (typeof value === 'number') return Number.isFinite(value);
	if (depth === 0 || typeof value !== 'object') return false;
	return Object.values(value).every((inner) => isJson(inner, depth - 1));
}
