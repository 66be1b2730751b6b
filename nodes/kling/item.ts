import type { IBinaryKeyData } from 'n8n-workflow';
import { withoutRaw, type Job } from '../core/job';
import type { JsonObject } from '../core/json';
import { jobJson, type Extras } from '../core/output';
import { providerOf } from '../core/providers';
import type { Downloads } from '../host/download';
import type { OpenApi } from './api';

/** How a job is to come out. */
export interface OutputOptions {
	/** Whether to put the video into a binary field. */
	readonly download: boolean;
	/** The name of that field. */
	readonly field: string;
	/** Whether to add the provider's last reply. */
	readonly raw: boolean;
}

/** An output item. */
export interface JobItem {
	readonly kind: 'item';
	readonly json: JsonObject;
	readonly binary?: IBinaryKeyData;
}

/** What it takes to turn a job into an item, in a run of the node and in a callback. */
export interface Session {
	readonly api: OpenApi;
	readonly downloads: Downloads;
}

/**
 * A job as an item, whatever its status, with its video in the binary field if there is one and it is wanted. A download
 * that fails leaves the job completed and says so in the item.
 */
export async function jobItem(
	session: Session,
	job: Job,
	output: OutputOptions,
	extras: Extras = {},
): Promise<JobItem> {
	const { provider, jobId } = job.handle;
	const shown = output.raw ? job : withoutRaw(job);
	if (!output.download || job.status !== 'completed') return { kind: 'item', json: jobJson(shown, extras) };
	if (job.videoUrl === undefined) {
		const downloadFailure = `${providerOf(provider).label} reports the job as completed, but gives no link to a video`;
		return { kind: 'item', json: jobJson(shown, { ...extras, downloadFailure }) };
	}
	const api = await session.api(provider);
	const download = await session.downloads.fetch({
		url: job.videoUrl,
		fileName: `kling-${jobId}.mp4`,
		mayBeLocal: 'isLocal' in api && api.isLocal,
	});
	if (download.kind === 'failed') {
		return { kind: 'item', json: jobJson(shown, { ...extras, downloadFailure: download.message }) };
	}
	return { kind: 'item', json: jobJson(shown, extras), binary: { [output.field]: download.binary } };
}
