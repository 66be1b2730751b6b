import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { asObject } from '../../nodes/core/json';
import { at, defined } from '../support/defined';
import { sha256 } from '../support/files';
import { type Execution, jsonOf } from './harness/index';
import type { Stage } from './stage';

/** What the Kling node put out, as JSON. */
export function outputOf(execution: Execution, outputIndex = 0): IDataObject[] {
	return jsonOf(execution.items('Kling', outputIndex));
}

/** The statuses of the jobs that the Kling node put out. */
export function statusesOf(execution: Execution): unknown[] {
	return outputOf(execution).map(({ status }) => status);
}

/** One of the items that the Kling node put out; throws if there is none. */
export function itemOf(execution: Execution, index = 0): INodeExecutionData {
	return at(execution.items('Kling'), index);
}

/** The error objects of error items, whole. */
export function errorsIn(items: readonly IDataObject[]): Array<Readonly<Record<string, unknown>>> {
	return items.map(({ error }) => asObject(error)).filter((error) => error !== undefined);
}

/**
 * What an item says went wrong; fails if its JSON has any other key, or the item a file.
 * @param input what came in: on an error output n8n itself lays the error over the input item's JSON
 */
export function errorOf(item: INodeExecutionData, input?: INodeExecutionData): Readonly<Record<string, unknown>> {
	expect(item.json).toEqual({ ...input?.json, error: expect.anything() });
	expect(item.binary).toBeUndefined();
	expect(item.error).toBeUndefined();
	expect(item.json.error).toEqual(
		expect.objectContaining({ message: expect.any(String), description: expect.any(String) }),
	);
	return defined(asObject(item.json.error), 'error object in the item');
}

/** The error that ended an execution, as the editor shows it; `text` is all of it. Fails if there is none. */
export function thrown(execution: Execution): { message: string; description: string; text: string } {
	const error = defined(execution.error(), `error of an execution that is ${execution.status}`);
	const { message } = error;
	const description = error.description ?? '';
	return { message, description, text: `${message}\n${description}` };
}

/** Fails unless the item's file is the video of the item's own job, to the byte. */
export async function expectVideo(stage: Stage, item: INodeExecutionData): Promise<void> {
	const job = defined(
		stage.jobs().find(({ id }) => id === item.json.jobId),
		'job of this item',
	);
	const { bytes, mimeType, fileName } = await stage.engine.binary(item);
	expect([mimeType, fileName]).toEqual(['video/mp4', `kling-${job.id}.mp4`]);
	expect(sha256(bytes)).toBe(job.videoSha256);
}

/** Fails unless each of so many items of `shots` is its own job's: in order, paired, and with its job's video. */
export async function expectVideos(stage: Stage, execution: Execution, count: number): Promise<void> {
	const items = execution.items('Kling');
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(Array.from({ length: count }, (_, item) => ({ item })));
	const jobs = items.map(({ json }) => stage.jobs().find(({ id }) => id === json.jobId));
	expect(jobs.map((job) => job?.input.prompt)).toEqual(items.map((_, index) => `Shot ${index}`));
	for (const [index, item] of items.entries()) {
		expect(item.json).toMatchObject({ status: 'completed', videoUrl: jobs[index]?.videoUrl });
		expect(item.json).not.toHaveProperty('timedOut');
		await expectVideo(stage, item);
	}
	expect(execution.items('Collect')).toHaveLength(count);
}
