import type { INodeExecutionData } from 'n8n-workflow';
import type { Problem } from '../../core/fields';
import type { ItemError } from '../../core/output';
import type { MadeItem } from '../../kling/item';
import type { Session } from './session';

/** One item, checked: something to do, or all that is wrong with it. */
export type Checked<Order> =
	| { readonly kind: 'order'; readonly order: Order }
	| { readonly kind: 'problems'; readonly problems: readonly Problem[] };

/** What becomes of one item. An error is an item or a throw, as On Error says. */
export type ItemEnd = MadeItem | { readonly kind: 'error'; readonly error: ItemError; readonly videoUrl?: string };

/** An order and the item it came from. */
export interface Placed<Order> {
	readonly itemIndex: number;
	readonly order: Order;
}

/** One operation of the node. The router calls `check` for all items before the first `run`. */
export interface Operation<Order> {
	/** Reads and checks one item's parameters. Sends nothing that costs. */
	check(session: Session, itemIndex: number): Promise<Checked<Order>>;
	/** Looks at the whole run before anything is sent; the text says why it is refused. */
	refuseRun?(session: Session, orders: ReadonlyArray<Placed<Order>>): string | undefined;
	/** Whether the item would be sent anew, and so is refused with the run; all are if absent. */
	isNew?(session: Session, placed: Placed<Order>): boolean;
	/** Does one item; all items run at once. */
	run(session: Session, placed: Placed<Order>): Promise<ItemEnd>;
	/** Called with every item's end, in order, which it may replace. If it parks the execution: what n8n shows meanwhile. */
	park?(
		session: Session,
		ends: ItemEnd[],
		orders: ReadonlyArray<Placed<Order>>,
	): Promise<INodeExecutionData[] | undefined>;
	/** Called with every item's end, which it may replace, if the execution was stopped and is not parked. */
	stopped?(session: Session, ends: ItemEnd[], orders: ReadonlyArray<Placed<Order>>): Promise<void>;
	/** Items by output, where the operation has several. */
	route?(session: Session, end: ItemEnd): number;
	/** Outputs of this operation with its parameters; one if absent. */
	outputCount?(session: Session): number;
}
