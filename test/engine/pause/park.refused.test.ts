import { choices } from '../../../nodes/core/providers/choices';
import { providerNames } from '../../support/apis';
import { credentials } from '../../support/credentials';
import { refusal } from '../form/refused';
import { kling } from '../scenes';
import { setWatchedStage, type WatchedStage } from '../watched';

const UNREACHABLE = [
	'http://localhost:5678/',
	'http://127.0.0.1:5678/',
	'http://10.1.2.3/',
	'http://192.168.1.7:5678/',
	'http://n8n:5678/',
	'http://[::1]:5678/',
];
const image = { startImageUrl: 'https://example.com/start.png' };

let stage: WatchedStage;
/** The same n8n with credentials for the APIs on the internet, which nobody here can reach. */
let away: WatchedStage;
beforeAll(async () => {
	stage = await setWatchedStage();
	const ours = credentials.map((type) => [type.name, { type, data: { apiKey: `key-of-${type.name}-for-away` } }]);
	away = await setWatchedStage({ engine: { credentials: Object.fromEntries(ours) } });
});
afterEach(() => stage.emulator.reset());
afterAll(async () => {
	await stage.close();
	await away.close();
});

describe.each(choices.map(({ value }) => value))('%s on the internet', (provider) => {
	test.each(UNREACHABLE)(
		'a resume URL under %s is refused before anything is sent, naming WEBHOOK_URL',
		async (url) => {
			away.engine.publishAt(url);
			const refused = await refusal(away, { provider, prompt: 'A shot', completion: 'callback', ...image });
			for (const text of Object.values(refused)) expect(text).toContain('WEBHOOK_URL');
		},
	);

	test('a dry run names an unreachable resume URL, too', async () => {
		away.engine.publishAt('http://localhost:5678/');
		const refused = await refusal(away, {
			provider,
			prompt: 'A shot',
			completion: 'callback',
			options: { dryRun: true },
			...image,
		});
		for (const text of Object.values(refused)) expect(text).toContain('WEBHOOK_URL');
	});

	test('a Callback URL that it cannot reach is refused', async () => {
		for (const callbackUrl of [
			'http://localhost:5678/webhook/x',
			'https://192.168.0.4/x',
			'not a link',
			'ftp://example.com/x',
		]) {
			const refused = await refusal(away, { provider, prompt: 'A shot', completion: 'jobId', callbackUrl, ...image });
			for (const text of Object.values(refused)) expect(text).toContain('Callback URL');
		}
	});
});

describe.each(providerNames)('%s', (provider) => {
	test('Callback URL goes along with the job as it is, beside the ID that comes back at once', async () => {
		const callbackUrl = 'https://n8n.example.com/webhook/abc/kling?row=7&x=a%20b';
		const execution = await stage.run({ provider, completion: 'jobId', callbackUrl });
		const [job] = stage.emulator.jobs();
		expect(job?.webhookUrl).toBe(callbackUrl);
		expect(kling(execution)).toMatchObject([{ jobId: job?.id, provider }]);
	});

	test('without Completion "Pause Until Callback" nobody is called', async () => {
		await stage.run({ provider, completion: 'jobId' });
		expect(stage.emulator.jobs().map(({ webhookUrl }) => webhookUrl)).toEqual([undefined]);
	});

	test('a dry run parks nothing and sends nothing', async () => {
		const execution = await stage.run({ provider, completion: 'callback', options: { dryRun: true } });
		expect([execution.status, stage.emulator.jobs()]).toEqual(['success', []]);
	});
});

describe('Timeout', () => {
	test.each(['runpod', 'coreTodayThenRunpod', 'runpodThenCoreToday'])(
		'%s waits for a callback 1500 seconds at most',
		async (provider) => {
			const asked = { provider, prompt: 'A shot', completion: 'callback', ...image };
			const refused = await refusal(stage, { ...asked, options: { timeoutSeconds: 1501 } });
			for (const text of Object.values(refused)) expect(text).toMatch(/Timeout.*1500/);
		},
	);

	test('Core.Today alone may be waited for longer', async () => {
		const parked = await stage.run({
			provider: 'coreToday',
			completion: 'callback',
			options: { timeoutSeconds: 86_400 },
		});
		expect(parked.status).toBe('waiting');
	});
});
