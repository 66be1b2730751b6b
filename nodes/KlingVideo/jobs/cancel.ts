import { FieldReader } from '../../core/fields';
import { failureError } from '../../core/output';
import { itemOf } from '../../kling/item';
import { checkJob, type JobOrder } from './job';
import type { ItemEnd, Operation, Placed } from '../run/operation';
import type { Session } from '../run/session';

async function run(session: Session, { order }: Placed<JobOrder>): Promise<ItemEnd> {
	const { api, handle, wish, extras } = order;
	const truth = await session.cancel(api, handle);
	if (truth.kind === 'job') return await itemOf(session, truth.job, { ...wish, download: false }, extras);
	return { kind: 'error', error: failureError(truth.failure, { provider: handle.provider, handle }) };
}

/** Cancels jobs and says what is true of them afterwards: see node-interface, operation `cancel`. */
export const cancel: Operation<JobOrder> = {
	check: async (session, itemIndex) => await checkJob(session, itemIndex, new FieldReader()),
	run,
};
