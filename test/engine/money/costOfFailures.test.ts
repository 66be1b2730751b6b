import type { ProviderName } from '../../../nodes/core/job';
import type { Misbehaviour } from '../../emulator/index';
import { providerNames } from '../../support/apis';
import { refusing } from '../faults';
import { CONTINUE } from '../items';
import { errorsIn, outputOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 3_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

async function failureOf(provider: string) {
	const execution = await stage.run({ provider, options: { timeoutSeconds: 10 } }, undefined, CONTINUE);
	const [error] = errorsIn(outputOf(execution));
	return { failure: error?.failure, advice: String(error?.description) };
}

const failure = (code: string, retryable: boolean | undefined, charged: string) => ({
	message: expect.any(String),
	code,
	...(retryable === undefined ? {} : { retryable }),
	charged,
});

/** What the documents and upstreams of both APIs are known to say of a job that failed. */
const TEXTS: Array<[string, string | object, string, boolean | undefined, RegExp]> = [
	[
		'content (Replicate E005)',
		'The input or output was flagged as sensitive. (E005)',
		'content_policy',
		false,
		/refused again/,
	],
	['content (NSFW)', 'NSFW content detected', 'content_policy', false, /refused again/],
	[
		'content (Kling 1301)',
		{ code: 1301, message: 'Trigger the risk control policy' },
		'content_policy',
		false,
		/refused again/,
	],
	['depleted account (Kling 1102)', 'Account balance is depleted (1102)', 'insufficient_credit', true, /Add credit/],
	['unreachable image (Runpod)', 'Invalid image URL', 'invalid_input', false, /open without a login/],
	['unreachable image (download)', 'Failed to download image', 'invalid_input', false, /open without a login/],
	[
		'wrong parameter',
		'{"error_message":"field \\"duration\\" must be one of [5, 10], got number 4"}',
		'invalid_input',
		false,
		/Correct the prompt/,
	],
	['rate (Kling 1302)', 'API request rate limit exceeded (1302)', 'rate_limited', true, /Max Concurrency/],
	[
		'interrupted (Replicate PA)',
		'Prediction interrupted; please retry (code: PA)',
		'provider_error',
		true,
		/status page/,
	],
	['anything else', 'CUDA error', 'provider_error', undefined, /status page/],
];

/** Whether a failed job is charged, as far as a document says it. */
const CHARGED: Readonly<Record<ProviderName, string>> = { coreToday: 'unknown', runpod: 'no' };

describe.each(providerNames)('a job that failed at %s', (provider) => {
	const charged = CHARGED[provider];

	it.each(TEXTS)('says what failed and what to do: %s', async (_what, error, code, retryable, advice) => {
		stage.emulator.script({ job: { endsAs: 'failed', error: typeof error === 'string' ? error : { ...error } } });
		const seen = await failureOf(provider);
		expect(seen.failure).toEqual(failure(code, retryable, charged));
		expect(seen.advice).toMatch(advice);
	});

	it('because the provider stopped it at its own time limit is told as perhaps charged', async () => {
		stage.emulator.script({ job: { endsAs: 'timedOut' } });
		expect((await failureOf(provider)).failure).toEqual(failure('provider_error', true, 'unknown'));
	});
});

describe.each(providerNames)('a submit at %s', (provider) => {
	it.each([
		['401', refusing(401, 'Invalid API key'), 'unauthorized', false, 'no', /credential/],
		['403', refusing(403, 'Forbidden'), 'unauthorized', false, 'no', /credential/],
		['402', refusing(402, 'Payment required'), 'insufficient_credit', true, 'no', /Add credit/],
		['404', refusing(404, 'endpoint not found'), 'endpoint_not_found', false, 'no', /choose another provider/],
		['422', refusing(422, 'field "prompt" is odd'), 'invalid_input', false, 'no', /Correct the prompt/],
		['429', refusing(429, 'Slow down'), 'rate_limited', true, 'no', /Max Concurrency/],
		['content', refusing(400, 'NSFW content detected'), 'content_policy', false, 'no', /refused again/],
		['500', refusing(500, 'Oops'), 'submit_unknown', false, 'unknown', /Look in your/],
		['a cut connection', { cut: 'after' }, 'submit_unknown', false, 'unknown', /Look in your/],
	] satisfies Array<[string, Misbehaviour, string, boolean, string, RegExp]>)(
		'that ends in %s says whether it was charged and may be tried again',
		async (_what, misbehaviour, code, retryable, charged, advice) => {
			stage.emulator.misbehave({ when: { call: 'submit' }, do: misbehaviour });
			const seen = await failureOf(provider);
			expect(seen.failure).toEqual(failure(code, retryable, charged));
			expect(seen.advice).toMatch(advice);
		},
	);
});
