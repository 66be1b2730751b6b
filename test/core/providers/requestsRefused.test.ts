import type { VideoForm } from '../../../nodes/core/form';
import { coreToday } from '../../../nodes/core/providers/coreToday';
import { providers } from '../../../nodes/core/providers';
import { runpod } from '../../../nodes/core/providers/runpod';
import { dialects } from '../../support/apis';
import { formOf, PICTURE_URL, problemsOf } from './forms';

type Values = Partial<VideoForm>;
const LONG = 'x'.repeat(2501);

/** Whatever each API calls the first frame. */
const anyPicture = Object.fromEntries(Object.values(dialects).map(({ pictureKey }) => [pictureKey, 'x']));

describe('bad input costs nothing: it is refused by label, with what to do', () => {
	const both: Array<[Values, string]> = [
		[{ prompt: '' }, 'Prompt is empty. Fill it in.'],
		[{ prompt: '  \n' }, 'Prompt is empty. Fill it in.'],
		[{ prompt: null }, 'Prompt is empty. Fill it in.'],
		[{ prompt: 7 }, 'Prompt has to be text, but is 7.'],
		[{ prompt: LONG }, 'Prompt is 2501 characters long; at most 2500 are allowed. Shorten it.'],
		[{ negativePrompt: LONG }, 'Negative Prompt is 2501 characters long; at most 2500 are allowed. Shorten it.'],
		[{ additionalInput: { negative_prompt: 7 } }, 'Negative Prompt has to be text, but is 7.'],
		[{ duration: 4 }, 'Duration has to be 5 or 10, but is 4.'],
		[{ duration: '5 h' }, 'Duration has to be 5 or 10, but is "5 h".'],
		[{ duration: '1e1' }, 'Duration has to be 5 or 10, but is "1e1".'],
		[{ additionalInput: { duration: 8 } }, 'Duration has to be 5 or 10, but is 8.'],
		[{ startImageUrl: '' }, 'Start Image URL is empty. Give the link of a JPEG or PNG picture.'],
		[{ startImageUrl: 'dragon.png' }, 'Start Image URL has to begin with https:// or http://. Give the whole address.'],
		[
			{ startImageUrl: '{{ $json.url }}' },
			'Start Image URL still has {{ }} in it. Switch the field to Expression, so that n8n fills it in. If it is one already, correct the text in your data.',
		],
		[{ startImageUrl: 7 }, 'Start Image URL is empty. Give an https:// or http:// address.'],
		[{ startImageSource: 'binary', startImageField: '' }, 'Start Image: Input Data Field Name is empty. Fill it in.'],
		[{ startImageSource: 'file' }, 'Start Image has to be url or binary, but is "file".'],
		[
			{ additionalInput: '{"a":' },
			'Additional Input has to be a JSON object like { "key": "value" }, but is "{\\"a\\":".',
		],
		[{ additionalInput: [1] }, 'Additional Input has to be a JSON object like { "key": "value" }, but is [1].'],
		[{ additionalInput: { prompt: null } }, 'Prompt is empty. Fill it in.'],
		[
			{ startImageSource: 'binary', additionalInput: anyPicture },
			'Start Image URL has to begin with https:// or http://. Give the whole address.',
		],
	];
	const cases = providers.flatMap((provider) => both.map(([values, problem]) => ({ provider, values, problem })));
	test.each([
		...cases,
		{ provider: coreToday, values: { mode: 'turbo' }, problem: 'Mode has to be standard or pro, but is "turbo".' },
		{
			provider: coreToday,
			values: { mode: 'turbo', endImageSource: 'binary' },
			problem: 'Mode has to be standard or pro, but is "turbo".',
		},
		{
			provider: coreToday,
			values: { endImageSource: 'url', mode: 'pro' },
			problem: 'End Image URL is empty. Give the link of a JPEG or PNG picture.',
		},
		{
			provider: coreToday,
			values: { endImageSource: 'url', endImageUrl: PICTURE_URL },
			problem: 'End Image needs Mode set to Pro. Choose Pro, or set End Image to None.',
		},
		{
			provider: coreToday,
			values: { endImageSource: 'binary' },
			problem: 'End Image needs Mode set to Pro. Choose Pro, or set End Image to None.',
		},
		{
			provider: coreToday,
			values: { additionalInput: { end_image: PICTURE_URL } },
			problem: 'End Image needs Mode set to Pro. Choose Pro, or set End Image to None.',
		},
		{
			provider: coreToday,
			values: {
				mode: 'pro',
				endImageSource: 'url',
				endImageUrl: PICTURE_URL,
				additionalInput: { mode: null },
			},
			problem: 'End Image needs Mode set to Pro. Choose Pro, or set End Image to None.',
		},
		{ provider: coreToday, values: { model: 'other', modelId: '' }, problem: 'Model ID is empty. Fill it in.' },
		{
			provider: coreToday,
			values: { model: 'other', modelId: 'a b' },
			problem: 'Model ID has to be a model ID like kwaivgi/kling-v2.1.',
		},
		{
			provider: runpod,
			values: { guidanceScale: 1.1 },
			problem: 'Guidance Scale has to be a number, between 0 and 1, but is 1.1.',
		},
		{
			provider: runpod,
			values: { guidanceScale: 'much' },
			problem: 'Guidance Scale has to be a number, between 0 and 1, but is "much".',
		},
		{
			provider: runpod,
			values: { enableSafetyChecker: 'no' },
			problem: 'Enable Safety Checker has to be true or false, but is "no".',
		},
		{ provider: runpod, values: { endpointId: '' }, problem: 'Endpoint ID is empty. Fill it in.' },
		{
			provider: runpod,
			values: { endpointId: 'a/b' },
			problem: 'Endpoint ID has to be an ID like kling-v2-1-i2v-pro.',
		},
		{
			provider: runpod,
			values: { submitWith: 'async' },
			problem: 'Submit With has to be run or runsync, but is "async".',
		},
	])('$provider.label: $problem', ({ provider, values, problem }) => {
		expect(problemsOf(provider, values)).toEqual([problem]);
	});

	test('all problems of an item at once', () => {
		const bad = formOf({
			prompt: '',
			mode: 'turbo',
			duration: 4,
			startImageUrl: 'x',
			negativePrompt: LONG,
			guidanceScale: 2,
			enableSafetyChecker: 1,
		});
		const labels = (provider: (typeof providers)[number]) =>
			problemsOf(provider, bad).map((text) => /^[A-Z]\w*( [A-Z]\w*)*/.exec(text)?.[0]);
		expect(labels(coreToday)).toEqual(['Prompt', 'Start Image URL', 'Mode', 'Duration', 'Negative Prompt']);
		expect(labels(runpod)).toEqual([
			'Prompt',
			'Start Image URL',
			'Duration',
			'Guidance Scale',
			'Enable Safety Checker',
			'Negative Prompt',
		]);
	});
});
