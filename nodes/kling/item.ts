import type { IBinaryKeyData } from 'n8n-workflow';
import type { JsonObject } from '../core/json';
import type { Job } from '../core/job';
import { jobJson, type Extras } from '../core/output';
import { providerOf } from '../core/providers';
import type { Downloads } from '../host/download';
import type { OpenApi } from './api';

/** An output item. */
export interface MadeItem {
	readonly kind: 'item';
	readonly json: JsonObject;
	readonly binary?: IBinaryKeyData;
}

/** How an item is to come out. */
export interface OutputWish {
	readonly download: boolean;
	readonly outputField: string;
	readonly withRaw: boolean;
}

/** What it takes to turn a job into an item; `webhook()` has no more than this. */
export interface Finisher {
	readonly api: OpenApi;
	readonly downloads: Downloads;
}

/** A job as an item, whatever its status, with its video in the binary field if it has one and it is wanted. */
export async function itemOf(session: Finisher, job: Job, wish: OutputWish, extras: Extras = {}): Promise<MadeItem> {
	const all = { ...extras, withRaw: wish.withRaw };
	if (!wish.download || job.status !== 'completed') return { kind: 'item', json: jobJson(job, all) };
	const { label } = providerOf(job.handle.provider);
	if (job.videoUrl === undefined) {
		const downloadFailure = `${label} reports the job as completed, but gives no link to a video`;
		return { kind: 'item', json: jobJson(job, { ...all, downloadFailure }) };
	}
	const api = await session.api(job.handle.provider);
	const download = await session.downloads.fetch({
		url: job.videoUrl,
		fileName: `kling-${job.handle.jobId}.mp4`,
		mayBeLocal: 'isLocal' in api && api.isLocal,
	});
	if (download.kind === 'failed')
		return { kind: 'item', json: jobJson(job, { ...all, downloadFailure: download.message }) };
	return { kind: 'item', json: jobJson(job, all), binary: { [wish.outputField]: download.binary } };
}
