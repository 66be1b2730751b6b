import { parseForm } from '../../../nodes/core/models/form';
import { coreToday } from '../../../nodes/core/providers/coreToday';
import { runpod } from '../../../nodes/core/providers/runpod';
import { formOf, inputFrom, PICTURE_URL, problemsOf, requestFrom } from '../providers/forms';

const VIDEO_URL = 'https://example.com/dance.mp4';
const CLIP = { model: 'kling-v2-6-std-motion-control', motionVideoUrl: VIDEO_URL };
const OTHER = { model: 'other', modelId: 'kling-v9' };

describe('a request names its links as the form does, with what each has to hold', () => {
	test('a picture and a video', () => {
		expect(requestFrom(runpod, CLIP).links).toEqual([
			{ url: PICTURE_URL, label: 'Start Image URL', holds: 'picture' },
			{ url: VIDEO_URL, label: 'Motion Video URL', holds: 'video' },
		]);
	});

	test('several pictures, and a video that only Additional Input gives', () => {
		const o1 = { model: 'kling-video-o1-r2v', referenceImageUrls: [PICTURE_URL, PICTURE_URL] };
		expect(requestFrom(runpod, { ...o1, additionalInput: { video: VIDEO_URL } }).links).toEqual([
			{ url: PICTURE_URL, label: 'Reference Image 1', holds: 'picture' },
			{ url: PICTURE_URL, label: 'Reference Image 2', holds: 'picture' },
			{ url: VIDEO_URL, label: 'Additional Input: video', holds: 'video' },
		]);
	});

	test('a picture that only Additional Input gives', () => {
		const v25 = { model: 'kwaivgi/kling-v2.5-turbo-pro', startImageSource: 'none' };
		expect(requestFrom(coreToday, { ...v25, additionalInput: { image: PICTURE_URL } }).links).toEqual([
			{ url: PICTURE_URL, label: 'Additional Input: image', holds: 'picture' },
		]);
	});

	test('of a model that no document describes, what nobody knows', () => {
		expect(requestFrom(runpod, OTHER).links).toEqual([
			{ url: PICTURE_URL, label: 'Start Image URL', holds: 'unknown' },
		]);
	});
});

test.each([
	['a link', { endImageSource: 'url', endImageUrl: PICTURE_URL }, true],
	['a binary field', { endImageSource: 'binary' }, true],
	['Additional Input', { additionalInput: { end_image: PICTURE_URL } }, true],
	['none', {}, false],
	['a blank source', { endImageSource: '', endImageUrl: PICTURE_URL }, false],
])('whether the video ends with a picture is known: %s', (_name, values, hasEndImage) => {
	expect(requestFrom(coreToday, { mode: 'pro', ...values }).hasEndImage).toBe(hasEndImage);
});

test.each([undefined, '', ' '])('a start image whose source is %j is read by its link', (startImageSource) => {
	expect(inputFrom(runpod, { startImageSource })).toMatchObject({ image: PICTURE_URL });
});

test('the picture that has to be there cannot be switched off, and another one can be anything of the list', () => {
	expect(problemsOf(runpod, { startImageSource: 'none' })).toEqual([
		'Start Image has to be url or binary, but is "none".',
	]);
	expect(problemsOf(coreToday, { endImageSource: 'file' })).toEqual([
		'End Image has to be none or url or binary, but is "file".',
	]);
});

test('as many pictures as are allowed are taken', () => {
	const values = { model: 'kling-video-o1-r2v', referenceImageUrls: Array<string>(10).fill(PICTURE_URL) };
	expect(inputFrom(runpod, values).images).toHaveLength(10);
});

test('a picture whose field has no name is no picture to check', () => {
	const form = formOf({ startImageSource: 'binary', startImageField: '' });
	expect(parseForm('runpod', form, { providerIsLocal: false, waits: true })).toMatchObject({ pictures: [] });
});

test('a video that Additional Input names takes the place of the one of the form', () => {
	const video = 'https://example.com/other.mp4';
	expect(inputFrom(runpod, { ...CLIP, additionalInput: { video } }).video).toBe(video);
});

test('a clip that nobody can open is to be put elsewhere, as it cannot come as Binary', () => {
	const motionVideoUrl = 'https://drive.google.com/file/d/1AbC/view';
	expect(problemsOf(runpod, { ...CLIP, motionVideoUrl })).toEqual([
		"Motion Video URL is Google Drive's link to a page that shows the file, not to the file itself. Put the clip where a public link leads to the file itself.",
	]);
});

test('the sample of a dry run is no clip for a paid video, and is one for the dry run of the next node', () => {
	const values = { ...CLIP, motionVideoUrl: 'https://dry-run.invalid/dry-run-1.mp4' };
	expect(problemsOf(runpod, values)).toEqual([
		expect.stringContaining("Motion Video URL is the link of a dry run's sample video"),
	]);
	expect(problemsOf(runpod, values, { providerIsLocal: false, waits: true, isDryRun: true })).toEqual([]);
});

test('only Runpod is asked for how to submit, though a form for both names it', () => {
	expect(requestFrom(coreToday, { submitWith: 'runsync' }).submitWith).toBe('run');
	expect(problemsOf(coreToday, { submitWith: 'async' })).toEqual([]);
	expect(problemsOf(runpod, { submitWith: 'async' }, { providerIsLocal: false, waits: false })).toEqual([]);
	expect(requestFrom(runpod).submitWith).toBe('run');
});

describe('of a model that no document describes', () => {
	test('Additional Input is sent though it is what the form starts with', () => {
		expect(inputFrom(runpod, { ...OTHER, additionalInput: { duration: 5 } })).toMatchObject({ duration: 5 });
	});

	test('words that are in no list are sent as they are', () => {
		expect(inputFrom(coreToday, { ...OTHER, mode: 'ultra\u0000', duration: 'long' })).toMatchObject({
			mode: 'ultra',
			duration: 'long',
		});
		expect(inputFrom(coreToday, { ...OTHER, mode: '10 s' })).toMatchObject({ mode: '10 s' });
	});

	test.each([NaN, -Infinity, [undefined]])('%p, which JSON does not have, is refused', (mode) => {
		expect(problemsOf(coreToday, { ...OTHER, mode })).toEqual([
			'Mode has no value that can be sent. Check what its expression gives.',
		]);
	});

	test('the prompt has its usual limit', () => {
		expect(problemsOf(runpod, { ...OTHER, prompt: 'x'.repeat(2501) })).toHaveLength(1);
	});
});
