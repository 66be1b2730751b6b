import type { IBinaryKeyData, IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';
import { asObject, asText } from '../../nodes/core/json';
import { credentialNames } from '../support/apis';
import { probe } from './harness/index';

/** Stores the files of its items as n8n stores those that a node makes. */
export const stored = probe('stored', async function () {
	const items = this.getInputData().map(async ({ binary = {}, json }, item): Promise<INodeExecutionData> => {
		const files: IBinaryKeyData = {};
		for (const [field, { data, fileName }] of Object.entries(binary)) {
			files[field] = await this.helpers.prepareBinaryData(Buffer.from(data, 'base64'), fileName);
		}
		return { json, binary: files, pairedItem: { item } };
	});
	return [await Promise.all(items)];
});

/** Fetches the picture that its item's `url` leads to as n8n's HTTP Request node does: as a stream into the store. */
export const fetched = probe('fetched', async function () {
	const url = asText(this.getInputData()[0]?.json.url) ?? '';
	const full: unknown = await this.helpers.httpRequest({ url, encoding: 'stream', returnFullResponse: true });
	const body = asObject(full)?.body;
	const data = await this.helpers.prepareBinaryData(body as never, 'picture');
	return [[{ json: {}, binary: { data }, pairedItem: 0 }]];
});

type Work = (context: IExecuteFunctions) => Promise<unknown>;

/** A node that does what a test wants to be done in one. */
export interface Task {
	readonly nodeType: INodeType;
	/** What it does from now on. */
	set(work: Work): void;
}

export function createTask(): Task {
	let work: Work = async () => undefined;
	const description = { credentials: credentialNames.map((name) => ({ name })) };
	const execute = async function (this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		await work(this);
		return [[]];
	};
	return {
		nodeType: probe('task', execute, description),
		set: (next) => {
			work = next;
		},
	};
}
