import type { IBinaryKeyData, INodeExecutionData } from 'n8n-workflow';
import { readImage } from '../../core/media/imageSamples';
import { asObject, asText } from '../../../nodes/core/json';
import { node, probe, row, type Execution } from '../harness/index';
import type { StageOptions } from '../stage';
import { setWatchedStage, type WatchedStage } from '../watched';

/** A file that a node before ours made. */
export interface File {
	readonly bytes: Uint8Array;
	/** What it is called, true or not. */
	readonly fileName: string;
}

/** A watched stage on which each item's files come from a node before Kling, stored as n8n stores them. */
export interface PictureStage extends WatchedStage {
	/** Runs one item for each entry; its files by binary field. */
	runWith(
		parameters: Record<string, unknown>,
		items: ReadonlyArray<Record<string, File>>,
		settings?: Record<string, unknown>,
	): Promise<Execution>;
}

export const START: File = { bytes: readImage('start.jpg'), fileName: 'start.jpg' };
export const END: File = { bytes: readImage('end.png'), fileName: 'end.png' };

export async function setPictureStage(options: StageOptions = {}): Promise<PictureStage> {
	let files: ReadonlyArray<Record<string, File>> = [];
	const pictures = probe('pictures', async function () {
		const items = files.map(async (fields, item): Promise<INodeExecutionData> => {
			const binary: IBinaryKeyData = {};
			for (const [field, { bytes, fileName }] of Object.entries(fields)) {
				binary[field] = await this.helpers.prepareBinaryData(Buffer.from(bytes), fileName);
			}
			return { json: {}, binary, pairedItem: { item: 0, input: item } };
		});
		return [await Promise.all(items)];
	});
	// As n8n's HTTP Request node does it: the answer's stream into the binary store.
	const fetched = probe('fetched', async function () {
		const url = asText(this.getInputData()[0]?.json.url) ?? '';
		const full: unknown = await this.helpers.httpRequest({ url, encoding: 'stream', returnFullResponse: true });
		const body = asObject(full)?.body;
		return [
			[{ json: {}, binary: { data: await this.helpers.prepareBinaryData(body as never, 'picture') }, pairedItem: 0 }],
		];
	});
	const engine = { ...options.engine, nodeTypes: { pictures, fetched, ...options.engine?.nodeTypes } };
	const stage = await setWatchedStage({ factor: 60, ...options, engine });
	return {
		...stage,
		runWith: async (parameters, items, settings) => {
			files = items;
			const kling = stage.workflow(parameters, settings).nodes.filter(({ name }) => name === 'Kling');
			const execution = await stage.engine.run(row([node('Pictures', 'pictures'), ...kling]));
			stage.expectNoKeyIn(execution);
			return execution;
		},
	};
}
