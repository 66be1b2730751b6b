import { expectCallbacks } from '../../../nodes/KlingVideo/generate/pause';
import { choices } from '../../../nodes/core/providers/choices';
import { providerNames } from '../../support/apis';
import { refusal } from '../refusal';
import { outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

const UNREACHABLE = [
	'http://localhost:5678/',
	'http://127.0.0.1:5678/',
	'http://10.1.2.3/',
	'http://192.168.1.7:5678/',
	'http://n8n:5678/',
	'http://[::1]:5678/',
];
const image = { startImageUrl: 'https://example.com/start.png' };

let stage: Stage;
/** The same n8n with credentials for the APIs on the internet, which nobody here can reach. */
let away: Stage;
beforeAll(async () => {
	stage = await createStage();
	// Keys alone: the base URLs are the real ones.
	const credentials = Object.fromEntries(
		providerNames.map((name) => [name, { apiKey: `key-of-${name}-for-away`, baseUrl: undefined }]),
	);
	away = await createStage({ credentials });
});
afterEach(() => stage.reset());
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

	test('a dry run needs no reachable resume URL, as nobody calls back', async () => {
		away.engine.publishAt('http://localhost:5678/');
		const options = { dryRun: true, checkPictureLinks: false };
		const dry = await away.run({ provider, prompt: 'A shot', completion: 'callback', options, ...image });
		expect([dry.status, dry.waitTill]).toEqual(['success', undefined]);
	});

	test('a real item beside a dry one is refused for an unreachable resume URL', async () => {
		away.engine.publishAt('http://localhost:5678/');
		const options = { dryRun: '={{ $json.dry }}', checkPictureLinks: false };
		const items = [true, false].map((dry) => ({ json: { dry } }));
		const parameters = { provider, prompt: 'A shot', completion: 'callback', options, ...image };
		expect(thrown(await away.run(parameters, items)).message).toContain('WEBHOOK_URL');
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

test.each(providerNames)(
	'a fallback needs a resume URL that both providers reach, also where only %s is away',
	async (name) => {
		const mixed = await createStage({
			credentials: { [name]: { apiKey: `key-of-${name}-for-away`, baseUrl: undefined } },
		});
		for (const provider of ['coreTodayThenRunpod', 'runpodThenCoreToday']) {
			mixed.engine.publishAt('http://localhost:5678/');
			const refused = await refusal(mixed, { provider, prompt: 'A shot', completion: 'callback', ...image });
			for (const text of Object.values(refused)) expect(text).toContain('WEBHOOK_URL');
		}
		await mixed.close();
	},
);

test('an execution that n8n gives no resume URL is told what to choose instead', async () => {
	const given = await stage.inNode(async (context) => {
		const run = { context: Object.create(context, { getExecutionId: { value: () => '' } }) };
		// The parts of a run and of its items that are looked at.
		return expectCallbacks(run as never, { toDo: [{}], results: [] } as never);
	});
	expect(given).toMatchObject({
		noCallback: expect.stringMatching(/no resume URL.*Set Completion to Wait for Completion or Return Job ID/),
	});
});

describe.each(providerNames)('%s', (provider) => {
	test('Callback URL goes along with the job as it is, beside the ID that comes back at once', async () => {
		const callbackUrl = 'https://n8n.example.com/webhook/abc/kling?row=7&x=a%20b';
		const execution = await stage.run({ provider, completion: 'jobId', callbackUrl });
		const job = stage.job();
		expect(job.webhookUrl).toBe(callbackUrl);
		expect(outputOf(execution)).toMatchObject([{ jobId: job.id, provider }]);
	});

	test('without Completion "Pause Until Callback" nobody is called', async () => {
		await stage.run({ provider, completion: 'jobId' });
		expect(stage.jobs().map(({ webhookUrl }) => webhookUrl)).toEqual([undefined]);
	});

	test('a dry run neither pauses nor sends anything', async () => {
		const execution = await stage.run({ provider, completion: 'callback', options: { dryRun: true } });
		expect([execution.status, stage.jobs()]).toEqual(['success', []]);
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
		const paused = await stage.run({
			provider: 'coreToday',
			completion: 'callback',
			options: { timeoutSeconds: 86_400 },
		});
		expect(paused.status).toBe('waiting');
	});
});
