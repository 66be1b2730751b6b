import type { INodeExecutionData } from 'n8n-workflow';
import { readFixture } from '../support/files';
import { itemsOf } from './harness/index';

/** Takes each item's own prompt, so that jobs can be told apart. */
export const FROM_ITEM = { prompt: '={{ $json.prompt }}' };

/** The setting of a node whose errors come out as items. */
export const CONTINUE = { onError: 'continueRegularOutput' };

/** The settings of a node that n8n runs again when it fails, so many times in all. */
export function retryOnFail(maxTries = 3): { retryOnFail: boolean; maxTries: number; waitBetweenTries: number } {
	return { retryOnFail: true, maxTries, waitBetweenTries: 1 };
}

/** So many items with prompts "Shot 0", "Shot 1", … */
export function shots(count: number): INodeExecutionData[] {
	return itemsOf(...Array.from({ length: count }, (_, index) => ({ prompt: `Shot ${index}` })));
}

/** A file that a node before ours made. */
export interface File {
	readonly bytes: Uint8Array;
	/** What it is called, true or not. */
	readonly fileName: string;
}

/** Good pictures. */
export const START: File = { bytes: readFixture('images/start.jpg'), fileName: 'start.jpg' };
export const END: File = { bytes: readFixture('images/end.png'), fileName: 'end.png' };

/** An item with these files, each in the binary field of its name. */
export function itemWith(files: Readonly<Record<string, File>>): INodeExecutionData {
	const binary = Object.entries(files).map(([field, { bytes, fileName }]) => {
		const mimeType = fileName.endsWith('.png') ? 'image/png' : 'image/jpeg';
		return [field, { data: Buffer.from(bytes).toString('base64'), mimeType, fileName }];
	});
	return { json: {}, binary: Object.fromEntries(binary) };
}

/** So many items with a picture each, of which no two are alike. */
export function itemsWithPictures(count: number): INodeExecutionData[] {
	return Array.from({ length: count }, (_, index) => {
		const bytes = Buffer.concat([START.bytes, Buffer.from(`picture ${index}`)]);
		return itemWith({ data: { ...START, bytes } });
	});
}

/** The same items with a small file in each, which must come out of none. */
export function withFile(items: readonly INodeExecutionData[]): INodeExecutionData[] {
	return items.map((item) => ({ ...item, binary: { data: { data: 'eA==', mimeType: 'image/png' } } }));
}
