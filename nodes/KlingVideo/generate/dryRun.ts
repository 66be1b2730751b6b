import { present, type JsonObject } from '../../core/json';
import { SAMPLE_VIDEO_BASE64 } from '../../core/media/sampleVideo';
import { putLink } from '../../core/models/form';
import { estimateCost } from '../../core/models/price';
import type { JobItem } from '../../kling/item';
import type { Run } from '../run/run';
import type { GenerateItem, Settings } from './check';

/** What Generate would send for an item, what it would cost, and a sample video marked as one. Sends nothing. */
export async function dryRunItem({ context }: Run, settings: Settings, item: GenerateItem): Promise<JobItem> {
	const { itemIndex, output } = item;
	const { api, request, pictures } = item.first;
	const input: JsonObject = { ...request.input };
	for (const { picture, delivery } of pictures) {
		// The picture is not delivered, so its place in the request says what would stand there.
		putLink(input, picture, `(the picture in "${picture.field}", by ${delivery})`);
	}
	const call = api.provider.startCall({ ...request, input }, {});
	const jobId = `dry-run-${itemIndex + 1}`;
	const cost = estimateCost(request)?.least;
	const json: JsonObject = present({
		jobId,
		provider: request.provider,
		model: request.model,
		status: 'completed',
		cost: cost === undefined ? undefined : { ...cost },
		dryRun: true,
		request: present({ method: call.method, path: call.path, body: call.body }),
	});
	if (!output.download || settings.completion === 'jobId') return { kind: 'item', json };
	const sample = Buffer.from(SAMPLE_VIDEO_BASE64, 'base64');
	const binary = await context.helpers.prepareBinaryData(sample, `kling-${jobId}-sample.mp4`, 'video/mp4');
	return { kind: 'item', json, binary: { [output.field]: binary } };
}
