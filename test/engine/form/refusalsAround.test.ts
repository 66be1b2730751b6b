import { providerOf } from '../../../nodes/core/providers';
import { providerNames } from '../../support/apis';
import { credentialOf } from '../../support/credentials';
import { refusal } from '../refusal';
import { createStage, type Stage } from '../stage';

const KEY = 'a_key_that_must_not_be_seen';

/** A stage on which all credentials hold this key and base URL. */
async function stageWith(apiKey: string, baseUrl: string): Promise<Stage> {
	return await createStage({
		credentials: Object.fromEntries(providerNames.map((name) => [name, { apiKey, baseUrl }])),
	});
}

/** What each operation needs beside its provider. */
const OPERATIONS: ReadonlyArray<Record<string, unknown>> = [
	{ operation: 'generate', startImageUrl: 'https://pictures.example.com/a.png' },
	{ operation: 'getStatus', jobId: 'abc' },
	{ operation: 'wait', jobId: 'abc' },
	{ operation: 'cancel', jobId: 'abc' },
];
const EVERYWHERE = providerNames.flatMap((provider) => OPERATIONS.map((operation) => ({ provider, ...operation })));

describe('a stage with good credentials', () => {
	let stage: Stage;
	beforeAll(async () => (stage = await createStage()));
	afterEach(() => stage.reset());
	afterAll(async () => await stage.close());

	test.each(EVERYWHERE)('$operation at $provider names a missing credential', async (parameters) => {
		const [other] = providerNames
			.filter((name) => name !== parameters.provider)
			.map((name) => providerOf(name).credential);
		const refused = await refusal(stage, parameters, { credentials: [other] });
		const text = `No ${providerOf(parameters.provider).label} credential is selected. Choose one at the top of the node.`;
		expect(refused.message).toContain(text);
		expect(refused.thrown).toContain(text);
	});

	test.each([
		{ provider: 'coreTodayThenRunpod', chosen: 'coreTodayApi', missing: 'Runpod' },
		{ provider: 'runpodThenCoreToday', chosen: 'runpodApi', missing: 'Core.Today' },
		{ provider: 'coreTodayThenRunpod', chosen: 'runpodApi', missing: 'Core.Today' },
	])(
		'$provider without the credential of $missing is refused, however good the other is',
		async ({ provider, chosen, missing }) => {
			const { message } = await refusal(stage, { provider }, { credentials: [chosen] });
			expect(message).toContain(`No ${missing} credential is selected`);
		},
	);

	test('a credential that is chosen and cannot be read is not called missing', async () => {
		const data = {
			get baseUrl(): string {
				throw new Error('Credentials could not be decrypted');
			},
		};
		const gone = await createStage({
			engine: { credentials: { runpodApi: { type: credentialOf('runpodApi'), data } } },
		});
		const { message } = await refusal(gone, { provider: 'runpod' });
		await gone.close();
		expect(message).toContain('The Runpod credential cannot be read. Open it and save it again, or choose another.');
	});

	test('a missing credential and a bad form are named together', async () => {
		const { message } = await refusal(
			stage,
			{ provider: 'runpod', prompt: '', options: { timeoutSeconds: 5 } },
			{ credentials: [] },
		);
		expect(message).toContain('No Runpod credential');
		expect(message).toContain('Prompt is empty.');
		expect(message).toContain('Timeout has to be');
	});

	const jobCases = providerNames.flatMap((provider) =>
		['getStatus', 'wait', 'cancel'].flatMap((operation) => [
			{ provider, operation, form: { jobId: '' }, text: 'Job ID is empty. Enter the jobId that Generate returned.' },
			{ provider, operation, form: { jobId: null }, text: 'Job ID is empty.' },
			{ provider, operation, form: { jobId: '../../files' }, text: 'Job ID is not a job ID' },
			{ provider, operation, form: { jobId: 'abc?x=1' }, text: 'Job ID is not a job ID' },
			{ provider, operation, form: { jobId: { id: 'abc' } }, text: 'Job ID is not a job ID' },
		]),
	);

	test.each(jobCases)('$operation at $provider of $form costs nothing', async ({ provider, operation, form, text }) => {
		const refused = await refusal(stage, { provider, operation, ...form });
		expect(refused.message).toContain(text);
		expect(refused.thrown).toContain(text);
	});

	test.each([
		[
			{ operation: 'getStatus', jobId: 'abc' },
			'Provider is set to From Input, but the input item has no field "provider"',
		],
		[
			{ operation: 'wait', jobId: 'abc', options: { timeoutSeconds: 1 } },
			'Timeout has to be a number, between 10 and 2592000, but is 1.',
		],
		[
			{ operation: 'getStatus', provider: 'runpod', jobId: 'abc', options: { endpointId: 'a/b' } },
			'Endpoint ID has to be an ID',
		],
		[{ operation: 'download', videoUrl: '' }, 'Video URL is empty.'],
		[{ operation: 'download', videoUrl: 'file:///etc/hosts' }, 'Video URL has to begin with https://'],
		[
			{ operation: 'download', videoUrl: 'https://me:secret@example.com/a.mp4' },
			'Video URL has a user name or password',
		],
	])('%j costs nothing', async (parameters, text) => {
		const { message } = await refusal(stage, parameters);
		expect(message).toContain(text);
	});
});

describe.each([
	['no API key', '', 'https://api.example.com/v1', 'credential has no API key. Open it and paste the key.'],
	[
		'plain http to another machine',
		KEY,
		'http://api.example.com/v1',
		'uses http, which would send the API key unprotected. Use https.',
	],
	[
		'plain http to the local network',
		KEY,
		'http://192.168.0.2/v1',
		'uses http, which would send the API key unprotected. Use https.',
	],
	['a host that only begins like this machine', KEY, 'http://localhost.example.com/v1', 'uses http'],
	['no base URL', KEY, '', 'has to be a link like https://api.example.com/v1.'],
	['a base URL that is none', KEY, 'api.example.com', 'has to be a link like'],
	['another protocol', KEY, 'ftp://api.example.com/v1', 'has to be a link like'],
	['a password in the base URL', KEY, 'https://me:secret@api.example.com/v1', 'has to be a link like'],
	['a query in the base URL', KEY, 'https://api.example.com/v1?a=b', 'has to be a link like'],
])('a credential with %s', (_name, apiKey, baseUrl, text) => {
	let stage: Stage;
	beforeAll(async () => (stage = await stageWith(apiKey, baseUrl)));
	afterAll(async () => await stage.close());

	test.each(EVERYWHERE)('is refused by $operation at $provider before anything is sent', async (parameters) => {
		const { message } = await refusal(stage, parameters);
		expect(message).toContain(providerOf(parameters.provider).label);
		expect(message).toContain(text);
	});
});

describe.each(providerNames)('a public %s', (provider) => {
	let stage: Stage;
	beforeAll(async () => (stage = await stageWith(KEY, 'https://api.example.com/v1')));
	afterAll(async () => await stage.close());

	test.each([
		'http://localhost:5678/a.png',
		'http://127.0.0.1/a.png',
		'http://2130706433/a.png',
		'http://[::1]/a.png',
		'http://[::ffff:10.0.0.1]/a.png',
		'http://10.1.2.3/a.png',
		'http://172.20.0.1/a.png',
		'https://192.168.178.20/a.png',
		'http://169.254.169.254/latest/meta-data',
		'http://minio:9000/a.png',
		'http://nas.local/a.png',
	])('is never sent the private picture %s', async (startImageUrl) => {
		const { message } = await refusal(stage, { provider, startImageUrl });
		expect(message).toContain('Start Image URL is on the host');
		expect(message).toContain('Use an address that is public on the internet.');
	});

	test('is never given a private callback', async () => {
		const form = {
			startImageUrl: 'https://pictures.example.com/a.png',
			completion: 'jobId',
			callbackUrl: 'http://localhost:5678/webhook/a',
		};
		const { message } = await refusal(stage, { provider, ...form });
		expect(message).toContain('Callback URL is on the host localhost');
	});
});
