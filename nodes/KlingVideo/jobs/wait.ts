import { FieldReader } from '../../core/fields';
import { followedItem, readWaitRules, type WaitRules } from '../run/finish';
import { checkJob, type JobOrder } from './job';
import type { Checked, ItemEnd, Operation, Placed } from '../run/operation';
import type { Session } from '../run/session';

interface WaitOrder extends JobOrder {
	readonly rules: WaitRules;
}

/** Mode and length of a job that somebody else submitted are not known: the middle of what Kling takes. */
const TYPICAL_SECONDS = 120;

async function check(session: Session, itemIndex: number): Promise<Checked<WaitOrder>> {
	const fields = new FieldReader();
	const rules = readWaitRules(session, itemIndex, fields);
	const checked = await checkJob(session, itemIndex, fields);
	return checked.kind === 'order' ? { kind: 'order', order: { ...checked.order, rules } } : checked;
}

async function run(session: Session, { order }: Placed<WaitOrder>): Promise<ItemEnd> {
	const { api, handle, wish, extras, rules } = order;
	const end = await session.follower.follow({
		handle,
		deadlineMs: session.clock.now() + rules.timeoutSeconds * 1000,
		expectation: { key: `${handle.provider} ${handle.model ?? ''} waited`, typicalSeconds: TYPICAL_SECONDS },
		lookNow: true,
	});
	return await followedItem(session, api, end, { handle, rules, wish, extras });
}

/** Waits for jobs that were submitted before: see node-interface, operation `wait`. */
export const wait: Operation<WaitOrder> = { check, run };
