/** How often something may be done, by key: a full bucket at first, then one more each `refillEveryMs`. */
export interface Buckets {
	/** Whether one may be taken now; `size` is the bucket's when the key is new. */
	take(key: string, size: number, nowMs: number): boolean;
	/** Puts back one that was taken for something that is not to be limited; a forgotten bucket stays so. */
	giveBack(key: string): void;
}

interface Bucket {
	left: number;
	filledMs: number;
	readonly size: number;
}

/** Bounded in memory: of more than `maxKeys` keys the oldest is forgotten. */
export function createBuckets(rules: { readonly refillEveryMs: number; readonly maxKeys: number }): Buckets {
	const buckets = new Map<string, Bucket>();

	function bucketOf(key: string, size: number, nowMs: number): Bucket {
		const known = buckets.get(key);
		if (known !== undefined) return known;
		const oldest: string | undefined = buckets.size >= rules.maxKeys ? buckets.keys().next().value : undefined;
		if (oldest !== undefined) buckets.delete(oldest);
		const bucket = { left: size, filledMs: nowMs, size };
		buckets.set(key, bucket);
		return bucket;
	}

	function take(key: string, size: number, nowMs: number): boolean {
		const bucket = bucketOf(key, size, nowMs);
		const refills = Math.floor((nowMs - bucket.filledMs) / rules.refillEveryMs);
		bucket.left = Math.min(bucket.size, bucket.left + refills);
		bucket.filledMs += refills * rules.refillEveryMs;
		if (bucket.left <= 0) return false;
		bucket.left -= 1;
		return true;
	}

	function giveBack(key: string): void {
		const bucket = buckets.get(key);
		if (bucket !== undefined) bucket.left = Math.min(bucket.size, bucket.left + 1);
	}

	return { take, giveBack };
}
