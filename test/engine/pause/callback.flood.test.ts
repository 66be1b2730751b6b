import { setCalledStage, type CalledStage } from './parking';

let stage: CalledStage;
// Slow enough that checks are used up faster than they come again.
beforeAll(async () => (stage = await setCalledStage({ factor: 10 })));
afterAll(async () => await stage.close());

test('the true callback is kept until it may check, when a flood has used up all checks', async () => {
	stage.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { drop: true } } });
	stage.emulator.script({ job: { endsAs: 'never' } });
	await stage.park({ provider: 'runpod' });
	const url = stage.emulator.jobs()[0]?.webhookUrl;
	const forged = Array.from({ length: 13 }, () => stage.call(url, { id: 'forged' }));
	await Promise.all(forged.map(async ({ done }) => await done));
	await stage.endJob();
	const { response, done } = stage.call(url);
	expect((await response).status).toBe(200);
	expect((await done)?.items('Kling').map(({ json }) => json.status)).toEqual(['cancelled']);
});
