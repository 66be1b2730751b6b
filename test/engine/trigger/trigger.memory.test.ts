import type { IWebhookFunctions } from 'n8n-workflow';
import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import type { Clock } from '../../../nodes/core/clock';
import { createStage, type Stage } from '../stage';

let stage: Stage;
/** The trigger as the editor's "Listen for test event" runs it. */
function createListening(clock: Clock): KlingVideoTrigger {
	const { webhook } = new KlingVideoTrigger(clock);
	return Object.assign(new KlingVideoTrigger(clock), {
		webhook: async function (this: IWebhookFunctions) {
			return await webhook.call(Object.create(this, { getMode: { value: () => 'manual' } }));
		},
	});
}

beforeAll(async () => {
	const nodeTypes = (clock: Clock) => ({ listening: createListening(clock) });
	stage = await createStage({ nodeTypes, emulator: { jobTimes: { queueMs: 0, runMs: 2_000 } } });
	stage.dropCallbacks();
});
afterAll(async () => await stage.close());

const publish = (type?: string) => stage.publish({ provider: 'runpod', downloadVideo: false }, type).url;

async function endedJob(): Promise<string> {
	await stage.submit({ provider: 'runpod' });
	await stage.jobsEnded();
	return stage.job(-1).id;
}

test('after a restart of n8n a job that started the workflow before does not start it again', async () => {
	const id = await endedJob();
	const url = publish();
	expect((await stage.callBack(url, { id })).execution?.status).toBe('success');
	stage.restartTrigger();
	const asked = stage.requests('status').length;
	const again = await stage.callBack(url, { id });
	expect([again.status, again.execution, stage.requests('status').length]).toEqual([200, undefined, asked]);
	expect((await stage.callBack(url, { id: await endedJob() })).execution?.status).toBe('success');
});

test('while the workflow is tried out in the editor, one job can start it again and again', async () => {
	const id = await endedJob();
	const url = publish('listening');
	const once = await stage.callBack(url, { id });
	const again = await stage.callBack(url, { id });
	const item = { json: { jobId: id, status: 'completed' } };
	expect([once, again].map(({ execution }) => execution?.items('Collect'))).toMatchObject([[item], [item]]);
});

test('a job that was tried out in the editor still starts the published workflow', async () => {
	const id = await endedJob();
	const { flow, url } = stage.publish({ provider: 'runpod', downloadVideo: false }, 'listening');
	await stage.callBack(url, { id });
	const trigger = flow.nodes.map((node) => (node.name === 'Ended' ? { ...node, type: 'klingVideoTrigger' } : node));
	const published = stage.engine.activate({ ...flow, nodes: trigger });
	expect((await stage.callBack(published, { id })).execution?.status).toBe('success');
});

test('a workflow remembers the latest 500 jobs that started it', async () => {
	const { flow } = stage.publish({ provider: 'runpod', downloadVideo: false });
	const started = Array.from({ length: 500 }, (_, index) => `runpod old-${index}`);
	const url = stage.engine.activate({ ...flow, staticData: { 'node:Ended': { started } } });
	const told = async (id: string) => (await stage.startCallback(url, { id }).response).body;
	expect(await told('old-0')).toEqual({ message: 'already known' });
	await stage.callBack(url, { id: await endedJob() });
	expect(await told('old-1')).toEqual({ message: 'already known' });
	expect(await told('old-0')).toEqual({ message: 'the provider does not confirm this job' });
});

test('callbacks of a job that still runs cause a limited number of status calls, all tries counted', async () => {
	stage.emulator.script({ job: { runMs: 10_000_000 } });
	await stage.submit({ provider: 'runpod' });
	const { id } = stage.job(-1);
	stage.freezeTrigger();
	const url = publish();
	const before = stage.requests('status').length;
	const calls = Array.from({ length: 150 }, async () => await stage.callBack(url, { id }));
	const statuses = (await Promise.all(calls)).map(({ status }) => status);
	expect(new Set(statuses)).toEqual(new Set([503]));
	expect((await stage.callBack(url, { id })).status).toBe(429);
	expect(stage.requests('status').length - before).toBe(300);
});

test('callbacks with guessed job IDs cause a limited number of status calls', async () => {
	stage.freezeTrigger();
	const url = publish();
	const before = stage.requests('status').length;
	const calls = Array.from({ length: 350 }, async (_, index) => await stage.callBack(url, { id: `guess-${index}` }));
	const outcomes = await Promise.all(calls);
	expect(outcomes.filter(({ execution }) => execution !== undefined)).toEqual([]);
	expect(outcomes.filter(({ status }) => status === 429)).toHaveLength(50);
	const refused = await stage.startCallback(url, { id: 'one-more' }).response;
	expect([refused.status, refused.body]).toEqual([429, { message: 'asked too often' }]);
	expect(stage.requests('status').length - before).toBe(300);
});
