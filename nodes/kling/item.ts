import type { IBinaryKeyData } from 'n8n-workflow';
import { withoutRaw, type Job } from '../core/job';
import { present, type JsonObject } from '../core/json';
import { jobJson, type Extras } from '../core/output';
import { providerOf } from '../core/providers';
import type { Download, Downloads } from '../host/download';
import type { ApiOpener } from './api';

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
	readonly api: ApiOpener;
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
	const shown = output.raw ? job : withoutRaw(job);
	const fetched = output.download ? await fetchVideo(session, job) : undefined;
	if (fetched?.kind === 'stored') {
		return { kind: 'item', json: jobJson(shown, extras), binary: { [output.field]: fetched.binary } };
	}
	return { kind: 'item', json: jobJson(shown, { ...extras, ...present({ downloadFailure: fetched?.message }) }) };
}

/** The video of a job, or why it could not be had; undefined where there is none to have. */
async function fetchVideo(session: Session, job: Job): Promise<Download | undefined> {
	if (job.status !== 'completed') return undefined;
	const { provider, jobId } = job.handle;
	if (job.videoUrl === undefined) {
		const message = `${providerOf(provider).label} reports the job as completed, but gives no link to a video`;
		return { kind: 'failed', message };
	}
	// Without a usable credential the link is tried all the same: opening it needs no key.
	const api = await session.api(provider);
	return await session.downloads.fetch({
		url: job.videoUrl,
		fileName: `kling-${jobId}.mp4`,
		mayBeLocal: 'isLocal' in api && api.isLocal,
	});
}
