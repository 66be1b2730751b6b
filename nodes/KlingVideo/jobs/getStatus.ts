import { FieldReader } from '../../core/fields';
import { getStatus as readStatus } from '../../core/calls/status';
import { failureError } from '../../core/output';
import { itemOf } from '../../kling/item';
import { checkJob, type JobOrder } from './job';
import type { ItemEnd, Operation, Placed } from '../run/operation';
import type { Session } from '../run/session';
import { isTool } from '../../host/context';

/** The outputs of a routed Get Status, in the order that workflows depend on. */
const OUTPUTS = { completed: 0, running: 1, notCompleted: 2 };

async function run(session: Session, { order }: Placed<JobOrder>): Promise<ItemEnd> {
	const { api, handle, wish, extras } = order;
	const truth = await readStatus(api.provider, handle, session.portsOf(api));
	if (truth.kind === 'job') return await itemOf(session, truth.job, wish, extras);
	return { kind: 'error', error: failureError(truth.failure, { provider: handle.provider, handle }) };
}

function isRouted({ context }: Session): boolean {
	return context.getNodeParameter('routeByStatus', 0, false) === true && !isTool(context);
}

function route(session: Session, end: ItemEnd): number {
	if (!isRouted(session)) return 0;
	const status = end.kind === 'item' ? end.json.status : undefined;
	if (status === 'completed') return OUTPUTS.completed;
	return status === 'pending' || status === 'processing' ? OUTPUTS.running : OUTPUTS.notCompleted;
}

/** Asks for a job's state, whatever it is: see node-interface, operation `getStatus`. */
export const getStatus: Operation<JobOrder> = {
	check: async (session, itemIndex) => await checkJob(session, itemIndex, new FieldReader()),
	run,
	route,
	outputCount: (session) => (isRouted(session) ? Object.keys(OUTPUTS).length : 1),
};
