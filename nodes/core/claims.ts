/** Who did a thing first: bounded, the oldest is forgotten. */
export interface Claims {
	/** True for the first who asks, until it is released or forgotten. */
	take(key: string): boolean;
	release(key: string): void;
}

/** Claims of at most `maxKeys` things. */
export function createClaims(maxKeys: number): Claims {
	const taken = new Set<string>();
	return {
		take(key) {
			if (taken.has(key)) return false;
			const oldest: string | undefined = taken.size >= maxKeys ? taken.keys().next().value : undefined;
			if (oldest !== undefined) taken.delete(oldest);
			taken.add(key);
			return true;
		},
		release(key) {
			taken.delete(key);
		},
	};
}
