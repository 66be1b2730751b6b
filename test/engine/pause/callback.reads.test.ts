import type { IExecuteFunctions } from 'n8n-workflow';
import type { Handle } from '../../../nodes/core/job';
import { itemOf } from '../../../nodes/kling/item';
import { createWebhookFinisher, type WebhookFinisher } from '../../../nodes/kling/webhookSession';
import { at } from '../../support/defined';
import { shots } from '../items';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage()));
afterAll(async () => await stage.close());

/** A finisher in a node, and how often it has read a credential; `user` is whose execution n8n says that it is. */
async function withFinisher<T>(
	use: (finisher: WebhookFinisher) => Promise<T>,
	user?: string,
): Promise<{ result: T; reads: number }> {
	let reads = 0;
	const result = await stage.inNode(async (context) => {
		const getCredentials: IExecuteFunctions['getCredentials'] = async (...args) => {
			reads += 1;
			return await context.getCredentials(...args);
		};
		const getExecutionContext = () => ({ ...context.getExecutionContext(), credentials: user });
		const own = { getCredentials: { value: getCredentials }, getExecutionContext: { value: getExecutionContext } };
		return await use(createWebhookFinisher(Object.create(context, own), stage.clock));
	});
	return { result, reads };
}

async function submittedHandles(count: number): Promise<Handle[]> {
	stage.emulator.script({ job: { queueMs: 0, runMs: 1 } });
	await stage.run({ provider: 'runpod', completion: 'jobId' }, shots(count));
	return stage.jobs().map(({ id, model }) => ({ provider: 'runpod', model, jobId: id }));
}

// n8n 2.41 starts an engine for expressions each time a webhook reads a credential, too slow for 100 callbacks a minute.
test('a callback about five jobs reads the credential once, and those of the next 30 seconds do not read it again', async () => {
	const handles = await submittedHandles(5);
	const output = { download: true, outputField: 'data', withRaw: false };
	const first = await withFinisher(async (finisher) => {
		const ends = handles.map(async (handle) => {
			const look = await finisher.look(handle);
			return look.kind === 'job' ? (await itemOf(finisher, look.job, output)).kind : look.kind;
		});
		return await Promise.all(ends);
	});
	expect(first).toEqual({ result: ['item', 'item', 'item', 'item', 'item'], reads: 1 });
	const lookAgain = async () => await withFinisher(async (finisher) => (await finisher.look(at(handles, 0))).kind);
	expect(await lookAgain()).toEqual({ result: 'job', reads: 0 });
	await stage.clock.sleep(31_000);
	expect(await lookAgain()).toEqual({ result: 'job', reads: 1 });
});

test('two users for whom n8n resolves one credential never share what was read', async () => {
	const handle = at(await submittedHandles(1), 0);
	const readsOf = async (user: string) =>
		(await withFinisher(async (finisher) => (await finisher.look(handle)).kind, user)).reads;
	expect([await readsOf('one'), await readsOf('two'), await readsOf('one')]).toEqual([1, 1, 0]);
});

test('an older n8n, which cannot say whose execution it is, is asked for the credential all the same', async () => {
	const handle = at(await submittedHandles(1), 0);
	const kind = await stage.inNode(async (context) => {
		const older = Object.create(context, { getExecutionContext: { value: undefined } });
		return (await createWebhookFinisher(older, stage.clock).look(handle)).kind;
	});
	expect(kind).toBe('job');
});
