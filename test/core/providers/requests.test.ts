import type { VideoForm } from '../../../nodes/core/form';
import { estimateCost } from '../../../nodes/core/models/price';
import { coreToday } from '../../../nodes/core/providers/coreToday';
import { providers } from '../../../nodes/core/providers';
import { runpod } from '../../../nodes/core/providers/runpod';
import { inputFrom, PICTURE_URL, problemsOf, requestFrom } from './forms';

type Values = Partial<VideoForm>;
const DELIVERED = 'replicate.delivery/xezq/rfKExHkg7L2UAyYNJj3p1YrW1M3ZROTQQXupJSOyM5RkwQcKA/tmpowaafuyw.png';

describe("the example requests of the models' pages, to the letter", () => {
	test("Core.Today's example request is what its form becomes", () => {
		const request = requestFrom(coreToday, { startImageUrl: `https://${DELIVERED}` });
		expect(coreToday.startCall(request, {})).toMatchObject({ method: 'POST', path: '/predictions' });
		expect(coreToday.startCall(request, {}).body).toStrictEqual({
			model: 'kwaivgi/kling-v2.1',
			input: {
				mode: 'standard',
				duration: 5,
				prompt: 'a woman points at the words',
				start_image: `https://${DELIVERED}`,
			},
		});
	});

	test("Runpod's example request is what its form becomes, with the empty negative prompt that only additional input can hold", () => {
		const prompt = 'A majestic magic dragon breathing fire over an ancient castle';
		const options = {
			guidanceScale: 0.5,
			enableSafetyChecker: true,
			additionalInput: '{"negative_prompt": ""}',
			submitWith: 'runsync',
		};
		const call = runpod.startCall(requestFrom(runpod, { prompt, ...options }), {});
		expect(call).toMatchObject({ method: 'POST', path: '/kling-v2-1-i2v-pro/runsync', query: { wait: '90000' } });
		expect(call.body).toStrictEqual({
			input: {
				prompt,
				image: 'https://example.com/dragon.png',
				negative_prompt: '',
				guidance_scale: 0.5,
				duration: 5,
				enable_safety_checker: true,
			},
		});
	});

	test('what nobody set is not sent, but for the defaults that the form shows', () => {
		expect(inputFrom(coreToday)).toStrictEqual({
			prompt: 'a woman points at the words',
			mode: 'standard',
			duration: 5,
			start_image: PICTURE_URL,
		});
		expect(inputFrom(runpod)).toStrictEqual({ prompt: 'a woman points at the words', duration: 5, image: PICTURE_URL });
		for (const blank of [undefined, null, '', '  ']) {
			expect(inputFrom(coreToday, { mode: blank, duration: blank })).toMatchObject({ mode: 'standard', duration: 5 });
			expect(inputFrom(runpod, { duration: blank })).toMatchObject({ duration: 5 });
		}
	});

	test('webhooks are asked for as each document says', () => {
		const webhookUrl = 'https://n8n.example/webhook/1';
		const webhookEvents = { webhook: webhookUrl, webhook_events: ['completed', 'failed'] };
		expect(coreToday.startCall(requestFrom(coreToday), { webhookUrl }).body).toMatchObject(webhookEvents);
		expect(Object.keys(runpod.startCall(requestFrom(runpod), { webhookUrl }).body ?? {})).toEqual(['input', 'webhook']);
	});

	test('jobs are asked for and cancelled where each document says', () => {
		const handle = { provider: 'coreToday', model: 'a/b', jobId: 'abc123' } as const;
		expect(coreToday.statusCall(handle)).toMatchObject({ method: 'GET', path: '/predictions/abc123' });
		expect(coreToday.cancelCall(handle)).toMatchObject({ method: 'DELETE', path: '/predictions/abc123' });
		const other = { provider: 'runpod', model: 'my-endpoint', jobId: 'abc-u1' } as const;
		expect(runpod.statusCall(other)).toMatchObject({ method: 'GET', path: '/my-endpoint/status/abc-u1' });
		expect(runpod.cancelCall(other)).toMatchObject({ method: 'POST', path: '/my-endpoint/cancel/abc-u1' });
		expect(runpod.statusCall({ provider: 'runpod', jobId: 'abc-u1' }).path).toBe('/kling-v2-1-i2v-pro/status/abc-u1');
	});

	test('prices are those of the documents', () => {
		const priceOf = (values: Values) => estimateCost(requestFrom(runpod, values))?.least;
		expect(priceOf({})).toEqual({ amount: 0.45, unit: 'USD', source: 'estimated' });
		expect(priceOf({ duration: '10' })).toEqual({ amount: 0.9, unit: 'USD', source: 'estimated' });
		expect(priceOf({ additionalInput: { duration: 10 } })).toEqual({
			amount: 0.9,
			unit: 'USD',
			source: 'estimated',
		});
		expect(priceOf({ endpointId: 'my-endpoint' })).toBeUndefined();
		expect(estimateCost(requestFrom(coreToday))?.least).toEqual({ amount: 375, unit: 'credits', source: 'minimum' });
		expect(estimateCost(requestFrom(coreToday, { model: 'other', modelId: 'kwaivgi/kling-v1.6' }))).toBeUndefined();
	});
});

describe('values that are taken', () => {
	test.each<[string, Values, object]>([
		['mode pro', { mode: 'pro' }, { mode: 'pro' }],
		['duration 10', { duration: 10 }, { duration: 10 }],
		['duration "5" from a sheet', { duration: '5' }, { duration: 5 }],
		['duration " 10 " from a sheet', { duration: ' 10 ' }, { duration: 10 }],
		['duration "10.0" from a sheet', { duration: '10.0' }, { duration: 10 }],
		['a negative prompt', { negativePrompt: 'blur' }, { negative_prompt: 'blur' }],
		['a prompt of 2500 characters', { prompt: '🐉'.repeat(2500) }, { prompt: '🐉'.repeat(2500) }],
		['a link with blanks around it', { startImageUrl: ` ${PICTURE_URL}\n` }, { start_image: PICTURE_URL }],
		[
			'an end image with pro',
			{ mode: 'pro', endImageSource: 'url', endImageUrl: PICTURE_URL },
			{ end_image: PICTURE_URL },
		],
		['additional input over the form', { additionalInput: { mode: 'pro', seed: 7 } }, { mode: 'pro', seed: 7 }],
		['additional input as text', { additionalInput: '{"duration": "10"}' }, { duration: 10 }],
	])('Core.Today: %s', (_name, values, input) => {
		expect(inputFrom(coreToday, values)).toMatchObject(input);
	});

	test.each<[string, Values, object]>([
		['duration "10"', { duration: '10' }, { duration: 10 }],
		['guidance 0', { guidanceScale: 0 }, { guidance_scale: 0 }],
		['guidance 1', { guidanceScale: 1 }, { guidance_scale: 1 }],
		['guidance "0.7" from a sheet', { guidanceScale: '0.7' }, { guidance_scale: 0.7 }],
		['no safety checker', { enableSafetyChecker: false }, { enable_safety_checker: false }],
		['safety checker "false" from a sheet', { enableSafetyChecker: 'false' }, { enable_safety_checker: false }],
		['a negative prompt', { negativePrompt: 'blur' }, { negative_prompt: 'blur' }],
	])('Runpod: %s', (_name, values, input) => {
		expect(inputFrom(runpod, values)).toMatchObject(input);
	});

	test.each([null, '', '  '])('additional input that unsets a value (%j) leaves it to the provider', (unset) => {
		const additionalInput = { mode: unset, duration: unset, end_image: unset };
		expect(inputFrom(coreToday, { additionalInput })).toStrictEqual({
			prompt: 'a woman points at the words',
			start_image: PICTURE_URL,
		});
		const runpodInput = { duration: unset, guidance_scale: unset, enable_safety_checker: unset };
		expect(inputFrom(runpod, { additionalInput: runpodInput })).toStrictEqual({
			prompt: 'a woman points at the words',
			image: PICTURE_URL,
		});
	});

	test('a binary picture is named for delivery, unless additional input has a link of its own', () => {
		const values = { startImageSource: 'binary', startImageField: 'photo' };
		const { pictures, input } = requestFrom(coreToday, values);
		expect(pictures).toEqual([{ inputKey: 'start_image', field: 'photo', label: 'Start Image' }]);
		expect(input).not.toHaveProperty('start_image');
		const linked = requestFrom(runpod, { ...values, additionalInput: { image: PICTURE_URL } });
		expect([linked.pictures, linked.input.image]).toEqual([[], PICTURE_URL]);
	});

	test.each([null, '', '  '])(
		'additional input that unsets the start image (%j) does not take away the picture in the item',
		(unset) => {
			const values = {
				startImageSource: 'binary',
				startImageField: 'photo',
				additionalInput: { image: unset, start_image: unset },
			};
			for (const provider of providers)
				expect(requestFrom(provider, values).pictures).toMatchObject([{ field: 'photo', label: 'Start Image' }]);
		},
	);

	test('a local provider may open local pictures', () => {
		const values = { startImageUrl: 'http://127.0.0.1:4000/a.png' };
		for (const provider of providers) {
			expect(problemsOf(provider, values, { providerIsLocal: true, waits: true })).toEqual([]);
			expect(problemsOf(provider, values)).toEqual([
				expect.stringContaining('Start Image URL is on the host 127.0.0.1'),
			]);
		}
	});

	test.each([
		[undefined, 90],
		[1_200_000, 90],
		[30_000, 30],
		[10, 1],
	])('runsync with a patience of %p ms is held %d s at most', (patienceMs, seconds) => {
		const request = requestFrom(runpod, { submitWith: 'runsync' });
		const call = runpod.startCall(request, patienceMs === undefined ? {} : { patienceMs });
		expect([call.query, call.timeoutMs]).toEqual([{ wait: String(seconds * 1000) }, seconds * 1000 + 30_000]);
	});

	test('a runsync job, whose record lives one minute, is polled every 20 s at least', () => {
		expect(runpod.longestPollPauseMs?.(requestFrom(runpod, { submitWith: 'runsync' }))).toBe(20_000);
		expect(runpod.longestPollPauseMs?.(requestFrom(runpod))).toBeUndefined();
	});

	test('runsync only where the node waits itself', () => {
		const options = { submitWith: 'runsync' };
		expect(requestFrom(runpod, options).submitWith).toBe('runsync');
		expect(requestFrom(runpod, options, { providerIsLocal: false, waits: false }).submitWith).toBe('run');
	});
});

describe('another model or endpoint', () => {
	test.each<[string, Values, object]>([
		['defaults are not sent', {}, {}],
		['defaults as a sheet writes them neither', { duration: '5.0', mode: '' }, {}],
		['what differs is sent, as a number', { duration: '10', mode: 'pro' }, { duration: 10, mode: 'pro' }],
		[
			'additional input goes as it is',
			{ additionalInput: { duration: '8s', mode: null } },
			{ duration: '8s', mode: null },
		],
	])('Core.Today: %s', (_name, values, rest) => {
		const chosen = { model: 'other', modelId: 'kwaivgi/kling-v1.6-pro' };
		expect(inputFrom(coreToday, { ...values, ...chosen })).toStrictEqual({
			prompt: 'a woman points at the words',
			start_image: PICTURE_URL,
			...rest,
		});
	});

	test.each<[string, Values, object]>([
		['defaults are not sent', { guidanceScale: 0.5, enableSafetyChecker: true }, {}],
		[
			'defaults as a sheet writes them neither',
			{ duration: '5', guidanceScale: '0.50', enableSafetyChecker: 'true' },
			{},
		],
		[
			'what differs is sent, in its own type',
			{ duration: '10', guidanceScale: '0.7', enableSafetyChecker: 'false' },
			{ duration: 10, guidance_scale: 0.7, enable_safety_checker: false },
		],
	])('Runpod: %s', (_name, values, rest) => {
		const request = requestFrom(runpod, { ...values, model: 'other', modelId: 'my-endpoint' });
		expect(request.model).toBe('my-endpoint');
		expect(request.input).toStrictEqual({ prompt: 'a woman points at the words', image: PICTURE_URL, ...rest });
	});

	test('the default with blanks around it is the default, and is checked as such', () => {
		expect(problemsOf(runpod, { duration: 4, endpointId: ' kling-v2-1-i2v-pro ' })).toHaveLength(1);
		expect(problemsOf(coreToday, { duration: 4, model: ' kwaivgi/kling-v2.1 ' })).toHaveLength(1);
		expect(problemsOf(coreToday, { duration: 4, model: 'other', modelId: ' kwaivgi/kling-v2.1 ' })).toHaveLength(1);
		expect(requestFrom(coreToday, { model: ' kwaivgi/kling-v2.1 ' }).model).toBe('kwaivgi/kling-v2.1');
	});
});
