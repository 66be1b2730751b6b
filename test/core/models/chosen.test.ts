import { estimateCost } from '../../../nodes/core/models/price';
import { coreToday } from '../../../nodes/core/providers/coreToday';
import { runpod } from '../../../nodes/core/providers/runpod';
import { inputFrom, PICTURE_URL, problemsOf, requestFrom } from '../providers/forms';

const PROMPT = 'a woman points at the words';

describe('the chosen model', () => {
	test.each([
		[coreToday, 'kling-video-o1-r2v'],
		[runpod, 'kwaivgi/kling-v2.5-turbo-pro'],
		[runpod, 'kling-v9'],
		[runpod, 7],
	])('of another provider is refused before anything else is looked at: $name, %p', (provider, model) => {
		expect(problemsOf(provider, { model, prompt: '', duration: 99 })).toEqual([
			'Model is not one of the chosen provider. Choose a model from the list.',
		]);
	});

	test('is v2.1 where none is named, as with a fallback choice', () => {
		expect(requestFrom(coreToday, { model: '' }).model).toBe('kwaivgi/kling-v2.1');
		expect(requestFrom(runpod, { model: undefined }).model).toBe('kling-v2-1-i2v-pro');
	});

	test('by a listed ID is that model, with its checks and its price', () => {
		const values = { model: 'other', modelId: ' kwaivgi/kling-v2.5-turbo-pro ', startImageSource: 'none' };
		const request = requestFrom(coreToday, values);
		expect([request.model, request.input]).toEqual([
			'kwaivgi/kling-v2.5-turbo-pro',
			{ prompt: PROMPT, aspect_ratio: '16:9', duration: 5 },
		]);
		expect(estimateCost(request)?.most).toBe(525);
		expect(problemsOf(coreToday, { ...values, duration: 7 })).toEqual(['Duration has to be 5 or 10, but is 7.']);
	});

	const TURBO = 'kwaivgi/kling-v2.5-turbo-pro';
	const END_IMAGE = { endImageSource: 'url', endImageUrl: PICTURE_URL };

	test.each([
		[TURBO, END_IMAGE, coreToday, 'End Image is no field of Kling v2.5 Turbo Pro. Set it to None.'],
		[TURBO, { endImageSource: 'binary' }, coreToday, 'End Image is no field of Kling v2.5 Turbo Pro. Set it to None.'],
		[TURBO, { mode: 'pro' }, coreToday, 'Mode is no field of Kling v2.5 Turbo Pro. Set it to standard.'],
		[
			'kling-v2-6-std-motion-control',
			{ duration: 10, additionalInput: { video: 'https://example.com/dance.mp4' } },
			runpod,
			'Duration is no field of Kling v2.6 Motion Control. Set it to 5.',
		],
	])('by a listed ID drops no field that it does not take: %s %j', (modelId, values, provider, problem) => {
		expect(problemsOf(provider, { model: 'other', modelId, ...values })).toEqual([problem]);
	});

	test('by a listed ID takes a form as it begins', () => {
		const o1 = { model: 'other', modelId: 'kling-video-o1-r2v', additionalInput: { images: [PICTURE_URL] } };
		expect(problemsOf(runpod, { ...o1, startImageSource: 'none', submitWith: 'run' })).toEqual([]);
		expect(problemsOf(runpod, o1)).toEqual(['Start Image is no field of Kling O1. Set it to None.']);
	});

	test('by Endpoint ID, which a fallback choice has, is read as by Model ID, at Runpod only', () => {
		expect(requestFrom(runpod, { endpointId: 'my-endpoint' }).model).toBe('my-endpoint');
		expect(requestFrom(runpod, { model: 'kling-v2-1-i2v-pro', endpointId: 'my-endpoint' }).model).toBe(
			'kling-v2-1-i2v-pro',
		);
		expect(requestFrom(coreToday, { endpointId: 'my-endpoint' }).model).toBe('kwaivgi/kling-v2.1');
	});

	test('by an ID that cannot be one is named together with what else is wrong', () => {
		const values = { model: 'other', modelId: 'a b', prompt: '', startImageSource: 'binary' };
		expect(problemsOf(runpod, values)).toEqual([
			'Model ID has to be an ID like kling-v2-1-i2v-pro.',
			'Prompt is empty. Fill it in.',
		]);
		expect(problemsOf(coreToday, { model: 'other', modelId: '{{ $json.model }}' })).toEqual([
			'Model ID still has {{ }} in it. Switch the field to Expression, so that n8n fills it in. If it is one already, correct the text in your data.',
		]);
	});
});

describe('any other model, by its ID', () => {
	const other = { model: 'other', modelId: 'kling-v9' };

	test('has no known price, and gets only prompt, pictures and what was changed', () => {
		const request = requestFrom(runpod, { ...other, negativePrompt: 'blur', duration: '8 seconds' });
		expect(request.input).toStrictEqual({
			prompt: PROMPT,
			image: PICTURE_URL,
			duration: 8,
			negative_prompt: 'blur',
		});
		expect(estimateCost(request)).toBeUndefined();
	});

	test('needs no picture, as nobody knows whether it takes one', () => {
		expect(inputFrom(coreToday, { ...other, startImageSource: 'none' })).toStrictEqual({ prompt: PROMPT });
	});

	test('is sent the shape that was chosen for a video without a picture, and not the one that the form starts with', () => {
		const upright = { ...other, startImageSource: 'none', aspectRatio: '9:16' };
		for (const provider of [coreToday, runpod]) {
			expect(inputFrom(provider, upright)).toStrictEqual({ prompt: PROMPT, aspect_ratio: '9:16' });
			expect(inputFrom(provider, { ...upright, aspectRatio: '16:9' })).not.toHaveProperty('aspect_ratio');
		}
	});

	test('is sent no value that was to be filled in', () => {
		expect(problemsOf(coreToday, { ...other, mode: '{{ $json.mode }}', negativePrompt: 'NaN' })).toEqual([
			'Mode still has {{ }} in it. Switch the field to Expression, so that n8n fills it in. If it is one already, correct the text in your data.',
			'Negative Prompt is only the word "NaN": its expression found nothing. Check what it reads.',
		]);
	});
});
