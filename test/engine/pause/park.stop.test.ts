import { providerNames } from '../../support/apis';
import { join, readFileSync, repositoryFolder } from '../../support/node.cts';
import { setCalledStage, type CalledStage } from './parking';
import { FROM_ITEM, requestsOf, shots } from '../scenes';

let stage: CalledStage;
beforeAll(async () => (stage = await setCalledStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** Stops a run of three items that is about to park, once that many calls of a kind have arrived. */
async function stopAfter(call: 'submit' | 'status', count: number, parameters: Record<string, unknown>) {
	const flow = stage.workflow({ ...FROM_ITEM, ...parameters, completion: 'callback' });
	const running = stage.engine.start(flow, { items: shots(3) });
	await stage.until(() => requestsOf(stage, call).length >= count);
	running.stop();
	return await running.done;
}

describe.each(providerNames)('Stop at %s leaves no job behind', (provider) => {
	test('while the jobs are submitted', async () => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs: 6_000 } });
		expect((await stopAfter('submit', 3, { provider })).status).toBe('canceled');
		expect(stage.emulator.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});

	test('while others still wait for their turn to be submitted, which then are not', async () => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs: 6_000 } });
		const execution = await stopAfter('submit', 2, { provider, options: { maxConcurrency: 1 } });
		expect(execution.status).toBe('canceled');
		expect(stage.emulator.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled']);
	});

	test('while each job is looked at once more before the execution parks', async () => {
		stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: 6_000 } });
		expect((await stopAfter('status', 1, { provider })).status).toBe('canceled');
		expect(stage.emulator.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});

	test('soon, though one of the submits hangs', async () => {
		stage.emulator.misbehave({ when: { call: 'submit', jobNumber: 3 }, do: { hang: 'before' } });
		const running = stage.engine.start(stage.workflow({ ...FROM_ITEM, provider, completion: 'callback' }), {
			items: shots(3),
		});
		await stage.until(() => stage.emulator.jobs().length === 2 && requestsOf(stage, 'submit').length === 3);
		running.stop();
		await running.done;
		expect(stage.emulator.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled']);
	});

	test('soon, though the provider asks for quiet at the last look', async () => {
		const quiet = { reply: { status: 429, headers: { 'retry-after': '55' } } };
		stage.emulator.misbehave({ when: { call: 'status', first: 3 }, do: quiet });
		await stopAfter('status', 3, { provider });
		expect(stage.emulator.jobs().map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'cancelled']);
	});
});

describe.each(['wait', 'callback'])('Stop with completion %s', (completion) => {
	test('cancels a job that Runpod does not show yet as soon as it does', async () => {
		stage.emulator.script({ job: { invisibleMs: 12_000, runMs: 100_000 } });
		stage.emulator.misbehave({ when: { call: 'status' }, do: { delayMs: 3_000 } });
		const running = stage.engine.start(stage.workflow({ provider: 'runpod', completion }));
		await stage.until(() => stage.emulator.jobs().length === 1);
		running.stop();
		await running.done;
		await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'cancelled'));
		expect(requestsOf(stage, 'cancel').map(({ answeredStatus }) => answeredStatus)).toContain(404);
	});
});

test('Stop uploads nothing more, and leaves no job behind, though an upload hangs', async () => {
	const items = ['one', 'two'].map((text) => {
		const picture = readFileSync(join(repositoryFolder, 'test/fixtures/images/start.jpg'));
		const data = Buffer.concat([picture, Buffer.from(text)]).toString('base64');
		return { json: {}, binary: { data: { data, mimeType: 'image/jpeg' } } };
	});
	stage.emulator.misbehave({ when: { call: 'uploadForm', skip: 1 }, do: { hang: 'before' } });
	const form = { provider: 'coreToday', startImageSource: 'binary', completion: 'callback' };
	const running = stage.engine.start(stage.workflow(form), { items });
	await stage.until(() => stage.emulator.jobs().length === 1 && requestsOf(stage, 'uploadForm').length === 2);
	running.stop();
	await running.done;
	expect(stage.emulator.jobs()).toMatchObject([{ phase: 'cancelled' }]);
	expect(requestsOf(stage, 'uploadForm')).toHaveLength(2);
});
