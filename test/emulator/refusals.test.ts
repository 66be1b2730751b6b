import type { JsonObject } from '../../nodes/core/json';
import { CORE_TODAY_MODEL, ENDPOINT, startBench, type Bench } from './client';
import type { Keys } from './index';

let bench: Bench;
beforeAll(async () => (bench = await startBench({ otherEndpoints: ['another-one'], otherModels: ['owner/another'] })));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

/** Nothing that is refused may have created a job. */
function expectNothingCreated(): void {
	expect(bench.emulator.jobs()).toEqual([]);
}

const TINY_PNG =
	'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('the keys', () => {
	test.each<[string, (keys: Keys) => [string, string]]>([
		['no key', () => ['accept', '*/*']],
		['a wrong key', () => ['x-api-key', 'cdt_wrong']],
		['a wrong bearer', () => ['authorization', 'Bearer cdt_wrong']],
		["Runpod's key", ({ runpod }) => ['x-api-key', runpod]],
	])('Core.Today refuses %s', async (_name, header) => {
		const headers = Object.fromEntries([header(bench.emulator.keys)]);
		const answer = await bench.ask(`${bench.emulator.coreTodayUrl}/templates`, { headers });
		expect(answer.status).toBe(401);
	});

	test('Core.Today takes its key in either header', async () => {
		const { coreTodayUrl, keys } = bench.emulator;
		const ways: Array<Record<string, string>> = [
			{ 'x-api-key': keys.coreToday },
			{ authorization: `Bearer ${keys.coreToday}` },
		];
		for (const headers of ways) {
			const answer = await bench.ask(`${coreTodayUrl}/templates`, { headers });
			expect(answer.json).toEqual({ success: true, templates: [], total: 0 });
		}
	});

	test.each<[string, (keys: Keys) => [string, string]]>([
		['no key', () => ['accept', '*/*']],
		['a wrong key', () => ['authorization', 'Bearer wrong']],
		['its key in another header', ({ runpod }) => ['x-api-key', runpod]],
		['its key without Bearer', ({ runpod }) => ['authorization', runpod]],
	])('Runpod refuses %s', async (_name, header) => {
		const headers = Object.fromEntries([header(bench.emulator.keys)]);
		const answer = await bench.ask(`${bench.emulator.runpodUrl}${ENDPOINT}/health`, { headers });
		expect(answer.status).toBe(401);
	});

	test('Runpod names a gone endpoint before it judges the key', async () => {
		const answer = await bench.ask(`${bench.emulator.runpodUrl}/gone/health`);
		expect([answer.status, answer.json]).toEqual([404, { error: 'endpoint not found' }]);
	});

	test('a submit with a wrong key creates nothing', async () => {
		const answer = await bench.coreToday('/predictions', { body: {}, headers: { 'x-api-key': 'cdt_wrong' } });
		expect(answer.status).toBe(401);
		expectNothingCreated();
	});
});

const badForBoth: Array<[string, JsonObject, string]> = [
	['duration 4', { duration: 4 }, 'field "duration" must be one of [5, 10], got number 4'],
	['duration "5"', { duration: '5' }, 'field "duration" must be one of [5, 10], got string "5"'],
	['duration null', { duration: null }, 'field "duration" must be one of [5, 10], got null'],
	['an empty prompt', { prompt: '' }, 'field "prompt" must NOT have fewer than 1 characters, got string ""'],
	[
		'a prompt of 2501 characters',
		{ prompt: 'x'.repeat(2501) },
		'field "prompt" must NOT have more than 2500 characters',
	],
	['a prompt that is a number', { prompt: 7 }, 'field "prompt" must be string, got number 7'],
	['an unknown field', { style: 'noir' }, 'field "style" is not known'],
	['a negative prompt that is null', { negative_prompt: null }, 'field "negative_prompt" must be string, got null'],
];

describe('input at Core.Today', () => {
	const bad: Array<[string, JsonObject, string]> = [
		...badForBoth,
		['an end image without mode pro', { end_image: 'https://example.com/end.png' }, 'mode "pro" only'],
		['an end image in standard', { end_image: 'https://example.com/e.png', mode: 'standard' }, 'mode "pro" only'],
		['an unknown mode', { mode: 'best' }, 'field "mode" must be one of [standard, pro], got string "best"'],
		['a start image that is a path', { start_image: '/tmp/a.png' }, 'field "start_image" must match pattern'],
		['a small picture as data', { start_image: TINY_PNG }, 'picture of 1x1 is smaller than 300 px'],
		['a data URI of 1 MB', { start_image: `data:image/png;base64,${'A'.repeat(1_000_000)}` }, 'not under 1 MB'],
		["Runpod's guidance scale", { guidance_scale: 0.5 }, 'field "guidance_scale" is not known'],
	];

	test.each(bad)('%s is refused', async (_name, input, message) => {
		const answer = await bench.createCoreToday(input);
		expect(answer.status).toBe(422);
		expect(answer.json?.detail).toContain(message);
		expectNothingCreated();
	});

	test.each(['prompt', 'start_image'])('a missing %s is refused', async (key) => {
		const input: JsonObject = { prompt: 'a walk', start_image: bench.emulator.imageUrl };
		delete input[key];
		const answer = await bench.coreToday('/predictions', { body: { model: CORE_TODAY_MODEL, input } });
		expect([answer.status, answer.json]).toEqual([422, { detail: `field "${key}" is required` }]);
		expectNothingCreated();
	});

	test('a picture that the emulator does not have is refused', async () => {
		const gone = `${bench.emulator.url}/images/gone.png`;
		const neverUploaded = `${bench.emulator.url}/uploaded/uploads/x.png`;
		for (const start_image of [gone, neverUploaded]) {
			const answer = await bench.createCoreToday({ start_image });
			expect([answer.status, answer.json]).toEqual([422, { detail: 'field "start_image": Invalid image URL' }]);
		}
		expectNothingCreated();
	});

	test('an unknown model is refused, another one that is known is not', async () => {
		const input = { anything: true };
		const unknown = await bench.coreToday('/predictions', { body: { model: 'kling', input } });
		expect([unknown.status, unknown.json]).toEqual([404, { detail: "Model 'kling' not found" }]);
		expectNothingCreated();
		const other = await bench.coreToday('/predictions', { body: { model: 'owner/another', input } });
		expect(other.status).toBe(200);
	});

	test.each([
		['an unknown key', { callback: 'https://example.com' }],
		['a webhook that is no address', { webhook: 'example.com' }],
		['an unknown event', { webhook: 'https://example.com', webhook_events: ['cancelled'] }],
		['is_public as text', { is_public: 'true' }],
	])('a body with %s is refused', async (_name, extras: JsonObject) => {
		expect((await bench.createCoreToday({}, extras)).status).toBe(422);
		expectNothingCreated();
	});

	test('a body that is not JSON is refused', async () => {
		const { coreTodayUrl, keys } = bench.emulator;
		const headers = { 'x-api-key': keys.coreToday, 'content-type': 'text/plain' };
		expect((await bench.ask(`${coreTodayUrl}/predictions`, { body: {}, headers })).status).toBe(415);
		expectNothingCreated();
	});

	test('everything the document lists is taken together', async () => {
		const { url } = bench.emulator;
		const input = { mode: 'pro', duration: 10, end_image: `${url}/images/end.png`, negative_prompt: '' };
		expect((await bench.createCoreToday(input)).status).toBe(200);
		expect(bench.emulator.jobs()[0]?.input).toEqual({
			prompt: 'a walk',
			start_image: `${url}/images/image.png`,
			...input,
		});
	});
});

describe('input at Runpod', () => {
	const bad: Array<[string, JsonObject, string]> = [
		...badForBoth,
		['a guidance scale above 1', { guidance_scale: 1.1 }, 'field "guidance_scale" must be <= 1, got number 1.1'],
		['a guidance scale below 0', { guidance_scale: -0.1 }, 'field "guidance_scale" must be >= 0, got number -0.1'],
		['a safety checker as text', { enable_safety_checker: 'false' }, 'must be boolean, got string "false"'],
		['an image that is a path', { image: 'a.png' }, 'field "image" must match pattern'],
		['a small picture as data', { image: TINY_PNG }, 'picture of 1x1 is smaller than 300 px'],
		["Core.Today's mode", { mode: 'pro' }, 'field "mode" is not known'],
		["Core.Today's end image", { end_image: 'https://example.com/e.png' }, 'field "end_image" is not known'],
	];

	test.each(bad)('%s is refused as a job that failed', async (_name, input, message) => {
		const answer = await bench.createRunpod(input);
		expect([answer.status, answer.json?.status]).toEqual([400, 'FAILED']);
		expect(answer.json?.id).toEqual(expect.any(String));
		expect(answer.json?.error).toContain(message);
		expectNothingCreated();
	});

	test.each(['prompt', 'image'])('a missing %s is refused', async (key) => {
		const input: JsonObject = { prompt: 'a walk', image: bench.emulator.imageUrl };
		delete input[key];
		const answer = await bench.runpod(`${ENDPOINT}/run`, { body: { input } });
		expect([answer.status, answer.json?.error]).toEqual([400, `field "${key}" is required`]);
		expectNothingCreated();
	});

	test('input outside of "input" is refused', async () => {
		const answer = await bench.createRunpod({}, { prompt: 'a walk' });
		expect([answer.status, answer.json?.error]).toEqual([400, 'field "prompt" is not known']);
		expectNothingCreated();
	});

	test.each([[{ executionTimeout: 4999 }], [{ ttl: 9999 }], [{ ttl: 604_800_001 }], [{ lowPriority: true }]])(
		'the policy %j is refused',
		async (policy: JsonObject) => {
			expect((await bench.createRunpod({}, { policy })).status).toBe(400);
			expectNothingCreated();
		},
	);

	test.each(['999', '300001', 'soon', '-1'])('/runsync does not wait %s ms', async (wait) => {
		const body = { input: { prompt: 'a walk', image: bench.emulator.imageUrl } };
		expect((await bench.runpod(`${ENDPOINT}/runsync?wait=${wait}`, { body })).status).toBe(400);
		expectNothingCreated();
	});

	test('/run takes 10 MB, /runsync 20 MB', async () => {
		const ofBytes = (bytes: number): JsonObject => ({ input: { prompt: 'x'.repeat(bytes) } });
		expect((await bench.runpod(`${ENDPOINT}/run`, { body: ofBytes(10_000_000) })).status).toBe(413);
		expect((await bench.runpod(`${ENDPOINT}/runsync`, { body: ofBytes(10_000_000) })).status).toBe(400);
		expect((await bench.runpod(`${ENDPOINT}/runsync`, { body: ofBytes(20_000_000) })).status).toBe(413);
		expectNothingCreated();
	});

	test('everything the document lists is taken together, and another endpoint takes anything', async () => {
		const input = { negative_prompt: '', guidance_scale: 0.5, duration: 10, enable_safety_checker: false };
		expect((await bench.createRunpod(input)).status).toBe(200);
		expect((await bench.runpod('/another-one/run', { body: { input: { size: 3 } } })).status).toBe(200);
		expect(bench.emulator.jobs().map(({ model }) => model)).toEqual(['kling-v2-1-i2v-pro', 'another-one']);
	});
});

test('what does not exist is 404, and is recorded without a name', async () => {
	expect((await bench.coreToday('/jobs')).status).toBe(404);
	expect((await bench.runpod(`${ENDPOINT}/purge-queue`, { body: {} })).status).toBe(404);
	expect(bench.emulator.requests().map(({ call, path }) => [call, path])).toEqual([
		[undefined, '/core-today/v1/jobs'],
		[undefined, `/runpod/v2${ENDPOINT}/purge-queue`],
	]);
});
