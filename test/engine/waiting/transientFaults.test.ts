import { providerNames } from '../../support/apis';
import { CONTINUE, FROM_ITEM, retryOnFail, shots } from '../items';
import { errorsIn, outputOf, statusesOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 1_000, runMs: 7_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

describe.each(providerNames)('a submit whose answer is lost at %s', (provider) => {
	it('is one accepted job and never two, however often the node is tried', async () => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { cut: 'after' } });
		const failed = await stage.run({ provider }, undefined, retryOnFail());
		await stage.engine.retry(failed);
		expect(stage.jobs()).toHaveLength(1);
		expect(stage.requests('submit')).toHaveLength(1);
	});

	it('is an error that says what happened and what to do', async () => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { cut: 'after' } });
		const execution = await stage.run({ provider }, undefined, CONTINUE);
		expect(errorsIn(outputOf(execution))).toMatchObject([
			{
				message: expect.stringMatching(/^It is not known whether .+ accepted the job: the connection was cut/),
				description: expect.stringMatching(
					/was not submitted again.*if the job is there.*if it is not, start a new execution/s,
				),
				failure: { code: 'submit_unknown', retryable: false, charged: 'unknown' },
			},
		]);
	});

	it('costs only its own item: the others have their videos', async () => {
		stage.emulator.misbehave({ when: { call: 'submit', jobNumber: 2 }, do: { cut: 'after' } });
		const execution = await stage.run({ ...FROM_ITEM, provider }, shots(3), CONTINUE);
		expect(outputOf(execution).filter(({ status }) => status === 'completed')).toHaveLength(2);
		expect(stage.jobs()).toHaveLength(3);
	});
});

const RETRY_AFTER: Array<[string, () => string]> = [
	['in seconds', () => '7'],
	['as a date', () => new Date(stage.clock.now() + 7_000).toUTCString()],
];

describe.each(providerNames)('a provider that answers 429 at %s', (provider) => {
	it.each(RETRY_AFTER)(
		'on every third call, with Retry-After %s: all videos, no second job',
		async (_form, retryAfter) => {
			const reply = { status: 429, headers: { 'retry-after': retryAfter() }, body: { detail: 'Too many requests' } };
			stage.emulator.misbehave({ when: { call: ['submit', 'status'], everyNth: 3 }, do: { reply } });
			const execution = await stage.run({ ...FROM_ITEM, provider }, shots(6));
			expect(statusesOf(execution)).toEqual(Array(6).fill('completed'));
			expect(stage.jobs()).toHaveLength(6);
			expect(stage.requests('submit').filter(({ answeredStatus }) => answeredStatus === 429).length).toBeGreaterThan(0);
		},
	);

	it.each(RETRY_AFTER)('is asked again no sooner than its Retry-After %s says', async (_form, retryAfter) => {
		const header = retryAfter();
		stage.emulator.misbehave({
			when: { call: 'submit', first: 1 },
			do: { reply: { status: 429, headers: { 'retry-after': header } } },
		});
		await stage.run({ provider });
		const [refused, accepted] = stage.requests('submit');
		const earliestMs = header.endsWith('GMT') ? Date.parse(header) : (refused?.atMs ?? 0) + 7_000;
		expect(accepted?.atMs).toBeGreaterThanOrEqual(earliestMs);
	});
});

describe('status calls that fail for a minute', () => {
	it.each([
		['runpod', 'with 503', { reply: { status: 503, body: 'Service Unavailable' } }],
		[
			'coreToday',
			'with a web page',
			{ reply: { status: 502, body: '<html>Bad gateway</html>', contentType: 'text/html' } },
		],
		['runpod', 'by a cut connection', { cut: 'before' as const }],
		['coreToday', 'by half an answer', { cut: 'during' as const }],
	])('at %s %s: all videos', async (provider, _how, misbehaviour) => {
		stage.emulator.misbehave({ when: { call: 'status', fromMs: 0, untilMs: 60_000 }, do: misbehaviour });
		const execution = await stage.run({ ...FROM_ITEM, provider }, shots(3));
		expect(statusesOf(execution)).toEqual(Array(3).fill('completed'));
		expect(stage.jobs()).toHaveLength(3);
		expect(stage.requests('status').length).toBeLessThan(45);
	});
});

describe('an answer that does not come to its end', () => {
	it.each([
		['never begins', { hang: 'before' as const }],
		['comes byte by byte', { slow: { bytesPerSecond: 1 } }],
		['is endless', { endless: true }],
		['is larger than any job', { oversized: { bytes: 6_000_000 } }],
	])('and %s costs one status call, not the job', async (_how, misbehaviour) => {
		stage.emulator.misbehave({ when: { call: 'status', first: 1 }, do: misbehaviour });
		const execution = await stage.run();
		expect(outputOf(execution)).toMatchObject([{ status: 'completed' }]);
	});

	it.each(providerNames)('of a submit at %s is given up within its time, and not repeated', async (provider) => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { hang: 'after' } });
		const startedMs = stage.clock.now();
		const execution = await stage.run({ provider });
		expect(stage.clock.now() - startedMs).toBeLessThan(90_000);
		expect(thrown(execution).message).toMatch(/It is not known whether .+: no answer came in time/);
		expect(stage.jobs()).toHaveLength(1);
	});

	it('of a cancel is given up within its time, and a status call says what became of the job', async () => {
		stage.emulator.misbehave({ when: { call: 'cancel' }, do: { hang: 'after' } });
		const submitted = await stage.run({ completion: 'jobId' });
		const flow = stage.workflow({ operation: 'cancel', provider: 'fromInput', jobId: '={{ $json.jobId }}' });
		const execution = await stage.engine.run(flow, { items: submitted.items('Kling') });
		expect(outputOf(execution)).toMatchObject([{ status: 'cancelled' }]);
	});
});

it.each([403, 404])('a web page with HTTP status %d in place of a status does not end the waiting', async (status) => {
	const page = { status, body: '<html>gateway</html>', contentType: 'text/html' };
	stage.emulator.misbehave({ when: { call: 'status', first: 2 }, do: { reply: page } });
	expect(outputOf(await stage.run({ provider: 'coreToday' }))).toMatchObject([{ status: 'completed' }]);
});
