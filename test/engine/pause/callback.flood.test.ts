import { statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
// Slow enough that status calls are used up faster than they come again.
beforeAll(async () => (stage = await createStage({ callbacks: true, factor: 10 })));
afterAll(async () => await stage.close());

test('after forged callbacks have used up all status calls, the true one waits until it may ask', async () => {
	stage.dropCallbacks();
	stage.emulator.script({ job: { endsAs: 'never' } });
	await stage.pause({ provider: 'runpod' });
	const url = stage.job().webhookUrl;
	await Promise.all(Array.from({ length: 13 }, async () => await stage.callBack(url, { id: 'forged' })));
	const waiting = stage.startCallback(url, { id: 'forged' });
	expect(await stage.startCallback(url).response).toMatchObject({ status: 429, body: { message: 'asked too often' } });
	expect(await waiting.response).toMatchObject({ status: 503 });
	await stage.askApi('cancel');
	const { status, execution } = await stage.callBack(url);
	expect(status).toBe(200);
	expect(execution && statusesOf(execution)).toEqual(['cancelled']);
});
