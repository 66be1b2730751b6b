import { providers } from '../../../nodes/core/providers';
import type { Misbehaviour } from '../../emulator/index';
import { meetStranger, type Stranger } from '../../support/stranger';
import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { errorOf, itemOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
let stranger: Stranger;
beforeAll(async () => {
	stage = await createStage({ factor: 100 });
	stranger = await meetStranger();
});
afterEach(() => {
	stage.reset();
	// Nobody may follow a redirect with a call that has a key.
	expect(stranger.requests).toEqual([]);
});
afterAll(async () => {
	await stage.close();
	await stranger.stop();
});

const PROVIDERS = providers.map(({ name, label }) => ({ provider: name, label }));
const PAGE = '<html><body><h1>Bad gateway</h1></body></html>';

/** Answers no document describes, and how they are called. */
const SENSELESS: ReadonlyArray<{ name: string; reply: NonNullable<Misbehaviour['reply']>; called: string }> = [
	{
		name: 'a web page',
		reply: { status: 200, body: PAGE, contentType: 'text/html' },
		called: 'HTTP status 200 and a web page instead of JSON',
	},
	{ name: 'text', reply: { status: 200, body: 'all is well' }, called: 'HTTP status 200 and text instead of JSON' },
	{ name: 'nothing', reply: { status: 200, body: '' }, called: 'HTTP status 200 and an empty body' },
	{ name: 'a list', reply: { status: 200, body: [1] }, called: 'HTTP status 200 and JSON that is not an object' },
	{
		name: 'an empty object',
		reply: { status: 200, body: {} },
		called: 'HTTP status 200 and JSON in an unknown form without',
	},
	{
		name: 'half a JSON',
		reply: { status: 200, body: '{"id":"abc","sta', contentType: 'application/json' },
		called: 'HTTP status 200 and text instead of JSON',
	},
];
const REDIRECTS = [301, 302, 303, 307, 308] as const;

describe.each(PROVIDERS)('a submit that $label', ({ provider, label }) => {
	/** The item's error, after checking that the submit was sent once. */
	async function failing(misbehaviour: Misbehaviour) {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: misbehaviour });
		const error = errorOf(itemOf(await stage.run({ provider }, itemsOf({}), CONTINUE)));
		expect(stage.requests('submit')).toHaveLength(1);
		return error;
	}

	const maybePaid = { code: 'submit_unknown', retryable: false, charged: 'unknown' };

	test('answers with a 500 and a web page may have been accepted: it is not repeated, and the page not shown', async () => {
		const error = await failing({ reply: { status: 500, body: PAGE, contentType: 'text/html' } });
		expect(error).toMatchObject({ provider, failure: maybePaid });
		expect(error.message).toBe(
			`It is not known whether ${label} accepted the job: ${label} answered with HTTP status 500 and a web page instead of JSON`,
		);
		expect(error.description).toContain(`Look in your ${label} account`);
	});

	test.each(SENSELESS)('answers with $name may have been accepted', async ({ reply, called }) => {
		const error = await failing({ reply });
		expect(error.failure).toMatchObject(maybePaid);
		expect(error.message).toContain(called);
	});

	test.each(REDIRECTS)('redirects with %i is not followed', async (status) => {
		const error = await failing({ redirect: { to: `${stranger.url}/predictions`, status } });
		expect(error.failure).toMatchObject(maybePaid);
		expect(error.message).toContain(
			`HTTP status ${status} and a redirect, which is not followed so that the API key stays here`,
		);
	});

	test.each([
		{ name: 'cuts before it works', misbehaviour: { cut: 'before' }, paid: 0 },
		{ name: 'cuts after it accepted', misbehaviour: { cut: 'after' }, paid: 1 },
		{ name: 'cuts in the middle of its answer', misbehaviour: { cut: 'during' }, paid: 1 },
		{ name: 'never answers', misbehaviour: { hang: 'after' }, paid: 1 },
		{ name: 'answers with half of its reply', misbehaviour: { truncated: true }, paid: 1 },
		{ name: 'answers without end', misbehaviour: { endless: true }, paid: 1 },
	] as const)('$name is not repeated', async ({ misbehaviour, paid }) => {
		const error = await failing(misbehaviour);
		expect(error.failure).toMatchObject(maybePaid);
		expect(stage.jobs()).toHaveLength(paid);
	});

	test('answers without an id may have been accepted', async () => {
		stage.emulator.script({ job: { withoutId: true } });
		const error = await failing({});
		expect(error.failure).toMatchObject(maybePaid);
		expect(error.message).toContain('without a job ID');
	});

	test.each([
		{
			status: 402,
			body: { error: 'Insufficient credit' },
			code: 'insufficient_credit',
			advice: `Add credit in your ${label} account`,
		},
		{ status: 403, body: { error: 'Forbidden' }, code: 'unauthorized', advice: `Open this node's ${label} credential` },
		{ status: 422, body: { error: 'field "prompt" is required' }, code: 'invalid_input', advice: 'Correct the prompt' },
		{
			status: 404,
			body: { error: 'endpoint not found' },
			code: 'endpoint_not_found',
			advice: 'Choose another Model:',
		},
	])('refuses with $status created nothing, and says what to do', async ({ status, body, code, advice }) => {
		const error = await failing({ reply: { status, body } });
		expect(error).toMatchObject({ failure: { code, charged: 'no' }, description: expect.stringContaining(advice) });
	});
});

describe.each(PROVIDERS)('once $label has accepted a job', ({ provider, label }) => {
	const options = { timeoutSeconds: 300 };

	/** Generate's error for the one job, with its receipt checked. */
	async function failing(misbehaviour: Misbehaviour, timeoutSeconds = 300) {
		stage.emulator.misbehave({ when: { call: 'status' }, do: misbehaviour });
		const error = errorOf(itemOf(await stage.run({ provider, options: { timeoutSeconds } }, itemsOf({}), CONTINUE)));
		expect(stage.jobs()).toHaveLength(1);
		const job = stage.job();
		expect(error).toMatchObject({ jobId: job.id, provider, model: expect.any(String) });
		expect(error.description).toContain(`Job ID: ${job.id} (${label})`);
		return error;
	}

	test('three status calls answered with a 500 and a web page cost nothing: the video still comes', async () => {
		stage.emulator.misbehave({
			when: { call: 'status', first: 3 },
			do: { reply: { status: 500, body: PAGE, contentType: 'text/html' } },
		});
		const execution = await stage.run({ provider, options });
		expect(itemOf(execution)).toMatchObject({
			json: { status: 'completed' },
			binary: { data: { mimeType: 'video/mp4' } },
		});
	});

	test('a 500 that stays is a timeout that says what the last status call brought', async () => {
		const error = await failing({ reply: { status: 500, body: PAGE, contentType: 'text/html' } }, 60);
		expect(error.failure).toMatchObject({ code: 'timed_out' });
		expect(error.message).toContain(`(the last status call failed: ${label} answered with HTTP status 500)`);
	});

	test.each(SENSELESS)('five status calls answered with $name in a row end the waiting', async ({ reply, called }) => {
		const error = await failing({ reply });
		expect(error.message).toContain(called);
		expect(error.failure).toMatchObject({ retryable: true, charged: 'unknown' });
		expect(stage.requests('status')).toHaveLength(5);
	});

	test('a redirect of a status call is not followed', async () => {
		const error = await failing({ redirect: { to: `${stranger.url}/status`, status: 307 } });
		expect(error.message).toContain('a redirect, which is not followed so that the API key stays here');
	});

	test('a key that a status call finds refused is an error that names the credential, and the job goes on', async () => {
		const error = await failing({ reply: { status: 401, body: { detail: 'Invalid API key' } } });
		expect(error).toMatchObject({
			failure: { code: 'unauthorized', charged: 'unknown' },
			description: expect.stringContaining('check that the API key'),
		});
	});

	test('a job whose record is gone is said to be gone, not failed', async () => {
		stage.emulator.script({ job: { vanishAfterMs: 5_000, endsAs: 'never' } });
		const error = await failing({});
		expect(error.message).toContain(`${label} has no job ${String(error.jobId)}`);
		expect(error).toMatchObject({
			failure: { code: 'job_not_found', charged: 'unknown' },
			description: expect.stringContaining('Check the job ID'),
		});
	});
});

describe.each(PROVIDERS)('a cancel at $label that', ({ provider, label }) => {
	const TROUBLES: ReadonlyArray<{ name: string; trouble: () => Misbehaviour }> = [
		{
			name: 'answers with a 500 and a web page',
			trouble: () => ({ reply: { status: 500, body: PAGE, contentType: 'text/html' } }),
		},
		{ name: 'redirects', trouble: () => ({ redirect: { to: `${stranger.url}/cancel`, status: 307 } }) },
		...SENSELESS.map(({ name, reply }) => ({ name: `answers with ${name}`, trouble: () => ({ reply }) })),
	];

	test.each(TROUBLES)('$name is followed by a status call, which says what the job is', async ({ trouble }) => {
		const items = await stage.submit({ provider });
		stage.emulator.misbehave({ when: { call: 'cancel' }, do: trouble() });
		const execution = await stage.run({ operation: 'cancel', provider }, items);
		expect(itemOf(execution).json).toMatchObject({
			jobId: items[0]?.json.jobId,
			status: expect.stringMatching(/^(pending|processing|completed)$/),
		});
	});

	test.each(TROUBLES)(
		'$name is an error with the job ID where the status call fails in the same way',
		async ({ trouble }) => {
			const items = await stage.submit({ provider });
			stage.emulator.misbehave({ when: { call: ['cancel', 'status'] }, do: trouble() });
			const error = errorOf(itemOf(await stage.run({ operation: 'cancel', provider }, items, CONTINUE)));
			expect(error).toMatchObject({ jobId: items[0]?.json.jobId, message: expect.stringContaining(label) });
			expect(error.description).toContain(`Job ID: ${String(items[0]?.json.jobId)}`);
		},
	);
});

test('a retired Runpod endpoint has its own message, with what to do', async () => {
	const { text } = thrown(await stage.run({ provider: 'runpod', model: 'other', modelId: 'retired' }));
	expect(text).toContain('Runpod has no endpoint "retired" (Runpod: endpoint not found)');
	expect(text).toContain('Choose another Model: Kling v2.1 Pro, Kling O1 or Kling v2.6 Motion Control.');
	expect(stage.jobs()).toEqual([]);
});
