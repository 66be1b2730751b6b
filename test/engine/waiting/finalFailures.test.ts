import { providerNames } from '../../support/apis';
import {
	COMPLETED_WITH_ERROR,
	FINAL_FAILURES,
	PASSING_FAILURES,
	REFUSALS_UNDER_200,
	WORDS_IN_ANOTHER_CASE,
} from '../../emulator/kinds';
import { CONTINUE, retryOnFail } from '../items';
import { errorOf, itemOf, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ factor: 100, emulator: { jobTimes: { queueMs: 0, runMs: 5_000 } } })),
);
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

describe.each(providerNames)('at %s', (provider) => {
	test.each(FINAL_FAILURES)(
		'a job that failed by "%s" is paid for once, whatever Retry On Fail says',
		async (error) => {
			stage.emulator.script({ job: { endsAs: 'failed', error } });
			const { text } = thrown(await stage.run({ provider }, undefined, retryOnFail(3)));
			expect(text).toContain(error.slice(0, 40));
			expect(stage.jobs()).toHaveLength(1);
		},
	);

	test.each(PASSING_FAILURES)('a job that failed by "%s" is worth another', async (error) => {
		stage.emulator.script({ when: { first: 1 }, job: { endsAs: 'failed', error } });
		const execution = await stage.run({ provider }, undefined, retryOnFail(3));
		expect(outputOf(execution)).toEqual([expect.objectContaining({ status: 'completed' })]);
		expect(stage.jobs()).toHaveLength(2);
	});

	test('a job that is completed with an error inside has failed, with the reason, and is paid for once', async () => {
		stage.emulator.script({ job: COMPLETED_WITH_ERROR });
		const error = errorOf(itemOf(await stage.run({ provider }, undefined, { ...CONTINUE, ...retryOnFail(3) })));
		expect(error).toMatchObject({
			message: expect.stringContaining('Content flagged as sensitive'),
			status: 'failed',
			failure: { code: 'content_policy', retryable: false, charged: 'unknown' },
		});
		expect(stage.jobs()).toHaveLength(1);
	});

	test('a completed job with an error of no known kind is not made again either; one that may pass is', async () => {
		stage.emulator.script({ job: { ...COMPLETED_WITH_ERROR, error: 'something odd' } });
		await stage.run({ provider }, undefined, retryOnFail(3));
		expect(stage.jobs()).toHaveLength(1);
		stage.reset();
		stage.emulator.script({ when: { first: 1 }, job: { ...COMPLETED_WITH_ERROR, error: 'please try again' } });
		await stage.run({ provider }, undefined, retryOnFail(3));
		expect(stage.jobs()).toHaveLength(2);
	});

	test.each(REFUSALS_UNDER_200)('a submit that is answered 200 and %j is never repeated, and says so', async (body) => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { reply: { status: 200, body } } });
		const { text } = thrown(await stage.run({ provider }, undefined, retryOnFail(3)));
		expect(text).toMatch(/It is not known whether .* accepted the job: .*: Insufficient credits/);
		expect(stage.requests('submit')).toHaveLength(1);
	});

	test('status words are read in another case', async () => {
		stage.emulator.script({ job: { statusWords: WORDS_IN_ANOTHER_CASE[provider] } });
		expect(outputOf(await stage.run({ provider }))).toEqual([expect.objectContaining({ status: 'completed' })]);
	});

	test.each(['failed', 'cancelled', 'timedOut'] as const)('so is the word of a job that ends as %s', async (endsAs) => {
		stage.emulator.script({ job: { endsAs, error: 'no', statusWords: WORDS_IN_ANOTHER_CASE[provider] } });
		const startMs = stage.clock.now();
		expect(errorOf(itemOf(await stage.run({ provider }, undefined, CONTINUE))).status).toBe(
			endsAs === 'cancelled' ? 'cancelled' : 'failed',
		);
		expect(stage.clock.now() - startMs).toBeLessThan(60_000);
	});

	test('the input that is repeated in each reply, picture and all, becomes a short note', async () => {
		stage.emulator.script({ job: { repeatsInput: true } });
		const options = { imageDelivery: 'dataUri', output: 'raw' };
		const execution = await stage.runWithFiles({ provider, startImageSource: 'binary', options }, [
			{ data: { bytes: await small(), fileName: 'a.png' } },
		]);
		const json = JSON.stringify(outputOf(execution));
		expect(json).toMatch(/data:image\/png \(\d+ characters, left out\)/);
		expect(json).not.toContain('base64,');
	});
});

async function small(): Promise<Uint8Array> {
	const picture = await fetch(stage.emulator.pictureUrl('smallest'));
	return new Uint8Array(await picture.arrayBuffer());
}
