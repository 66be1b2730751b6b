import type { Clock } from '../../../nodes/core/clock';
import { asObject } from '../../../nodes/core/json';
import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node.ts';
import { createMemory } from '../../../nodes/kling/memory';
import { jobBody, providerNames } from '../../support/apis';
import { row } from '../harness/index';
import { CONTINUE, shots } from '../items';
import { createStage, type Stage } from '../stage';

/** What a node of its own remembers. */
const memory = createMemory();

/** That node, and one in a process that has no room for a download, which nothing else can be the reason of. */
const nodeTypes = (clock: Clock) => ({
	remembered: new KlingVideo(clock, memory),
	full: new KlingVideo(undefined, {
		...createMemory(),
		callbackDownloads: async () => await Promise.reject(new Error('no room')),
	}),
});

let stage: Stage;
beforeAll(
	async () =>
		(stage = await createStage({
			callbacks: true,
			nodeTypes,
			emulator: { jobTimes: { queueMs: 0, runMs: 15_000 } },
		})),
);
beforeEach(() => stage.dropCallbacks());
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** What is answered to a call of this URL. */
async function told(url: string | undefined, body: unknown = {}): Promise<[number, unknown]> {
	const { status, body: said } = await stage.startCallback(url, body).response;
	return [status, said];
}

const NOT_ENDED = [503, { message: 'this job has not ended' }];

/** Two jobs, of which the second never ends, and their callback URLs. */
async function pauseWithTwo(provider = 'runpod') {
	stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'never' } });
	await stage.pause({ provider, downloadVideo: false }, shots(2));
	const [ending, running] = [stage.job(0), stage.job(1)];
	return { ending, running };
}

test('whoever calls is told what became of the call', async () => {
	const { ending, running } = await pauseWithTwo();
	expect(await told(ending.webhookUrl)).toEqual(NOT_ENDED);
	expect(await told(running.webhookUrl)).toEqual(NOT_ENDED);
	await stage.until(() => stage.job().phase === 'completed');
	stage.emulator.misbehave({ when: { call: 'status', first: 4 }, do: { reply: { status: 503 } } });
	expect(await told(ending.webhookUrl)).toEqual([503, { message: 'the provider could not confirm it' }]);
	expect(await told(ending.webhookUrl)).toEqual([200, { message: 'noted' }]);
	await stage.askApi('cancel', running);
	const calls = [running, running].map(async ({ webhookUrl }) => await told(webhookUrl));
	expect(await Promise.all(calls)).toEqual([
		[200, { message: 'going on' }],
		[200, { message: 'going on already' }],
	]);
});

test('the provider is asked no more for a job whose end is known', async () => {
	const { ending, running } = await pauseWithTwo();
	const asked = (id: string) => stage.requests('status').filter(({ jobId }) => jobId === id).length;
	await stage.until(() => stage.job().phase === 'completed');
	const before = asked(ending.id);
	await told(ending.webhookUrl);
	await told(ending.webhookUrl);
	await told(running.webhookUrl);
	expect(asked(ending.id) - before).toBe(1);
});

test.each(providerNames)(
	'at %s, without its item in the URL, a call is about the job that its body names',
	async (provider) => {
		const { ending, running } = await pauseWithTwo(provider);
		await stage.until(() => stage.job().phase === 'completed');
		const url = new URL(String(ending.webhookUrl));
		url.searchParams.delete('klingItem');
		expect(await told(url.href, jobBody(provider, running.id, 'completed'))).toEqual(NOT_ENDED);
		expect(await told(url.href, jobBody(provider, ending.id, 'completed'))).toEqual([200, { message: 'noted' }]);
		url.searchParams.set('klingItem', '7');
		expect(await told(url.href)).toEqual([200, { message: 'noted' }]);
	},
);

test('it finds the job that its body names behind an item that is wrong', async () => {
	const items = [{ json: { prompt: '' } }, ...shots(2)];
	stage.emulator.script({ when: { jobNumber: 2 }, job: { endsAs: 'never' } });
	const parameters = { provider: 'runpod', prompt: '={{ $json.prompt }}', downloadVideo: false };
	await stage.pause({ ...parameters, options: { maxConcurrency: 1 } }, items, CONTINUE);
	const url = new URL(String(stage.job(0).webhookUrl));
	url.searchParams.delete('klingItem');
	expect(await told(url.href, jobBody('runpod', stage.job(1).id, 'completed'))).toEqual(NOT_ENDED);
});

test('a provider that has lost the job is named in the log with its own words', async () => {
	const { ending } = await pauseWithTwo('coreToday');
	const gone = { reply: { status: 404, body: { error: 'the job is not there' } } };
	stage.emulator.misbehave({ when: { call: 'status' }, do: gone });
	await told(ending.webhookUrl);
	const line = { level: 'warn', message: expect.stringMatching(/stays paused: .*no job/), meta: { jobId: ending.id } };
	expect(stage.engine.webhookLogs).toContainEqual(expect.objectContaining(line));
});

test('a minute after the execution has gone on, its callbacks are forgotten', async () => {
	const kling = stage.node({ provider: 'runpod', completion: 'callback', downloadVideo: false });
	const paused = await stage.engine.run(row([{ ...kling, type: 'remembered' }]));
	const key = `${paused.id} ${String(asObject(paused.readStored().executionData?.contextData['node:Kling']?.pause)?.pausedMs)}`;
	await stage.jobsEnded();
	await stage.callBack(stage.job().webhookUrl);
	expect(memory.pauses.has(key)).toBe(true);
	await stage.clock.sleep(61_000);
	expect(memory.pauses.has(key)).toBe(false);
});

test('an execution without a stored record waits for no job, and says so', async () => {
	const paused = await stage.pause({ provider: 'runpod' });
	const stored = paused.readStored();
	delete stored.executionData?.contextData['node:Kling'];
	jest.spyOn(paused, 'readStored').mockImplementation(() => structuredClone(stored));
	expect(await told(stage.job().webhookUrl)).toEqual([404, { message: 'no job is waited for here' }]);
});

test('what goes wrong after the answer is told in the item, and the execution goes on', async () => {
	const kling = { ...stage.node({ provider: 'runpod', completion: 'callback' }), type: 'full' };
	await stage.engine.run(row([kling]));
	await stage.jobsEnded();
	const { status, execution } = await stage.callBack(stage.job().webhookUrl);
	expect(status).toBe(200);
	expect(execution?.items('Kling')).toMatchObject([
		{
			json: { jobId: stage.job().id, status: 'completed', downloadFailure: { message: 'no room' } },
			pairedItem: { item: 0 },
		},
	]);
});
