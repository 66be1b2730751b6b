import { FROM_ITEM, shots } from '../items';
import { errorsIn, outputOf, thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 4_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

describe('a value that an expression gives', () => {
	it.each([
		['Cancel on Stop', { options: { cancelOnStop: 'no' } }],
		['Download Video', { downloadVideo: 'yes' }],
		['Output', { options: { output: 'everything' } }],
		['Timeout', { options: { timeoutSeconds: 1e13 } }],
	])('is refused by its field if it is none of the choices: %s', async (field, parameters) => {
		const execution = await stage.run({ provider: 'coreToday', ...parameters });
		expect(thrown(execution).message).toContain(`${field} has to be`);
		expect(stage.requests()).toEqual([]);
	});

	it('is taken where a sheet gives it as text: Download Video "true"', async () => {
		const execution = await stage.run({ downloadVideo: 'true' });
		expect(execution.items('Kling')[0]?.binary).toHaveProperty('data');
	});

	it.each(['continueRegularOutput', 'continueErrorOutput'])(
		'cannot be read for an option of the whole run: with %s every item is an error, none goes on as a result',
		async (onError) => {
			const options = { maxJobs: "={{ $('Nowhere').item.json.x }}" };
			const flow = stage.workflow({ ...FROM_ITEM, completion: 'jobId', options }, { onError });
			const execution = await stage.engine.run(flow, { items: shots(2) });
			const output = onError === 'continueErrorOutput' ? 1 : 0;
			expect(errorsIn(outputOf(execution, output))).toHaveLength(2);
			expect(stage.requests()).toEqual([]);
		},
	);
});
