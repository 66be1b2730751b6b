import type { IBinaryData } from 'n8n-workflow';
import pLimit from 'p-limit';

/** Lets downloads through, few at once, for all who share it. */
export interface Gate {
	/** Runs a download when there is room for it; `binary` of what it gives is what n8n stored. */
	pass<T extends { readonly binary?: IBinaryData }>(download: () => Promise<T>): Promise<T>;
}

/** Where n8n streams to disk. Elsewhere it buffers each file whole, so one at a time is all that memory allows. */
const STREAMING_STORES = /^(filesystem|filesystem-v2|s3):/;

/** One download at a time; `streamedAtOnce` from the first on that n8n streamed to disk. */
export function createGate(streamedAtOnce: number): Gate {
	const limit = pLimit(1);
	let isWide = false;
	return {
		async pass(download) {
			const ended = await limit(download);
			if (!isWide && STREAMING_STORES.test(ended.binary?.id ?? '')) {
				isWide = true;
				limit.concurrency = streamedAtOnce;
			}
			return ended;
		},
	};
}
