import { FieldReader } from '../../core/fields';
import { followedItem, readWaitRules, type WaitRules } from '../run/finish';
import { checkJob, type JobOrder } from './job';
import type { Checked, ItemEnd, Operation, Placed } from '../run/operation';
import type { Session } from '../run/session';

interface WaitOrder extends JobOrder {
	readonly rules: WaitRules;
}

async function check(session: Session, itemIndex: number): Promise<Checked<WaitOrder>> {
	const fields = new FieldReader();
	const rules = readWaitRules(session, itemIndex, fields);
	const checked = await checkJob(session, itemIndex, fields);
	return checked.kind === 'order' ? { kind: 'order', order: { ...checked.order, rules } } : checked;
}

async function run(session: Session, { order }: Placed<WaitOrder>): Promise<ItemEnd> {
	const { api, handle, wish, extras, rules } = order;
	const end = await session.poller.poll({
		handle,
		deadlineMs: session.clock.now() + rules.timeoutSeconds * 1000,
		pollNow: true,
	});
	return await followedItem(session, api, end, { handle, rules, wish, extras });
}

/** Waits for jobs that were submitted before: see node-interface, operation `wait`. */
export const wait: Operation<WaitOrder> = { check, run };
