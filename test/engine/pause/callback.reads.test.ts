import type { IExecuteFunctions } from 'n8n-workflow';
import type { Handle } from '../../../nodes/core/job';
import { readStatus } from '../../../nodes/kling/api';
import { jobItem, type Session } from '../../../nodes/kling/item';
import { createMemory } from '../../../nodes/kling/memory';
import { createWebhookSession } from '../../../nodes/kling/webhookSession';
import { at } from '../../support/defined';
import { shots } from '../items';
import { createStage, type Stage } from '../stage';

let stage: Stage;
const memory = createMemory();
beforeAll(async () => (stage = await createStage()));
afterAll(async () => await stage.close());

/** A session in a node, and how often it has read a credential; `user` is whose execution n8n says that it is. */
async function withSession<T>(
	use: (session: Session) => Promise<T>,
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
		return await use(createWebhookSession(Object.create(context, own), stage.clock, memory));
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
	const output = { download: true, field: 'data', raw: false };
	const first = await withSession(async (session) => {
		const ends = handles.map(async (handle) => {
			const answer = await readStatus(session.api, handle);
			return answer.kind === 'job' ? (await jobItem(session, answer.job, output)).kind : answer.kind;
		});
		return await Promise.all(ends);
	});
	expect(first).toEqual({ result: ['item', 'item', 'item', 'item', 'item'], reads: 1 });
	const readAgain = async () =>
		await withSession(async (session) => (await readStatus(session.api, at(handles, 0))).kind);
	expect(await readAgain()).toEqual({ result: 'job', reads: 0 });
	await stage.clock.sleep(31_000);
	expect(await readAgain()).toEqual({ result: 'job', reads: 1 });
});

test('two users for whom n8n resolves one credential never share what was read', async () => {
	const handle = at(await submittedHandles(1), 0);
	const readsOf = async (user: string) =>
		(await withSession(async (session) => (await readStatus(session.api, handle)).kind, user)).reads;
	expect([await readsOf('one'), await readsOf('two'), await readsOf('one')]).toEqual([1, 1, 0]);
});

test('an older n8n, which cannot say whose execution it is, is asked for the credential all the same', async () => {
	const handle = at(await submittedHandles(1), 0);
	const kind = await stage.inNode(async (context) => {
		const older = Object.create(context, { getExecutionContext: { value: undefined } });
		return (await readStatus(createWebhookSession(older, stage.clock, memory).api, handle)).kind;
	});
	expect(kind).toBe('job');
});
