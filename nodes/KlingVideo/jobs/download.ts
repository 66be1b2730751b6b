import type { INodeExecutionData } from 'n8n-workflow';
import { FieldReader, isUnset } from '../../core/fields';
import { asJobId } from '../../core/job';
import { asText, isJson, present, without, type JsonObject, type JsonValue } from '../../core/json';
import { listProblem } from '../../core/links';
import { hasBotToken } from '../../core/secrets';
import { urlProblem } from '../../core/url';
import { isTool } from '../../host/context';
import type { OutputOptions } from '../../kling/item';
import { checkAndDoItems, type Checked, type Result } from '../run/items';
import { readOutputOptions } from '../run/poll';
import type { Run } from '../run/run';
import { dryRunIdIn, sampleVideo } from '../run/sample';

/** One checked item of Download. */
interface VideoToFetch {
	readonly itemIndex: number;
	readonly videoUrl: string;
	/** Of the job the link belongs to, where the item says so. */
	readonly jobId?: string;
	readonly output: OutputOptions;
	/** The item as it came in, without what is not true of it any more. */
	readonly json: JsonObject;
}

/** Fetches videos again by their links, which outlive the jobs' records. */
export async function download(run: Run): Promise<INodeExecutionData[][]> {
	return [await checkAndDoItems(run, check, fetchVideo)];
}

async function check(run: Run, itemIndex: number): Promise<Checked<VideoToFetch>> {
	const { context } = run;
	const fields = new FieldReader();
	const input: Readonly<Record<string, unknown>> = context.getInputData()[itemIndex]?.json ?? {};
	const value: unknown = context.getNodeParameter('videoUrl', itemIndex, '');
	const problem = videoUrlProblem(value);
	// An agent's link could lead anywhere this n8n reaches, and it takes no file anyway.
	if (isTool(context)) {
		fields.refuse(
			'Operation',
			'cannot be Download as an AI tool, as agents take no files. Choose Get Status, which gives the link.',
		);
	} else if (problem !== undefined) fields.refuse('Video URL', problem);
	const output = readOutputOptions(run, itemIndex, fields);
	if (fields.problems.length > 0) return { kind: 'problems', problems: fields.problems };
	const videoUrl = String(value).trim();
	const json: JsonObject = { ...jsonOf(without(input, 'error', 'downloadFailure')), videoUrl };
	const jobId = asText(input.videoUrl) === videoUrl ? asJobId(input.jobId) : undefined;
	return { kind: 'item', item: { itemIndex, videoUrl, json, output, ...present({ jobId }) } };
}

/** The user gives this link, and no key goes with it: it may lead anywhere this n8n reaches. */
function videoUrlProblem(value: unknown): string | undefined {
	if (isUnset(value)) return 'is empty. Enter the videoUrl that Generate, Wait or Get Status returned.';
	if (hasBotToken(String(value))) {
		return "has the token of your Telegram bot in it, which an error message would repeat. Let n8n's Telegram node download the file.";
	}
	return listProblem(value) ?? urlProblem(value, { providerIsLocal: true });
}

/** A field that is no JSON, as code may leave it, must not take the others with it. */
function jsonOf(item: Readonly<Record<string, unknown>>): JsonObject {
	const fields = Object.entries(item).filter((field): field is [string, JsonValue] => isJson(field[1]));
	return Object.fromEntries(fields);
}

async function fetchVideo(run: Run, { videoUrl, jobId, output, json }: VideoToFetch): Promise<Result> {
	const dryRunJobId = dryRunIdIn(videoUrl);
	if (dryRunJobId !== undefined) {
		const sample = await sampleVideo(run, dryRunJobId);
		return { kind: 'item', json: { ...json, dryRun: true }, binary: { [output.field]: sample } };
	}
	const fileName = `kling-${jobId ?? 'video'}.mp4`;
	const fetched = await run.downloads.fetch({ url: videoUrl, fileName, mayBeLocal: true });
	if (fetched.kind === 'stored') return { kind: 'item', json, binary: { [output.field]: fetched.binary } };
	const receipt = jobId === undefined ? '' : ` Job ID: ${jobId}.`;
	const description = `Links from Runpod work for 7 days, links from Core.Today perhaps for 1 hour only. While the provider still has the job, Get Status returns a link again.${receipt}`;
	return { kind: 'error', error: { message: fetched.message, description, ...present({ jobId }) }, videoUrl };
}
