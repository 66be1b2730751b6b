import type { ProviderName } from '../../nodes/core/job';
import { asText, without, type JsonObject, type JsonValue } from '../../nodes/core/json';
import { join, readdirSync, readFileSync, repositoryFolder } from '../support/node.cts';
import { eventually, startBench, type Answer, type Bench } from './client';
import { MODELS } from './models';
import type { Price } from './types';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const TURBO = 'kwaivgi/kling-v2.5-turbo-pro';
const O1 = 'kling-video-o1-r2v';
const MOTION = 'kling-v2-6-std-motion-control';
const PICTURE = 'https://example.com/a.png';
const CLIP = 'https://example.com/a.mp4';
/** What each model cannot do without, and nothing else. */
const LEAST: Readonly<Record<string, JsonObject>> = {
	'kwaivgi/kling-v2.1': { prompt: 'a walk', start_image: PICTURE },
	[TURBO]: { prompt: 'a walk' },
	'kling-v2-1-i2v-pro': { prompt: 'a walk', image: PICTURE },
	[O1]: { prompt: 'a walk', images: [PICTURE] },
	[MOTION]: { image: PICTURE, video: CLIP, character_orientation: 'video' },
};
const names = Object.keys(LEAST);

function providerOf(model: string): ProviderName {
	return model in MODELS.coreToday ? 'coreToday' : 'runpod';
}

async function submit(model: string, input: JsonObject): Promise<Answer> {
	return providerOf(model) === 'coreToday'
		? await bench.coreToday('/predictions', { body: { model, input } })
		: await bench.runpod(`/${model}/run`, { body: { input } });
}

async function expectRefused(model: string, input: JsonObject, message: string): Promise<void> {
	const { status, json } = await submit(model, input);
	expect(status).toBe(providerOf(model) === 'coreToday' ? 422 : 400);
	expect(json?.detail ?? json?.error).toContain(message);
	expect(bench.emulator.jobs()).toEqual([]);
}

interface ExampleRequest {
	readonly source: string;
	readonly path: string;
	readonly body: JsonObject;
}

const examples = (['coreToday', 'runpod'] as const).flatMap((provider) => {
	const folder = join(repositoryFolder, 'test/fixtures', provider, 'requests');
	return readdirSync(folder).map((name): [string, ProviderName, ExampleRequest] => {
		// Written by hand, in this form.
		const example = JSON.parse(readFileSync(join(folder, name), 'utf8')) as ExampleRequest;
		return [example.source, provider, example];
	});
});

test('each document has an example request, and every one is taken to the letter', async () => {
	expect(examples).toHaveLength(names.length);
	for (const [source, provider, { path, body }] of examples) {
		const answered = bench[provider](path, { body });
		await eventually(() => bench.emulator.jobs().length === 1);
		expect([source, bench.emulator.jobs()[0]?.input]).toEqual([source, body.input]);
		await bench.clock.advance(70_000);
		expect((await answered).status).toBe(200);
		bench.emulator.reset();
	}
});

describe.each(names)('%s', (model) => {
	const least = LEAST[model] ?? {};

	test('takes what is required alone', async () => {
		expect((await submit(model, least)).status).toBe(200);
		expect(bench.emulator.jobs()).toEqual([expect.objectContaining({ model, input: least })]);
	});

	test('refuses a request without any one of what is required', async () => {
		for (const key of Object.keys(least)) await expectRefused(model, without(least, key), `field "${key}" is required`);
	});

	test('refuses a field that no document names, and those of other models', async () => {
		const all = Object.values(MODELS).flatMap((models) => Object.values(models).map(({ input }) => input.properties));
		const others = new Set(['style', ...all.flatMap((properties) => Object.keys(properties ?? {}))]);
		const own = Object.keys(MODELS[providerOf(model)][model]?.input.properties ?? {});
		for (const key of others) {
			if (!own.includes(key)) await expectRefused(model, { ...least, [key]: 'x' }, `field "${key}" is not known`);
		}
	});

	test('refuses null in every field', async () => {
		for (const key of Object.keys(MODELS[providerOf(model)][model]?.input.properties ?? {})) {
			await expectRefused(model, { ...least, [key]: null }, `field "${key}`);
		}
	});
});

describe('a value that no document allows is refused:', () => {
	const long = 'x'.repeat(2501);
	const eleven = Array.from({ length: 11 }, () => PICTURE);
	const bad: Array<[model: string, field: string, ...values: JsonValue[]]> = [
		[TURBO, 'prompt', '', 7, long],
		[TURBO, 'start_image', '', 'a.png', 7, [PICTURE]],
		[TURBO, 'image', '', 'a.png', 7],
		[TURBO, 'aspect_ratio', '4:3', '', '16:9 '],
		[TURBO, 'duration', 4, 7, 5.5, '5', '10'],
		[TURBO, 'negative_prompt', long, 7],
		[O1, 'prompt', '', 7, long],
		[O1, 'images', [], eleven, PICTURE, [7], ['a.png'], [PICTURE, ''], [[PICTURE]]],
		[O1, 'video', '', 'a.mp4', 'data:video/mp4;base64,AAAA', [CLIP], 7],
		[O1, 'negative_prompt', long, 7],
		[O1, 'aspect_ratio', '4:3', '', 'auto'],
		[O1, 'duration', 2, 11, 4.5, '5'],
		[O1, 'seed', 0.5, '1', '-1', true],
		[O1, 'enable_prompt_expansion', 'true', 1],
		[O1, 'enable_safety_checker', 'false', 0],
		[MOTION, 'image', '', 'a.png', [PICTURE]],
		[MOTION, 'video', '', 'a.mp4', 'data:video/mp4;base64,AAAA', [CLIP]],
		[MOTION, 'character_orientation', '', 'both', 'Video', true],
		[MOTION, 'prompt', 7, long],
		[MOTION, 'negative_prompt', 7, long],
		[MOTION, 'keep_original_sound', 'yes', 1],
	];

	test.each(bad)('%s, %s', async (model, field, ...values) => {
		for (const value of values) await expectRefused(model, { ...LEAST[model], [field]: value }, `field "${field}`);
	});
});

describe('a value that a document allows is taken:', () => {
	const ten = Array.from({ length: 10 }, () => PICTURE);
	const good: Array<[model: string, field: string, ...values: JsonValue[]]> = [
		[TURBO, 'start_image', PICTURE],
		[TURBO, 'image', PICTURE],
		[TURBO, 'aspect_ratio', '16:9', '9:16', '1:1'],
		[TURBO, 'duration', 5, 10],
		[TURBO, 'negative_prompt', '', 'x'.repeat(2500)],
		[O1, 'images', ten],
		[O1, 'video', CLIP],
		[O1, 'aspect_ratio', '16:9', '9:16', '1:1'],
		[O1, 'duration', 3, 4, 5, 6, 7, 8, 9, 10],
		[O1, 'seed', -1, 0, 2_147_483_647],
		[O1, 'enable_prompt_expansion', true, false],
		[O1, 'enable_safety_checker', true, false],
		[MOTION, 'character_orientation', 'video', 'image'],
		[MOTION, 'prompt', '', 'a dance'],
		[MOTION, 'keep_original_sound', true, false],
	];

	test.each(good)('%s, %s', async (model, field, ...values) => {
		for (const value of values) {
			const { status } = await submit(model, { ...LEAST[model], [field]: value });
			expect([value, status]).toEqual([value, 200]);
		}
	});
});

describe('a picture or a clip that the emulator or this machine has', () => {
	test('has to exist, each one of a list', async () => {
		const { url, imageUrl, clipUrl } = bench.emulator;
		const gone = `${url}/images/gone.png`;
		await expectRefused(TURBO, { prompt: 'a', start_image: gone }, 'field "start_image": Invalid image URL');
		await expectRefused(TURBO, { prompt: 'a', image: gone }, 'field "image": Invalid image URL');
		await expectRefused(O1, { prompt: 'a', images: [imageUrl, gone] }, 'Invalid image URL');
		const motion = { image: imageUrl, character_orientation: 'image' };
		await expectRefused(MOTION, { ...motion, video: `${url}/clips/gone.mp4` }, 'Invalid video URL');
		await expectRefused(MOTION, { ...motion, video: imageUrl }, 'Invalid video URL');
		expect((await submit(MOTION, { ...motion, video: clipUrl })).status).toBe(200);
		expect((await submit(O1, { prompt: 'a', images: [imageUrl], video: clipUrl })).status).toBe(200);
	});

	test('may be the video that another job made, once it is there', async () => {
		await submit(TURBO, { prompt: 'a walk' });
		const motion = { image: PICTURE, video: bench.emulator.jobs()[0]?.videoUrl ?? '', character_orientation: 'video' };
		expect((await submit(MOTION, motion)).json?.error).toBe('Invalid video URL');
		await bench.clock.advance(70_000);
		expect((await submit(MOTION, motion)).status).toBe(200);
	});

	test('on another server has to be an MP4 where a clip is asked for', async () => {
		const other = await startBench();
		const motion = { image: PICTURE, character_orientation: 'video' };
		expect((await submit(MOTION, { ...motion, video: other.emulator.clipUrl })).status).toBe(200);
		const picture = await submit(MOTION, { ...motion, video: other.emulator.imageUrl });
		expect(picture.json?.error).toBe('Invalid video URL (no MP4)');
		await other.stop();
		const silent = await submit(MOTION, { ...motion, video: other.emulator.clipUrl });
		expect(silent.json?.error).toBe('Invalid video URL (cannot be reached)');
	});
});

describe('the price', () => {
	async function priceOf(model: string, input: JsonObject = {}): Promise<Price | undefined> {
		await submit(model, { ...LEAST[model], ...input });
		return bench.emulator.jobs().at(-1)?.price;
	}

	test.each<[string, JsonObject, number]>([
		['kwaivgi/kling-v2.1', {}, 375],
		['kwaivgi/kling-v2.1', { mode: 'pro', duration: 10 }, 375],
		[TURBO, {}, 525],
		[TURBO, { duration: 10 }, 525],
	])('of %s with %j is %i credits, which no reply of Core.Today says', async (model, input, amount) => {
		expect(await priceOf(model, input)).toEqual({ amount, unit: 'credits' });
		await bench.clock.advance(70_000);
		const { json } = await bench.coreToday(`/predictions/${bench.emulator.jobs()[0]?.id}`);
		expect(JSON.stringify(json)).not.toMatch(/cost|credit|price/);
	});

	test.each<[string, JsonObject, number]>([
		['kling-v2-1-i2v-pro', {}, 0.45],
		['kling-v2-1-i2v-pro', { duration: 10 }, 0.9],
		[O1, {}, 0.56],
		[O1, { duration: 3 }, 0.336],
		[O1, { duration: 10 }, 1.12],
		[MOTION, {}, 0.42],
	])("of %s with %j is %d USD, and stands in the reply's cost", async (model, input, amount) => {
		expect(await priceOf(model, input)).toEqual({ amount, unit: 'USD' });
		await bench.clock.advance(70_000);
		const { json } = await bench.runpod(`/${model}/status/${bench.emulator.jobs()[0]?.id}`);
		expect(json?.output).toMatchObject({ cost: amount });
	});

	test.each([
		[1, 0.21],
		[3, 0.21],
		[3.1, 0.42],
		[6, 0.42],
		[7, 0.63],
		[9, 0.63],
		[30, 0.63],
	])('of Motion Control goes by the clip: %d s are %d USD', async (seconds, amount) => {
		bench.emulator.clipLength(seconds);
		expect(await priceOf(MOTION)).toEqual({ amount, unit: 'USD' });
		bench.emulator.reset();
		bench.emulator.script({ job: { clipSeconds: seconds } });
		expect(await priceOf(MOTION)).toEqual({ amount, unit: 'USD' });
	});
});

describe('each endpoint of Runpod', () => {
	const endpoints = Object.keys(MODELS.runpod);

	test('has a health of its own, and knows its own jobs only', async () => {
		await submit(O1, LEAST[O1] ?? {});
		const id = asText(bench.emulator.jobs()[0]?.id) ?? '';
		for (const endpoint of endpoints) {
			const { json } = await bench.runpod(`/${endpoint}/health`);
			expect(json?.jobs).toMatchObject({ inQueue: endpoint === O1 ? 1 : 0 });
			expect((await bench.runpod(`/${endpoint}/status/${id}`)).status).toBe(endpoint === O1 ? 200 : 404);
		}
		expect((await bench.runpod(`/${MOTION}/cancel/${id}`, { method: 'POST' })).status).toBe(404);
	});

	test.each(endpoints)('%s can be retired, and then nothing of it is found, its jobs neither', async (endpoint) => {
		await submit(endpoint, LEAST[endpoint] ?? {});
		const id = asText(bench.emulator.jobs()[0]?.id) ?? '';
		bench.emulator.retire(endpoint);
		const answers = [
			await bench.runpod(`/${endpoint}/health`),
			await bench.runpod(`/${endpoint}/health`, { headers: { authorization: 'Bearer wrong' } }),
			await bench.runpod(`/${endpoint}/run`, { body: { input: LEAST[endpoint] ?? {} } }),
			await bench.runpod(`/${endpoint}/runsync`, { body: { input: LEAST[endpoint] ?? {} } }),
			await bench.runpod(`/${endpoint}/status/${id}`),
			await bench.runpod(`/${endpoint}/cancel/${id}`, { method: 'POST' }),
		];
		for (const { status, json } of answers) expect([status, json]).toEqual([404, { error: 'endpoint not found' }]);
		expect(bench.emulator.jobs()).toHaveLength(1);
		for (const other of endpoints) {
			if (other !== endpoint) expect((await bench.runpod(`/${other}/health`)).status).toBe(200);
		}
		bench.emulator.reset();
		expect((await bench.runpod(`/${endpoint}/health`)).status).toBe(200);
	});

	test('is not found under a name that every object has', async () => {
		expect((await bench.runpod('/constructor/health')).json).toEqual({ error: 'endpoint not found' });
		expect((await submit('constructor', {})).status).toBe(404);
	});
});
