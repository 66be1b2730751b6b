/** Every text in a value: keys and values, hidden ones such as an error's stack too, at any depth. */
export function textsIn(root: unknown): string[] {
	const texts: string[] = [];
	const seen = new Set<unknown>();
	const open: unknown[] = [root];
	while (open.length > 0) {
		const value = open.pop();
		if (typeof value === 'string') texts.push(value);
		if (typeof value !== 'object' || value === null || seen.has(value)) continue;
		seen.add(value);
		if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
		else open.push(...(value instanceof Map ? [...value].flat() : []), ...ownParts(value));
	}
	return texts;
}

function ownParts(value: object): unknown[] {
	return Reflect.ownKeys(value).flatMap((key): unknown[] => [String(key), Reflect.get(value, key)]);
}
