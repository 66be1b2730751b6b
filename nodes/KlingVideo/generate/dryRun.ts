import { present, type JsonObject } from '../../core/json';
import { estimateCost } from '../../core/models/price';
import { putLink } from '../../core/models/links';
import { SAMPLE_VIDEO_BASE64 } from '../../core/media/sampleVideo';
import type { GenerateOrder } from './check';
import type { ItemEnd, Placed } from '../run/operation';
import type { Session } from '../run/session';

const DRY_RUN_ID = /^dry-run-\d+$/;

/** Whether a job id was made by a dry run: there is no such job anywhere. */
export function isDryRunId(jobId: unknown): boolean {
	return typeof jobId === 'string' && DRY_RUN_ID.test(jobId.trim());
}

/** How a picture of the input would be shown in the request of a dry run: it is not delivered. */
function pictureText(field: string, delivery: string): string {
	return `(the picture in "${field}", by ${delivery})`;
}

/** What Generate would send for an item, what it would cost, and a sample video marked as one. Sends nothing. */
export async function dryRunItem({ context }: Session, { itemIndex, order }: Placed<GenerateOrder>): Promise<ItemEnd> {
	const { api, request, pictures } = order.first;
	const input: JsonObject = { ...request.input };
	for (const { picture, delivery, url } of pictures)
		putLink(input, picture, url ?? pictureText(picture.field, delivery));
	const call = api.provider.startCall({ ...request, input }, {});
	const jobId = `dry-run-${itemIndex + 1}`;
	const estimate = estimateCost(request)?.least;
	const json: JsonObject = present({
		jobId,
		provider: request.provider,
		model: request.model,
		status: 'completed',
		cost: estimate === undefined ? undefined : { ...estimate },
		dryRun: true,
		request: present({ method: call.method, path: call.path, body: call.body }),
	});
	if (!order.wish.download || order.completion === 'jobId') return { kind: 'item', json };
	const sample = Buffer.from(SAMPLE_VIDEO_BASE64, 'base64');
	const binary = await context.helpers.prepareBinaryData(sample, `kling-${jobId}-sample.mp4`, 'video/mp4');
	return { kind: 'item', json, binary: { [order.wish.outputField]: binary } };
}
