import type { IBinaryData } from 'n8n-workflow';
import type { Handle } from '../../core/job';
import { SAMPLE_VIDEO_BASE64 } from '../../core/media/sampleVideo';
import { jobJson, type Extras } from '../../core/output';
import { DRY_RUN_HOST } from '../../core/url';
import type { JobItem, OutputOptions } from '../../kling/item';
import type { Run } from './run';

/*
 * What a dry run gives in place of a job. Every operation answers its IDs and links with the sample, so that a whole
 * workflow can be built before there is an account. The names under .invalid are reserved: such a link leads nowhere, for
 * whomever it is posted to.
 */
const JOB_ID = /^dry-run-\d+$/;
const VIDEO_URL = /^https:\/\/dry-run\.invalid\/(dry-run-\d+)\.mp4$/;

export function dryRunId(itemIndex: number): string {
	return `dry-run-${itemIndex + 1}`;
}

/** Whether a job ID was made by a dry run: there is no such job anywhere. */
export function isDryRunId(jobId: string): boolean {
	return JOB_ID.test(jobId);
}

/** The job ID in a link that a dry run made; undefined for every other link. */
export function dryRunIdIn(videoUrl: string): string | undefined {
	return VIDEO_URL.exec(videoUrl)?.[1];
}

/** The item of a dry run's job, marked as one. */
export async function sampleItem(
	run: Run,
	handle: Handle,
	{ download, field }: OutputOptions,
	extras: Extras = {},
): Promise<JobItem> {
	const { jobId } = handle;
	const job = { handle, status: 'completed', videoUrl: `https://${DRY_RUN_HOST}/${jobId}.mp4` } as const;
	const json = { ...jobJson(job, extras), dryRun: true };
	if (!download) return { kind: 'item', json };
	return { kind: 'item', json, binary: { [field]: await sampleVideo(run, jobId) } };
}

/** The sample video as a file. */
export async function sampleVideo({ context }: Run, jobId: string): Promise<IBinaryData> {
	const sample = Buffer.from(SAMPLE_VIDEO_BASE64, 'base64');
	return await context.helpers.prepareBinaryData(sample, `kling-${jobId}-sample.mp4`, 'video/mp4');
}
