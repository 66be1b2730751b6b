import type { INodeExecutionData } from 'n8n-workflow';
import type { Execution } from './harness/index';
import { setStage, type Stage, type StageOptions } from './stage';

/** A stage whose every run is searched for API keys. */
export interface WatchedStage extends Stage {
	/** Start → Kling → Collect over these items; one empty item if absent. */
	run(
		parameters: Record<string, unknown>,
		items?: INodeExecutionData[],
		settings?: Record<string, unknown>,
	): Promise<Execution>;
	/** Fails if a key is in what n8n keeps of these executions, their errors or logs, or went to anybody but the APIs. */
	expectNoKeyIn(...executions: Execution[]): void;
}

/** The only requests that carry a key. */
const API_CALLS: ReadonlyArray<string | undefined> = [
	'submit',
	'runsync',
	'status',
	'cancel',
	'health',
	'templates',
	'uploadUrl',
];

export async function setWatchedStage(options: StageOptions = {}): Promise<WatchedStage> {
	const stage = await setStage(options);
	const typedIn = Object.values(options.engine?.credentials ?? {}).map(({ data }) => data.apiKey);
	const keys = [...Object.values(stage.emulator.keys), ...Object.values(options.keys ?? {}), ...typedIn]
		.map(String)
		.filter((key) => key.trim() !== '');

	function expectNoKeyIn(...executions: Execution[]): void {
		const strangers = stage.emulator.requests().filter(({ call }) => !API_CALLS.includes(call));
		const inUrlsAndBodies = stage.emulator.requests().map(({ path, query, body }) => ({ path, query, body }));
		const leaks = textsIn([executions, strangers, inUrlsAndBodies]).filter((text) =>
			keys.some((key) => text.includes(key)),
		);
		expect(leaks).toEqual([]);
	}

	async function run(
		parameters: Record<string, unknown>,
		items?: INodeExecutionData[],
		settings?: Record<string, unknown>,
	) {
		const execution = await stage.engine.run(
			stage.workflow(parameters, settings),
			items === undefined ? {} : { items },
		);
		expectNoKeyIn(execution);
		return execution;
	}

	return { ...stage, run, expectNoKeyIn };
}

/** Every text in a value: keys and values, hidden ones such as an error's stack too, at any depth. */
export function textsIn(root: unknown): string[] {
	const texts: string[] = [];
	const seen = new Set<unknown>();
	const open: unknown[] = [root];
	while (open.length > 0) {
		const value = open.pop();
		if (typeof value === 'string') texts.push(value);
		if (typeof value !== 'object' || value === null || seen.has(value)) continue;
		seen.add(value);
		if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
		else open.push(...(value instanceof Map ? [...value].flat() : []), ...ownParts(value));
	}
	return texts;
}

function ownParts(value: object): unknown[] {
	return Reflect.ownKeys(value).flatMap((key): unknown[] => [String(key), Reflect.get(value, key)]);
}

/**
 * What an item says went wrong; fails if its JSON has any other key, or the item a file.
 * @param input what came in: on an error output n8n itself lays the error over the input item's JSON
 */
export function errorOf(item: INodeExecutionData | undefined, input?: INodeExecutionData): Record<string, unknown> {
	expect(item?.json).toEqual({ ...input?.json, error: expect.anything() });
	expect(item?.binary).toBeUndefined();
	expect(item?.error).toBeUndefined();
	const error: unknown = item?.json.error;
	expect(error).toEqual(expect.objectContaining({ message: expect.any(String), description: expect.any(String) }));
	return typeof error === 'object' && error !== null ? { ...error } : {};
}

/** The message and the description of the error that ended an execution, as a person reads them. */
export function thrown(execution: Execution): string {
	const error = execution.error();
	expect(error).toBeDefined();
	return [error?.message, error !== undefined && 'description' in error ? error.description : ''].join('\n');
}
