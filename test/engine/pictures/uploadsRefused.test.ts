import type { Misbehaviour } from '../../emulator/index';
import { refusing } from '../faults';
import { CONTINUE, START } from '../items';
import { errorOf, itemOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const FORM = { startImageSource: 'binary', completion: 'jobId', options: { timeoutSeconds: 60 } };

async function run(provider: string, misbehaviour: Misbehaviour, on: Stage = stage) {
	on.emulator.misbehave({ when: { call: 'uploadUrl' }, do: misbehaviour });
	return itemOf(await on.runWithFiles({ ...FORM, provider }, [{ data: START }], CONTINUE));
}

describe.each([
	['401', refusing(401), { code: 'unauthorized', retryable: false }, 'credential'],
	['402', refusing(402), { code: 'insufficient_credit', retryable: true }, 'Add credit'],
	['403', refusing(403), { code: 'unauthorized', retryable: false }, 'credential'],
	['429 past patience', refusing(429), { code: 'rate_limited', retryable: true }, 'limiting requests'],
] as const)('an upload that Core.Today refuses with %s', (_status, misbehaviour, failure, advice) => {
	it('says why, and what to do about it', async () => {
		const error = errorOf(await run('coreToday', misbehaviour));
		expect(error.failure).toMatchObject({ ...failure, charged: 'no' });
		expect(error.message).toContain('Start Image');
		expect(error.description).toContain(advice);
		expect(stage.requests('submit')).toEqual([]);
	});

	it('lets the second provider make the video, as it creates no job', async () => {
		const item = await run('coreTodayThenRunpod', misbehaviour);
		expect(stage.jobs().map(({ provider }) => provider)).toEqual(['runpod']);
		expect(item.json).toMatchObject({ provider: 'runpod', fallbackFrom: { provider: 'coreToday' } });
	});
});

it('an upload to an API that cannot be reached lets the second provider make the video', async () => {
	const unreachable = { apiKey: 'cdt_not_to_be_seen', baseUrl: 'http://127.0.0.1:1/v1' };
	const other = await createStage({ credentials: { coreToday: unreachable } });
	await run('coreTodayThenRunpod', {}, other);
	const providers = other.jobs().map(({ provider }) => provider);
	await other.close();
	expect(providers).toEqual(['runpod']);
});

it.each([
	['400', refusing(400)],
	['500', refusing(500)],
	['a cut', { cut: 'before' }],
] as const)(
	'an upload that ends with %s is not a refusal by the account: no second provider, and another Image Delivery is advised',
	async (_name, misbehaviour) => {
		const error = errorOf(await run('coreTodayThenRunpod', misbehaviour));
		expect(error.description).toContain('Run again, or choose another Image Delivery');
		expect(stage.requests('submit')).toEqual([]);
	},
);

it('an upload link that is not to be opened is named in a sentence, without advice to whoever did not choose it', async () => {
	const body = {
		upload_url: 'http://me:secret@127.0.0.1/up',
		upload_fields: {},
		file_url: 'https://example.com/a.png',
	};
	const { message } = errorOf(await run('coreToday', { reply: { status: 200, body } }));
	expect(message).toBe(
		'The Start Image could not be sent to Core.Today: its upload link leads to something other than a plain web address. No job was submitted',
	);
	expect(stage.requests('submit', 'uploadForm')).toEqual([]);
});

it('an upload that is asked to come back later comes back then', async () => {
	const busy = { reply: { status: 429, headers: { 'retry-after': '20' }, body: '' } };
	stage.emulator.misbehave({ when: { call: 'uploadUrl', first: 2 }, do: busy });
	await stage.runWithFiles({ ...FORM, provider: 'coreToday' }, [{ data: START }]);
	const [first, second, third] = stage.requests('uploadUrl').map(({ atMs }) => atMs);
	expect(Number(second) - Number(first)).toBeGreaterThanOrEqual(20_000);
	expect(Number(third) - Number(second)).toBeGreaterThanOrEqual(20_000);
	expect(stage.jobs()).toHaveLength(1);
});
