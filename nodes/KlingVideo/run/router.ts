import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Clock } from '../../core/clock';
import type { Problem } from '../../core/fields';
import type { Job } from '../../core/job';
import { errorJson } from '../../core/output';
import { nodeError } from '../../host/context';
import { cancel } from '../jobs/cancel';
import { download } from '../jobs/download';
import { generate } from '../generate/generate';
import { getStatus } from '../jobs/getStatus';
import type { Checked, ItemEnd, Operation, Placed } from './operation';
import { invalidItem, refusedItem, refusedRun, unfinishedRun } from './errors';
import { createSession, type Session } from './session';
import { wait } from '../jobs/wait';

/** Runs the node's operation over all its items. */
export async function runOperation(context: IExecuteFunctions, clock: Clock): Promise<INodeExecutionData[][]> {
	const operation = String(context.getNodeParameter('operation', 0, 'generate'));
	const session = createSession(context, clock);
	switch (operation) {
		case 'generate':
			return await runItems(session, generate);
		case 'getStatus':
			return await runItems(session, getStatus);
		case 'wait':
			return await runItems(session, wait);
		case 'cancel':
			return await runItems(session, cancel);
		case 'download':
			return await runItems(session, download);
		default:
			throw nodeError(context, {
				message: `The operation "${operation}" is not known`,
				description: 'Choose an operation from the list.',
			});
	}
}

/** Checks all items, then does all at once; an error is thrown only when every item has come to its end. */
async function runItems<Order>(session: Session, operation: Operation<Order>): Promise<INodeExecutionData[][]> {
	const { context } = session;
	const ends: ItemEnd[] = [];
	const checked = await checkItems(session, operation, ends);
	const orders = refuseNew(session, operation, checked, ends);
	const all = Promise.all(
		orders.map(async (placed) => {
			ends[placed.itemIndex] = await runSafely(session, operation, placed);
		}),
	);
	if (await stoppedBeforeEnd(session, all)) await operation.stopped?.(session, ends, orders);
	await all;
	const mustThrow = () => ends.some(({ kind }) => kind === 'error') && !context.continueOnFail();
	const shown = mustThrow() ? undefined : await operation.park?.(session, ends, orders);
	if (shown !== undefined) return [shown];
	if (session.stop.requested) await operation.stopped?.(session, ends, orders);
	if (mustThrow()) throw unfinishedRun(context, ends, session.stop.requested);
	return outputs(session, operation, ends);
}

/** What is to be done, item by item. An item that is wrong ends here, or, with On Error "Stop", the whole run does. */
async function checkItems<Order>(
	session: Session,
	operation: Operation<Order>,
	ends: ItemEnd[],
): Promise<Array<Placed<Order>>> {
	const { context } = session;
	const orders: Array<Placed<Order>> = [];
	const invalid: Array<{ itemIndex: number; problems: readonly Problem[] }> = [];
	for (const itemIndex of context.getInputData().keys()) {
		const checked = await checkSafely(session, operation, itemIndex);
		if (checked.kind === 'order') orders.push({ itemIndex, order: checked.order });
		else invalid.push({ itemIndex, problems: checked.problems });
	}
	if (invalid.length > 0 && !context.continueOnFail()) throw refusedRun(context, invalid, receiptsOf(session));
	for (const { itemIndex, problems } of invalid)
		ends[itemIndex] = { kind: 'error', error: invalidItem(problems, session.ledger.receipt(itemIndex)) };
	return orders;
}

/** The jobs that an earlier try of the run has paid for. */
function receiptsOf({ context, ledger }: Session): Array<{ itemIndex: number; job: Job }> {
	return [...context.getInputData().keys()].flatMap((itemIndex) => {
		const job = ledger.receipt(itemIndex);
		return job === undefined ? [] : [{ itemIndex, job }];
	});
}

/**
 * The orders that are left where the run as a whole must send nothing new: those that were paid for before. A limit that
 * is reached on a retry does not throw their receipts away.
 */
function refuseNew<Order>(
	session: Session,
	operation: Operation<Order>,
	orders: ReadonlyArray<Placed<Order>>,
	ends: ItemEnd[],
): ReadonlyArray<Placed<Order>> {
	const refusal = refusalOf(session, operation, orders);
	if (refusal === undefined) return orders;
	const refused = orders.filter((placed) => operation.isNew?.(session, placed) ?? true);
	const isWhole = refused.length === orders.length;
	if (isWhole && !session.context.continueOnFail()) throw nodeError(session.context, refusedItem(refusal));
	for (const { itemIndex } of refused) ends[itemIndex] = { kind: 'error', error: refusedItem(refusal) };
	return orders.filter((placed) => !refused.includes(placed));
}

/** An option of the run whose expression fails refuses it, as a wrong one does: n8n would pass the input on as results. */
function refusalOf<Order>(
	session: Session,
	operation: Operation<Order>,
	orders: ReadonlyArray<Placed<Order>>,
): string | undefined {
	try {
		return operation.refuseRun?.(session, orders);
	} catch (error) {
		return `The options could not be read: ${reasonOf(error)}. Nothing was submitted. Correct the expression.`;
	}
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : 'unknown';
}

/** An expression that fails, or a picture that cannot be read, is wrong with its item and with no other. */
async function checkSafely<Order>(
	session: Session,
	operation: Operation<Order>,
	itemIndex: number,
): Promise<Checked<Order>> {
	try {
		return await operation.check(session, itemIndex);
	} catch (error) {
		return {
			kind: 'problems',
			problems: [
				{
					field: 'This item',
					message: `could not be read: ${reasonOf(error)}. Correct the expression or the picture.`,
				},
			],
		};
	}
}

/** Whether Stop came before the work was done: what is there already must not wait for the slowest submit to be cancelled. */
async function stoppedBeforeEnd({ clock, stop }: Session, work: Promise<unknown>): Promise<boolean> {
	const ended = work.then(() => true);
	while (!stop.requested) {
		if (await Promise.race([ended, clock.sleep(1000).then(() => false)])) return false;
	}
	return true;
}

/** What nobody foresaw in one item must not take the receipts of the others with it. */
async function runSafely<Order>(
	session: Session,
	operation: Operation<Order>,
	placed: Placed<Order>,
): Promise<ItemEnd> {
	try {
		return await operation.run(session, placed);
	} catch (error) {
		const reason = reasonOf(error);
		session.context.logger.error(`Kling Video: item ${placed.itemIndex} ended unexpectedly: ${reason}`);
		const description = 'Job IDs of this run are in the n8n log. Please report this with the message.';
		return { kind: 'error', error: { message: `This item ended unexpectedly: ${reason}`, description } };
	}
}

function outputs<Order>(
	session: Session,
	operation: Operation<Order>,
	ends: readonly ItemEnd[],
): INodeExecutionData[][] {
	const count = operation.outputCount?.(session) ?? 1;
	const all: INodeExecutionData[][] = Array.from({ length: count }, () => []);
	for (const [itemIndex, end] of ends.entries())
		all[operation.route?.(session, end) ?? 0]?.push(toItem(end, itemIndex));
	return all;
}

function toItem(end: ItemEnd, itemIndex: number): INodeExecutionData {
	const pairedItem = { item: itemIndex };
	if (end.kind === 'error') return { json: errorJson(end.error), pairedItem };
	return end.binary === undefined ? { json: end.json, pairedItem } : { json: end.json, binary: end.binary, pairedItem };
}
