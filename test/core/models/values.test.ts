import { coreToday } from '../../../nodes/core/providers/coreToday';
import { runpod } from '../../../nodes/core/providers/runpod';
import { inputFrom, problemsOf } from '../providers/forms';

const UPRIGHT = { model: 'kwaivgi/kling-v2.5-turbo-pro', startImageSource: 'none' };
const CLIP = { model: 'kling-v2-6-std-motion-control', motionVideoUrl: 'https://example.com/dance.mp4' };
const O1 = { model: 'kling-video-o1-r2v', referenceImageUrls: 'https://example.com/robot.png' };

describe('values as sheets give them', () => {
	test.each([
		['10 Seconds', 10],
		['10s', 10],
		[' 10 sec ', 10],
		['5 second', 5],
		['10.0', 10],
		['10 s\u200b', 10],
	])('duration %p', (duration, seconds) => {
		expect(inputFrom(coreToday, { duration }).duration).toBe(seconds);
	});

	test.each([
		['7 Seconds', 7],
		['3s', 3],
		['9', 9],
	])('duration %p, where a whole range is allowed', (duration, seconds) => {
		expect(inputFrom(runpod, { ...O1, duration }).duration).toBe(seconds);
	});

	test.each([
		['9:16 ', '9:16'],
		['9:16:00', '9:16'],
		['09:16', '9:16'],
		['9:16 AM', '9:16'],
		['1899-12-30T09:16:00.000Z', '9:16'],
		[556 / 1440, '9:16'],
		['0.386111111', '9:16'],
		['16:09:00', '16:9'],
		['4:09:00 PM', '16:9'],
		['04:09 pm', '16:9'],
		[969 / 1440, '16:9'],
		['1:01:00', '1:1'],
		['1:01:00 AM', '1:1'],
		['\u200e9:16\u200b', '9:16'],
		['9:16 (Upright)', '9:16'],
		['1:1 (square)', '1:1'],
	])('aspect ratio %p', (aspectRatio, ratio) => {
		expect(inputFrom(coreToday, { ...UPRIGHT, aspectRatio }).aspect_ratio).toBe(ratio);
	});

	test.each(['9:16 PM', '9:16:30', '9x16', 0.5, 1, '12:01 AM', 'upright'])('aspect ratio %p is none', (aspectRatio) => {
		expect(problemsOf(coreToday, { ...UPRIGHT, aspectRatio })).toHaveLength(1);
	});

	test('words as the list shows them, and with what is not seen around them', () => {
		expect(inputFrom(coreToday, { mode: 'pro\u200b' }).mode).toBe('pro');
		expect(inputFrom(coreToday, { mode: 'Pro (1080p)' }).mode).toBe('pro');
		expect(inputFrom(runpod, { ...CLIP, characterOrientation: 'As in the Picture' }).character_orientation).toBe(
			'image',
		);
		expect(inputFrom(coreToday, { startImageSource: '\u200b' })).toHaveProperty('start_image');
	});

	test('words in any case, with blanks around them, and TRUE and FALSE', () => {
		expect(inputFrom(coreToday, { mode: ' Pro ' }).mode).toBe('pro');
		expect(inputFrom(coreToday, { startImageSource: 'URL' })).toHaveProperty('start_image');
		const values = { ...CLIP, characterOrientation: 'Image', keepOriginalSound: 'FALSE' };
		expect(inputFrom(runpod, values)).toMatchObject({ character_orientation: 'image', keep_original_sound: false });
	});
});

describe('a text that is sure to fail is refused, in every field', () => {
	const LEFT_OVER =
		'still has {{ }} in it. Switch the field to Expression, so that n8n fills it in. If it is one already, correct the text in your data.';

	test.each([
		'{{ $json.prompt }}',
		'A cat: {{$json["x"]}}, at night',
		"{{ $('Sheet').item.json.prompt }}",
		'{{masterpiece}}, {{ $now }}',
		'{{ $json.prompt',
	])('%p', (text) => {
		expect(problemsOf(coreToday, { prompt: text })).toEqual([`Prompt ${LEFT_OVER}`]);
		expect(problemsOf(runpod, { negativePrompt: text })).toEqual([`Negative Prompt ${LEFT_OVER}`]);
		const field = { startImageSource: 'binary', startImageField: text };
		expect(problemsOf(runpod, field)).toEqual([`Start Image: Input Data Field Name ${LEFT_OVER}`]);
		expect(problemsOf(runpod, { additionalInput: { style: { name: text } } })).toEqual([
			`Additional Input: style ${LEFT_OVER}`,
		]);
	});

	test.each(['undefined', ' null ', 'NaN'])('%p and nothing else', (text) => {
		expect(problemsOf(coreToday, { prompt: text, negativePrompt: text })).toEqual([
			`Prompt is only the word "${text.trim()}": its expression found nothing. Check what it reads.`,
			`Negative Prompt is only the word "${text.trim()}": its expression found nothing. Check what it reads.`,
		]);
	});

	test.each(['[object Object]', 'A cat: [object Object]', '[object Object],[object Object]'])('%p', (text) => {
		expect(problemsOf(coreToday, { additionalInput: { prompt: text } })).toEqual([
			'Prompt has [object Object] in it: an expression gave a whole object. Name the text inside it, e.g. with .text at the end.',
		]);
	});

	test.each([
		'{{masterpiece}}',
		'{{masterpiece}} for $5 and $more',
		'{{masterpiece, a $100 bill}}',
		'a null pointer',
		'undefined behaviour',
		'Null',
		'NaN bread',
		'{hello}',
		'an {object} of [Object]',
		'cost: ${price}',
		'}} $json {{',
	])('%p is meant as it is', (text) => {
		const additionalInput = { style: [text] };
		expect(inputFrom(coreToday, { prompt: text, negativePrompt: text, additionalInput })).toMatchObject({
			prompt: text,
			negative_prompt: text,
			style: [text],
		});
	});

	test.each(['{{', '/bot1', '%25'])('a long text of %p is looked through in a moment', (part) => {
		expect(problemsOf(coreToday, { prompt: part.repeat(200_000) })).toEqual([
			`Prompt is ${part.length * 200_000} characters long; at most 2500 are allowed. Shorten it.`,
		]);
	});
});

describe('the token of a Telegram bot stays away from the provider, wherever it stands', () => {
	const FILE = 'https://api.telegram.org/file/bot7123456789:AAF-abcdefghijklmnopqrstuvwxyz_12345/photos/file_1.jpg';
	const STICKER = `https://images.weserv.nl/?url=${encodeURIComponent(FILE)}&output=jpg`;
	const REFUSED = expect.stringMatching(/has the token of your Telegram bot in it/);

	test.each([
		['image_tail', FILE],
		['image_tail', STICKER],
		['references', [{ pictures: ['https://example.com/a.png', FILE] }]],
		['note', `Like ${FILE}`],
	])('in Additional Input, as %s: %j', (key, value) => {
		const additionalInput = { [key]: value };
		for (const form of [
			{},
			{ model: 'other', modelId: 'owner/another' },
			{ additionalInput: JSON.stringify({ [key]: value }) },
		]) {
			const problems = problemsOf(coreToday, { additionalInput, ...form });
			expect(problems).toEqual([REFUSED]);
			expect(problems[0]).toMatch(`Additional Input: ${key} `);
			expect(problems[0]).not.toContain('AAF-');
		}
	});

	test('in a prompt, and once in a link that Additional Input gives', () => {
		expect(problemsOf(coreToday, { prompt: `Like ${FILE}` })).toEqual([REFUSED]);
		expect(problemsOf(coreToday, { additionalInput: { start_image: STICKER } })).toEqual([REFUSED]);
	});

	test('in a field whose values are not checked, as of a model that no document describes', () => {
		const other = { model: 'other', modelId: 'owner/another' };
		for (const mode of [FILE, { of: [STICKER] }]) {
			expect(problemsOf(coreToday, { ...other, additionalInput: { mode } })).toEqual([REFUSED]);
		}
	});

	test('a text that only looks like it passes', () => {
		const additionalInput = { image_tail: 'https://example.com/bot123:short/cat.png', note: 'a bot1:2 and 100%' };
		expect(inputFrom(coreToday, { additionalInput })).toMatchObject(additionalInput);
	});
});

describe('what no strict reader of JSON takes is taken out of a text', () => {
	test.each([
		['half of an emoji at the end', 'a dragon \ud83d', 'a dragon '],
		['half of an emoji at the beginning', '\udc09 a dragon', ' a dragon'],
		['a NUL', 'a\u0000b', 'ab'],
		['other control characters', 'a\u0007\u001b\u007f\u0085b', 'ab'],
		['whole emoji, tabs and line breaks stay', '🐉👩‍👩‍👧\ta\r\nb', '🐉👩‍👩‍👧\ta\r\nb'],
	])('%s', (_name, text, sent) => {
		const additionalInput = { style: { name: text } };
		expect(inputFrom(runpod, { prompt: text, negativePrompt: text, additionalInput })).toMatchObject({
			prompt: sent,
			negative_prompt: sent,
			style: { name: sent },
		});
	});

	test('a text of nothing else is empty', () => {
		expect(problemsOf(coreToday, { prompt: '\u0000\ud83d' })).toEqual(['Prompt is empty. Fill it in.']);
	});
});

test('any key of Additional Input is just a key', () => {
	const input = inputFrom(coreToday, { additionalInput: '{"__proto__": {"mode": "pro"}, "constructor": 7}' });
	expect(Object.keys(input).sort()).toEqual(['__proto__', 'constructor', 'duration', 'mode', 'prompt', 'start_image']);
	expect(input.mode).toBe('standard');
});

test('Additional Input is laid over the form, and the whole is checked: what it unsets is left to the provider', () => {
	expect(inputFrom(runpod, { ...O1, additionalInput: { duration: '7', seed: null, aspect_ratio: '' } })).toStrictEqual({
		prompt: 'a woman points at the words',
		images: ['https://example.com/robot.png'],
		duration: 7,
	});
	expect(problemsOf(runpod, { ...CLIP, additionalInput: { character_orientation: null, video: null } })).toEqual([
		'Motion Video URL is empty. Give the link of a video.',
		'Character Orientation is empty. Fill it in.',
	]);
});
