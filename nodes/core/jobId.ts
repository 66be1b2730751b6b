/** What both APIs' ids are made of (provider-apis, "Rules that follow"); anything else could bend a path. */
const JOB_ID = /^[A-Za-z0-9_-]{1,200}$/;

/** The value as a job id, or undefined for anything that must not go into a path. */
export function asJobId(value: unknown): string | undefined {
	// A larger number has lost digits: it would name another job.
	const text = Number.isSafeInteger(value) ? String(value) : value;
	return typeof text === 'string' && JOB_ID.test(text.trim()) ? text.trim() : undefined;
}

/** The first text that is an http(s) link, in a string, an array or the named keys of an object. */
export function firstUrl(value: unknown, keys: readonly string[], depth = 4): string | undefined {
	if (depth === 0) return undefined;
	if (typeof value === 'string') return /^https?:\/\/\S+$/i.test(value.trim()) ? value.trim() : undefined;
	if (typeof value !== 'object' || value === null) return undefined;
	const inner: unknown[] = Array.isArray(value) ? value.slice(0, 20) : keys.map((key) => valueAt(value, key));
	for (const each of inner) {
		const url = firstUrl(each, keys, depth - 1);
		if (url !== undefined) return url;
	}
	return undefined;
}

function valueAt(object: object, key: string): unknown {
	return new Map<string, unknown>(Object.entries(object)).get(key);
}
