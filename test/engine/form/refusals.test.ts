import type { ProviderName } from '../../../nodes/core/job';
import { choices } from '../../../nodes/core/providers/choices';
import { providerNames } from '../../support/apis';
import { itemsOf } from '../harness/index';
import { refusal } from '../refusal';
import { thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

type Form = Readonly<Record<string, unknown>>;
const long = 'x'.repeat(2501);
const picture = 'https://pictures.example.com/a.png';

/** A form, and what it is told: the field's label and what is wrong. */
const REFUSED: ReadonlyArray<readonly [Form, string]> = [
	[{ prompt: '' }, 'Prompt is empty. Fill it in.'],
	[{ prompt: '   ' }, 'Prompt is empty. Fill it in.'],
	[{ prompt: null }, 'Prompt is empty. Fill it in.'],
	[{ prompt: 7 }, 'Prompt has to be text, but is 7.'],
	[{ prompt: long }, 'Prompt is 2501 characters long; at most 2500 are allowed.'],
	[{ negativePrompt: long }, 'Negative Prompt is 2501 characters long; at most 2500 are allowed.'],
	[{ negativePrompt: 5 }, 'Negative Prompt has to be text, but is 5.'],
	[{ duration: 4 }, 'Duration has to be 5 or 10, but is 4.'],
	[{ duration: '7' }, 'Duration has to be 5 or 10, but is "7".'],
	[{ duration: 'ten' }, 'Duration has to be 5 or 10, but is "ten".'],
	[{ duration: true }, 'Duration has to be 5 or 10, but is true.'],
	[{ startImageUrl: '' }, 'Start Image URL is empty.'],
	[{ startImageUrl: 'pictures/a.png' }, 'Start Image URL has to begin with https:// or http://.'],
	[{ startImageUrl: 'ftp://example.com/a.png' }, 'Start Image URL has to begin with https:// or http://.'],
	[{ startImageUrl: 'data:image/png;base64,AAAA' }, 'Start Image URL is a data URI.'],
	[{ startImageUrl: 'https://example.com/a b.png' }, 'Start Image URL has a space'],
	[{ startImageUrl: 'https://example.com/{{ $json.name }}' }, 'Start Image URL still has {{ }} in it.'],
	[{ startImageUrl: 'https://me:secret@example.com/a.png' }, 'Start Image URL has a user name or password in it'],
	[{ startImageUrl: 'https://' }, 'Start Image URL cannot be read as a URL.'],
	[{ startImageUrl: 5 }, 'Start Image URL is empty.'],
	[{ startImageSource: 'film' }, 'Start Image has to be url or binary, but is "film".'],
	[{ startImageSource: 'binary', startImageField: '' }, 'Start Image: Input Data Field Name is empty.'],
	[{ startImageSource: 'binary', startImageField: 'photo' }, 'Start Image in field "photo" is missing'],
	[{ options: { additionalInput: '[1]' } }, 'Additional Input has to be a JSON object'],
	[{ options: { additionalInput: '{ broken' } }, 'Additional Input has to be a JSON object'],
	[{ options: { additionalInput: 5 } }, 'Additional Input has to be a JSON object'],
	[{ options: { additionalInput: '{ "duration": 7 }' } }, 'Duration has to be 5 or 10, but is 7.'],
	[{ options: { additionalInput: { prompt: '' } } }, 'Prompt is empty.'],
	[{ options: { timeoutSeconds: 9 } }, 'Timeout has to be a number, between 10 and 2592000, but is 9.'],
	[{ options: { timeoutSeconds: 'soon' } }, 'Timeout has to be a number, between 10 and 2592000, but is "soon".'],
	[{ options: { onTimeout: 'pray' } }, 'On Timeout has to be error or return, but is "pray".'],
	[{ options: { maxConcurrency: 0 } }, 'Max Concurrency has to be a number, 1 or more, but is 0.'],
	[{ options: { maxCost: 'ten' } }, 'Max Cost has to be a number of 0 or more, but is "ten".'],
	[{ options: { maxCost: '' } }, 'Max Cost has to be a number of 0 or more, but is empty.'],
	[{ options: { maxCost: null } }, 'Max Cost has to be a number of 0 or more, but is empty.'],
	[{ options: { maxCost: -1 } }, 'Max Cost has to be a number of 0 or more, but is -1.'],
	[{ options: { maxJobs: null } }, 'Max Jobs has to be a number of 0 or more, but is empty.'],
	[{ options: { dryRun: 'perhaps' } }, 'Dry Run has to be true or false, but is "perhaps".'],
	[{ completion: 'jobId', callbackUrl: undefined }, 'Callback URL is empty, because its expression finds nothing.'],
	[{ completion: 'jobId', callbackUrl: 'my trigger' }, 'Callback URL has to begin with https:// or http://.'],
];

const OF_CORE_TODAY: typeof REFUSED = [
	[{ mode: 'ultra' }, 'Mode has to be standard or pro, but is "ultra".'],
	[{ mode: 'standard', endImageSource: 'url', endImageUrl: picture }, 'End Image needs Mode set to Pro.'],
	[{ mode: 'pro', endImageSource: 'url', endImageUrl: '' }, 'End Image URL is empty.'],
	[
		{ mode: 'pro', endImageSource: 'url', endImageUrl: 'a.png' },
		'End Image URL has to begin with https:// or http://.',
	],
	[{ mode: 'pro', endImageSource: 'binary', endImageField: 'last' }, 'End Image in field "last" is missing'],
	[{ options: { additionalInput: { end_image: picture } } }, 'End Image needs Mode set to Pro.'],
	[{ options: { additionalInput: { start_image: 'a.png' } } }, 'Start Image URL has to begin with'],
	[{ model: 'other', modelId: '' }, 'Model ID is empty.'],
	[{ model: 'other', modelId: 'my own model' }, 'Model ID has to be a model ID like kwaivgi/kling-v2.1.'],
	[{ model: 'other', modelId: 'owner/other', options: { maxCost: 1000 } }, 'price'],
];

const OF_RUNPOD: typeof REFUSED = [
	[{ options: { guidanceScale: 1.5 } }, 'Guidance Scale has to be a number, between 0 and 1, but is 1.5.'],
	[{ options: { guidanceScale: -0.1 } }, 'Guidance Scale has to be a number, between 0 and 1, but is -0.1.'],
	[{ options: { guidanceScale: 'much' } }, 'Guidance Scale has to be a number, between 0 and 1, but is "much".'],
	[{ options: { enableSafetyChecker: 'perhaps' } }, 'Enable Safety Checker has to be true or false, but is "perhaps".'],
	[{ model: 'other', modelId: '' }, 'Model ID is empty.'],
	[{ model: 'other', modelId: 'kling/../other' }, 'Model ID has to be an ID like kling-v2-1-i2v-pro.'],
	[{ options: { submitWith: 'fax' } }, 'Submit With has to be run or runsync, but is "fax".'],
	[{ options: { additionalInput: { image: 'a.png' } } }, 'Start Image URL has to begin with'],
	[{ model: 'other', modelId: 'any', options: { maxCost: 1000 } }, 'price'],
	[
		{ completion: 'callback', options: { timeoutSeconds: 1600 } },
		'Timeout has to be a number, between 10 and 1500, but is 1600.',
	],
];

/** What each refuses beside that. */
const OWN: Readonly<Record<ProviderName, typeof REFUSED>> = { coreToday: OF_CORE_TODAY, runpod: OF_RUNPOD };

const cases = (provider: string, table: typeof REFUSED) =>
	table.map(([form, text]) => ({
		provider,
		form,
		text,
		name: JSON.stringify(form).replace(long, '<2501 characters>'),
	}));

test.each([
	...providerNames.flatMap((provider) => cases(provider, [...REFUSED, ...OWN[provider]])),
	...cases('coreTodayThenRunpod', [...OF_CORE_TODAY.slice(0, 1), ...OF_RUNPOD.slice(0, 1)]),
	...cases('runpodThenCoreToday', [
		[{ options: { fallbackMaxCost: 'x' } }, 'Fallback Max Cost has to be a number of 0 or more'],
	]),
	...cases('replicate', [[{}, 'Provider has to be one of the choices in the list.']]),
])('$provider: $name costs nothing', async ({ provider, form, text }) => {
	const refused = await refusal(stage, { provider, ...form });
	expect(refused.message).toContain(text);
	expect(refused.thrown).toContain(text);
});

test.each(choices.map(({ value }) => value))(
	'%s: all problems of an item are named at once, each once',
	async (provider) => {
		const form = {
			prompt: '',
			duration: 4,
			startImageUrl: 'a.png',
			negativePrompt: long,
			options: { timeoutSeconds: 5, onTimeout: 'pray' },
		};
		const refused = await refusal(stage, { provider, ...form });
		for (const label of [
			'Prompt is',
			'Duration has',
			'Start Image URL has',
			'Negative Prompt is',
			'Timeout has',
			'On Timeout has',
		]) {
			expect(refused.message.split(new RegExp(`(?:^|[.] )${label}`))).toHaveLength(2);
			expect(refused.thrown).toContain(label);
		}
	},
);

test('all problems of all items are named at once', async () => {
	const rows = itemsOf({ prompt: '', seconds: 4 }, { prompt: 'good', seconds: 5 }, { prompt: 'good', seconds: 6 });
	const execution = await stage.run({ prompt: '={{ $json.prompt }}', duration: '={{ $json.seconds }}' }, rows);
	expect(thrown(execution).description).toBe(
		'1st item: Prompt is empty. Fill it in.<br>\n1st item: Duration has to be 5 or 10, but is 4.<br>\n3rd item: Duration has to be 5 or 10, but is 6.',
	);
	expect(stage.requests()).toEqual([]);
});

test('numeric strings, as sheets give them, are sent as numbers', async () => {
	const row = itemsOf({ seconds: '10', scale: '0.7', safe: 'false' });
	const options = { guidanceScale: '={{ $json.scale }}', enableSafetyChecker: '={{ $json.safe }}' };
	await stage.run({ provider: 'runpod', completion: 'jobId', duration: '={{ $json.seconds }}', options }, row);
	expect(stage.job().input).toMatchObject({
		duration: 10,
		guidance_scale: 0.7,
		enable_safety_checker: false,
	});
});

test('Mode by expression works without an end image', async () => {
	const rows = itemsOf({ mode: 'standard' }, { mode: 'pro' });
	await stage.run({ completion: 'jobId', mode: '={{ $json.mode }}' }, rows);
	expect(stage.jobs().map(({ input }) => input.mode)).toEqual(['standard', 'pro']);
});
