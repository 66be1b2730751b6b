import { present, type JsonObject } from '../../core/json';
import { putLink } from '../../core/models/form';
import { estimateCost } from '../../core/models/price';
import type { JobItem } from '../../kling/item';
import type { Run } from '../run/run';
import { dryRunId, sampleItem } from '../run/sample';
import type { GenerateItem, Settings } from './check';

/** What Generate would send for an item, what it would cost, and a sample video marked as one. Sends nothing. */
export async function dryRunItem(run: Run, { completion }: Settings, item: GenerateItem): Promise<JobItem> {
	const { itemIndex, output } = item;
	const { api, request, pictures } = item.first;
	const input: JsonObject = { ...request.input };
	for (const { picture, delivery } of pictures) {
		// The picture is not delivered, so its place in the request says what would stand there.
		putLink(input, picture, `(the picture in "${picture.field}", by ${delivery})`);
	}
	const { method, path, body } = api.provider.startCall({ ...request, input }, {});
	const { json, ...rest } = await sampleItem(
		run,
		{ provider: request.provider, model: request.model, jobId: dryRunId(itemIndex) },
		{ ...output, download: output.download && completion !== 'jobId' },
		present({ cost: estimateCost(request)?.least }),
	);
	return { ...rest, json: { ...json, request: present({ method, path, body }) } };
}
