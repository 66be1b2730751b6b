import type { JsonObject } from '../../../nodes/core/json';
import { putLink } from '../../../nodes/core/models/form';
import { coreToday } from '../../../nodes/core/providers/coreToday';
import { runpod } from '../../../nodes/core/providers/runpod';
import { inputFrom, PICTURE_URL, problemsOf, requestFrom } from '../providers/forms';

const O1 = { model: 'kling-video-o1-r2v' };
const LINKS = ['https://example.com/1.png', 'https://example.com/2.png', 'https://example.com/3.png'];

describe('reference pictures', () => {
	test.each([
		['one link a line, with blank lines and blanks', `\n ${LINKS.join(' \r\n\n ')}\n`],
		['links with commas and blanks', ` ${LINKS.join(', ')}, `],
		['links with commas alone', LINKS.join(',')],
		['links with blanks alone', LINKS.join(' ')],
		['a line each with a comma at its end', LINKS.join(',\n')],
		['a list that an expression gives, with what a row lacks', [LINKS[0], '', LINKS[1], null, LINKS[2]]],
		['the attachments of a table', LINKS.map((url) => ({ id: 'att1', url, width: 640 }))],
		['JSON text of links, as agents write it', JSON.stringify(LINKS)],
		['JSON text of attachments', ` ${JSON.stringify(LINKS.map((url) => ({ url })))}`],
	])('come in their order from %s', (_name, referenceImageUrls) => {
		expect(inputFrom(runpod, { ...O1, referenceImageUrls }).images).toEqual(LINKS);
	});

	test('are one link where its commas and a link inside it belong to it', () => {
		const link = 'https://example.com/w_300,h_200/a,b.png?of=https://example.com/c.png';
		expect(inputFrom(runpod, { ...O1, referenceImageUrls: link }).images).toEqual([link]);
		expect(inputFrom(runpod, { ...O1, referenceImageUrls: { url: link } }).images).toEqual([link]);
		expect(inputFrom(runpod, { ...O1, referenceImageUrls: [`${link},`] }).images).toEqual([`${link},`]);
	});

	test('are told apart in a moment, however long the text', () => {
		const values = { ...O1, referenceImageUrls: `${' ,'.repeat(200_000)}${PICTURE_URL}${' '.repeat(200_000)}x` };
		expect(problemsOf(runpod, values)).toHaveLength(1);
	});

	test('come from binary fields, by names with commas or by a list, each checked and delivered like a start image', () => {
		for (const referenceImageFields of [' robot, bear ,', ['robot', ' bear ']]) {
			const { pictures, input } = requestFrom(runpod, { ...O1, referenceImagesSource: 'binary', referenceImageFields });
			expect(pictures).toEqual([
				{ inputKey: 'images', field: 'robot', label: 'Reference Image 1', isInList: true },
				{ inputKey: 'images', field: 'bear', label: 'Reference Image 2', isInList: true },
			]);
			expect(input).not.toHaveProperty('images');
		}
	});

	test('are put into the input as a list of links in their order, and a single picture as its link', () => {
		const input: JsonObject = { prompt: 'a' };
		for (const link of LINKS) putLink(input, { inputKey: 'images', field: 'x', label: 'X', isInList: true }, link);
		putLink(input, { inputKey: 'image', field: 'x', label: 'X' }, PICTURE_URL);
		expect(input).toStrictEqual({ prompt: 'a', images: LINKS, image: PICTURE_URL });
	});

	test.each([
		[{}, 'Reference Images is empty. Give 1 to 10 links, one on each line or separated by commas.'],
		[
			{ referenceImagesSource: 'binary' },
			'Reference Images is empty. Give 1 to 10 names of input binary fields, separated by commas.',
		],
		[
			{ referenceImageUrls: Array<string>(11).fill(PICTURE_URL) },
			'Reference Images has 11 pictures; at most 10 are allowed. Remove some.',
		],
		[
			{ referenceImagesSource: 'binary', referenceImageFields: 'a,b,c,d,e,f,g,h,i,j,k' },
			'Reference Images has 11 pictures; at most 10 are allowed. Remove some.',
		],
		[
			{ referenceImageUrls: `${PICTURE_URL}\nbear.png` },
			'Reference Image 2 has to begin with https:// or http://. Give the whole address.',
		],
		[
			{ referenceImageUrls: [PICTURE_URL, { id: 'att1' }] },
			'Reference Image 2 is empty. Give an https:// or http:// address.',
		],
		[
			{ referenceImageUrls: '{{ $json.Pictures }}' },
			'Reference Image 1 still has {{ }} in it. Switch the field to Expression, so that n8n fills it in. If it is one already, correct the text in your data.',
		],
		[
			{ referenceImagesSource: 'binary', referenceImageFields: [7] },
			'Reference Image 1: Input Data Field Name has to be text, but is 7.',
		],
		[{ referenceImagesSource: 'none' }, 'Reference Images has to be url or binary, but is "none".'],
	])('%j are refused: %s', (values, problem) => {
		expect(problemsOf(runpod, { ...O1, ...values })).toEqual([problem]);
	});

	test('that Additional Input gives take the place of those of the form', () => {
		const values = { ...O1, referenceImagesSource: 'binary', referenceImageFields: 'robot' };
		const { pictures, input } = requestFrom(runpod, { ...values, additionalInput: { images: LINKS } });
		expect([pictures, input.images]).toEqual([[], LINKS]);
	});
});

test('O1 takes a video by Additional Input, checked as a link', () => {
	const values = { ...O1, referenceImageUrls: PICTURE_URL };
	const video = 'https://example.com/clip.mp4';
	expect(inputFrom(runpod, { ...values, additionalInput: { video } }).video).toBe(video);
	expect(problemsOf(runpod, { ...values, additionalInput: { video: 'http://10.0.0.1/clip.mp4' } })).toEqual([
		expect.stringContaining('Additional Input: video is on the host 10.0.0.1'),
	]);
});

describe('v2.5 Turbo Pro', () => {
	const V25 = { model: 'kwaivgi/kling-v2.5-turbo-pro', aspectRatio: '9:16' };

	test('makes a video from text alone, in the shape that was chosen', () => {
		const { input, pictures } = requestFrom(coreToday, { ...V25, startImageSource: 'none' });
		expect([input.aspect_ratio, pictures, 'start_image' in input]).toEqual(['9:16', [], false]);
	});

	test.each([
		['a link', {}],
		['a binary field', { startImageSource: 'binary', startImageField: 'photo' }],
		['its old name', { startImageSource: 'none', additionalInput: { image: PICTURE_URL } }],
	])('with a start image from %s is sent no aspect ratio, as the API ignores it then', (_name, values) => {
		expect(inputFrom(coreToday, { ...V25, ...values })).not.toHaveProperty('aspect_ratio');
	});
});

test('the names of binary fields are taken without the blanks around them', () => {
	const values = { startImageSource: 'Binary', startImageField: ' data ' };
	expect(requestFrom(coreToday, values).pictures).toMatchObject([{ field: 'data' }]);
});
