import { FieldReader, isUnset } from '../../core/fields';
import { asJobId } from '../../core/job';
import { asText, isJson, without, type JsonObject, type JsonValue } from '../../core/json';
import { urlProblem } from '../../core/url';
import { isDryRunId } from '../generate/dryRun';
import type { OutputWish } from '../../kling/item';
import { outputWish } from '../run/finish';
import type { Checked, ItemEnd, Operation, Placed } from '../run/operation';
import type { Session } from '../run/session';
import { isTool } from '../../host/context';

interface DownloadOrder {
	readonly videoUrl: string;
	/** Of the job the link belongs to, where the item says so. */
	readonly jobId?: string;
	readonly wish: OutputWish;
	/** The item as it came in, less what is not true of it any more. */
	readonly json: JsonObject;
}

/** A field that is no JSON, as code may leave it, must not take the others with it. */
function jsonOf(item: Readonly<Record<string, unknown>>): JsonObject {
	const fields = Object.entries(item).filter((field): field is [string, JsonValue] => isJson(field[1]));
	return Object.fromEntries(fields);
}

function check(session: Session, itemIndex: number): Checked<DownloadOrder> {
	const { context } = session;
	const fields = new FieldReader();
	const input: Readonly<Record<string, unknown>> = context.getInputData()[itemIndex]?.json ?? {};
	const value: unknown = context.getNodeParameter('videoUrl', itemIndex, '');
	// The user gives this link, and no key goes with it: it may lead anywhere this n8n reaches.
	const problem = isUnset(value)
		? 'is empty. Give the videoUrl that Generate, Wait or Get Status returned.'
		: urlProblem(value, { providerIsLocal: true });
	// An agent's link could lead anywhere this n8n reaches, and it takes no file anyway.
	if (isTool(context))
		fields.refuse(
			'Operation',
			'cannot be Download as an AI tool, as agents take no files. Choose Get Status, which gives the link.',
		);
	else if (isDryRunId(input.jobId))
		fields.refuse(
			'Video URL',
			`belongs to ${String(input.jobId)}, which a dry run made: there is no such video. Turn Dry Run off in the Generate node.`,
		);
	else if (problem !== undefined) fields.refuse('Video URL', problem);
	const wish = outputWish(session, itemIndex, fields);
	if (fields.problems.length > 0) return { kind: 'problems', problems: fields.problems };
	const videoUrl = String(value).trim();
	const json: JsonObject = { ...jsonOf(without(input, 'error', 'downloadFailure')), videoUrl };
	const jobId = asText(input.videoUrl) === videoUrl ? asJobId(input.jobId) : undefined;
	return {
		kind: 'order',
		order: { videoUrl, json, wish, ...(jobId === undefined ? {} : { jobId }) },
	};
}

async function run(session: Session, { order }: Placed<DownloadOrder>): Promise<ItemEnd> {
	const { videoUrl, jobId, wish, json } = order;
	const fileName = `kling-${jobId ?? 'video'}.mp4`;
	const download = await session.downloads.fetch({ url: videoUrl, fileName, mayBeLocal: true });
	if (download.kind === 'stored') return { kind: 'item', json, binary: { [wish.outputField]: download.binary } };
	const description = `Runpod's links live 7 days, Core.Today's may live 1 hour. While the provider still has the job, Get Status gives its link again.${jobId === undefined ? '' : ` Job ID: ${jobId}.`}`;
	const error = { message: download.message, description, ...(jobId === undefined ? {} : { jobId }) };
	return { kind: 'error', error, videoUrl };
}

/** Fetches a video again by its link, which outlives the job's record: see node-interface, operation `download`. */
export const download: Operation<DownloadOrder> = {
	check: async (session, itemIndex) => check(session, itemIndex),
	run,
};
