import type { INodeExecutionData } from 'n8n-workflow';
import type { Problem } from '../../core/fields';
import { asObject, without } from '../../core/json';
import { errorJson, type ItemError } from '../../core/output';
import type { JobItem } from '../../kling/item';
import { invalidItem, refusedRun, unexpectedEnd, unfinishedRun } from './errors';
import type { Run } from './run';

/** An item that is an error: an error item, or a part of what is thrown, as On Error says. */
export interface ErrorResult {
	readonly kind: 'error';
	readonly error: ItemError;
	readonly videoUrl?: string;
}

/** What became of one item. */
export type Result = JobItem | ErrorResult;

/** One item after its check: something to do, or all that is wrong with it. */
export type Checked<Item> =
	| { readonly kind: 'item'; readonly item: Item }
	| { readonly kind: 'problems'; readonly problems: readonly Problem[] };

/** What belongs to an input item. */
interface Indexed {
	readonly itemIndex: number;
}

/** What is still to be done in a run, and what has become of the other items, by item index. */
export interface Items<Item> {
	readonly toDo: readonly Item[];
	readonly results: Result[];
}

/**
 * Checks all items before anything is done. An item that is wrong becomes an error item; with On Error "Stop" it refuses
 * the whole run, and the error names every problem of every item.
 */
export async function checkItems<Item extends Indexed>(
	run: Run,
	check: (itemIndex: number) => Promise<Checked<Item>>,
): Promise<Items<Item>> {
	const toDo: Item[] = [];
	const invalid: InvalidItem[] = [];
	for (const itemIndex of run.context.getInputData().keys()) {
		const checked = await check(itemIndex).catch(unreadable);
		if (checked.kind === 'item') toDo.push(checked.item);
		else invalid.push({ itemIndex, problems: checked.problems });
	}
	if (invalid.length > 0 && !run.context.continueOnFail()) throw refusedRun(run, invalid);
	return noteInvalid(run, { toDo, results: [] }, invalid);
}

/** Makes error items of those that are wrong, and gives what is left to do. */
export function noteInvalid<Item extends Indexed>(
	run: Run,
	{ toDo, results }: Items<Item>,
	invalid: readonly InvalidItem[],
): Items<Item> {
	for (const { itemIndex, problems } of invalid) {
		results[itemIndex] = { kind: 'error', error: invalidItem(problems, run.ledger.latest(itemIndex)) };
	}
	return { toDo: toDo.filter(({ itemIndex }) => results[itemIndex] === undefined), results };
}

/** An item with what is wrong with it. */
export interface InvalidItem extends Indexed {
	readonly problems: readonly Problem[];
}

/** An expression that fails, or a picture that cannot be read, is wrong with its item and with no other. */
function unreadable(error: unknown): { kind: 'problems'; problems: Problem[] } {
	const message = `could not be read: ${reasonOf(error)}. Correct the expression or the picture.`;
	return { kind: 'problems', problems: [{ field: 'This item', message }] };
}

/** What an error that nobody foresaw says of itself. */
export function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : 'unknown';
}

/**
 * Does all items at once. Notes the result of each that has come to its end, and gives the others as they are now. What
 * nobody foresaw in one item must not take the job IDs of the others with it.
 */
export async function doItems<Item extends Indexed, Next extends Indexed = never>(
	run: Run,
	{ toDo, results }: Items<Item>,
	work: (item: Item) => Promise<Result | Next>,
): Promise<Items<Next>> {
	const all = toDo.map(async (item): Promise<Next[]> => {
		const outcome = await work(item).catch((error: unknown) => unexpected(run, item, error));
		if (!isResult(outcome)) return [outcome];
		results[item.itemIndex] = outcome;
		return [];
	});
	return { toDo: (await Promise.all(all)).flat(), results };
}

/** Only results have a kind. */
function isResult(outcome: Result | Indexed): outcome is Result {
	return 'kind' in outcome;
}

function unexpected({ context }: Run, { itemIndex }: Indexed, error: unknown): ErrorResult {
	const reason = reasonOf(error);
	context.logger.error(`Kling Video: item ${itemIndex} ended unexpectedly: ${reason}`);
	return { kind: 'error', error: unexpectedEnd(reason) };
}

/** A whole operation whose items have nothing to do with each other. */
export async function checkAndDoItems<Item extends Indexed>(
	run: Run,
	check: (run: Run, itemIndex: number) => Promise<Checked<Item>>,
	work: (run: Run, item: Item) => Promise<Result>,
): Promise<INodeExecutionData[]> {
	const items = await checkItems(run, async (itemIndex) => await check(run, itemIndex));
	await doItems(run, items, async (item) => await work(run, item));
	return outputItems(run, items.results);
}

/** Whether the results so far make the run an error. It is thrown only when every item has come to its end. */
export function mustThrow({ context }: Run, results: readonly Result[]): boolean {
	return results.some(({ kind }) => kind === 'error') && !context.continueOnFail();
}

/**
 * The results as output items, one for each input item. Throws, with On Error "Stop", if one of them is an error.
 * @param notes what else the run has to say, for the error's description
 */
export function outputItems(run: Run, results: readonly Result[], notes: readonly string[] = []): INodeExecutionData[] {
	if (mustThrow(run, results)) throw unfinishedRun(run, results, notes);
	return results.map((result, itemIndex) => {
		const pairedItem = { item: itemIndex };
		if (result.kind === 'item') return { ...without(result, 'kind'), pairedItem };
		const json = errorJson(result.error);
		return n8nFindsInput(run, itemIndex) ? { json, pairedItem } : { json };
	});
}

/**
 * Whether n8n finds the input item of an error item, whose fields it adds at the error output. With rows that were pinned
 * after the node before had run, it finds a row of that run, whose fields do not belong here, or none: then it drops the
 * whole output, with the IDs of jobs and the videos in it.
 * {@link https://github.com/n8n-io/n8n/blob/n8n%402.41.1/packages/core/src/execution-engine/workflow-execute.ts handleNodeErrorOutput}
 */
export function n8nFindsInput({ context }: Run, itemIndex: number): boolean {
	const source = context.getExecuteData().source?.main?.[0];
	if (!source || context.getNode().onError !== 'continueErrorOutput') return true;
	try {
		const proxy = context.getWorkflowDataProxy(itemIndex);
		const found: unknown = proxy.$getPairedItem(source.previousNode, source, { item: itemIndex });
		const json = context.getInputData()[itemIndex]?.json;
		return JSON.stringify(asObject(found)?.json) === JSON.stringify(json);
	} catch {
		return false;
	}
}
