import { providerNames } from '../support/apis';
import { setCalledStage, type CalledStage } from './parking';
import { FROM_ITEM, requestsOf, shots } from './scenes';

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
});
