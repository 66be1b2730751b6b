import { FormData } from 'undici';
import { asText, type JsonObject } from '../../nodes/core/json';
import { join, readFileSync, repositoryFolder } from '../support/node.cts';
import { CORE_TODAY_MODEL, startBench, type Answer, type Bench } from './client';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const PNG = readFileSync(join(repositoryFolder, 'test/fixtures/media/image.png'));
const picture = (): Blob => new Blob([PNG], { type: 'image/png' });

function formOf(fields: JsonObject, files: Record<string, Blob>): FormData {
	const form = new FormData();
	for (const [key, value] of Object.entries(fields)) form.set(key, String(value));
	for (const [key, file] of Object.entries(files)) form.set(key, file, 'start.png');
	return form;
}

async function announce(): Promise<{ url: string; fields: JsonObject; fileUrl: string }> {
	const { json } = await bench.coreToday('/files/upload-url', { body: { filename: 'my start.png' } });
	// The API documents an object of strings.
	const fields = json?.upload_fields as JsonObject;
	return { url: asText(json?.upload_url) ?? '', fields, fileUrl: asText(json?.file_url) ?? '' };
}

describe('a file uploaded to Core.Today', () => {
	test('can be used once it was really uploaded, and reads back byte for byte', async () => {
		const { url, fields, fileUrl } = await announce();
		expect((await bench.createCoreToday({ start_image: fileUrl })).status).toBe(422);
		const uploaded = await bench.ask(url, { form: formOf(fields, { file: picture() }) });
		expect([uploaded.status, uploaded.text]).toEqual([204, '']);
		expect((await bench.createCoreToday({ start_image: fileUrl })).status).toBe(200);
		const read = await bench.ask(fileUrl);
		expect([read.headers['content-type'], read.headers['content-length']]).toEqual(['image/png', String(PNG.length)]);
		expect((await bench.ask(url, { form: formOf(fields, { file: picture() }) })).status).toBe(403);
	});

	test('has a link that ends after an hour, and that nobody can make last longer', async () => {
		const { url, fields, fileUrl } = await announce();
		await bench.ask(url, { form: formOf(fields, { file: picture() }) });
		const link = new URL(fileUrl);
		const leftMs = Number(link.searchParams.get('Expires')) * 1000 - bench.clock.now();
		expect(leftMs).toBeGreaterThan(3_590_000);
		expect(leftMs).toBeLessThanOrEqual(3_600_000);
		link.searchParams.set('Expires', '9999999999');
		for (const other of [link.href, `${link.origin}${link.pathname}`]) {
			expect((await bench.ask(other)).status).toBe(404);
			expect((await bench.createCoreToday({ start_image: other })).status).toBe(422);
		}
		await bench.clock.advance(3_600_000);
		expect((await bench.ask(fileUrl)).status).toBe(404);
		expect((await bench.createCoreToday({ start_image: fileUrl })).status).toBe(422);
	});

	test.each([['x-api-key'], ['authorization']])('is refused where %s is sent along', async (header) => {
		const { url, fields, fileUrl } = await announce();
		const headers = { [header]: bench.emulator.keys.coreToday };
		expect((await bench.ask(url, { form: formOf(fields, { file: picture() }), headers })).status).toBe(400);
		expect((await bench.ask(fileUrl)).status).toBe(404);
		expect(bench.emulator.requests().at(-2)).toMatchObject({ call: 'uploadForm', headers });
	});

	test.each<[string, (fields: JsonObject) => [JsonObject, Record<string, Blob>]]>([
		['a signed field is missing', ({ key }) => [{ key: key ?? '' }, { file: picture() }]],
		['a signed field was changed', (fields) => [{ ...fields, key: 'elsewhere' }, { file: picture() }]],
		['a field was added', (fields) => [{ ...fields, acl: 'public' }, { file: picture() }]],
		['there is no file', (fields) => [fields, {}]],
		['the file has another name', (fields) => [fields, { picture: picture() }]],
		['the file is no picture', (fields) => [fields, { file: new Blob(['<svg/>']) }]],
		['the file is larger than 10 MB', (fields) => [fields, { file: new Blob([PNG, new Uint8Array(10_000_000)]) }]],
	])('is refused where %s', async (_name, form) => {
		const { url, fields, fileUrl } = await announce();
		const { status } = await bench.ask(url, { form: formOf(...form(fields)) });
		expect([400, 403, 413]).toContain(status);
		expect((await bench.ask(fileUrl)).status).toBe(404);
	});

	test('needs a file name without a path, and nothing unknown', async () => {
		const bodies: JsonObject[] = [{}, { filename: '../a.png' }, { filename: 'a.png', size: 3 }];
		for (const body of bodies) {
			expect((await bench.coreToday('/files/upload-url', { body })).status).toBe(422);
		}
	});
});

describe('upload and create in one call', () => {
	const input = { prompt: 'a walk' };
	async function send(fields: JsonObject, files: Record<string, Blob>): Promise<Answer> {
		return await bench.coreToday('/predictions/upload', { method: 'POST', form: formOf(fields, files) });
	}

	test('creates a job whose input links the file', async () => {
		const fields = { model: CORE_TODAY_MODEL, input: JSON.stringify(input) };
		const { status, json } = await send(fields, { 'file:start_image': picture() });
		expect([status, json?.status]).toEqual([200, 'pending']);
		const [job] = bench.emulator.jobs();
		expect((await bench.ask(asText(job?.input.start_image) ?? '')).status).toBe(200);
		expect(bench.emulator.requests()[0]).toMatchObject({
			call: 'uploadAndCreate',
			jobId: job?.id,
			body: { ...fields, 'file:start_image': { filename: 'start.png', bytes: PNG.length } },
		});
	});

	test.each<[string, JsonObject, Record<string, Blob>]>([
		['no model', { input: JSON.stringify(input) }, { 'file:start_image': picture() }],
		['an unknown model', { model: 'kling', input: JSON.stringify(input) }, { 'file:start_image': picture() }],
		['input that is not JSON', { model: CORE_TODAY_MODEL, input: 'prompt' }, { 'file:start_image': picture() }],
		['no picture', { model: CORE_TODAY_MODEL, input: JSON.stringify(input) }, {}],
		[
			'a file under another name',
			{ model: CORE_TODAY_MODEL, input: JSON.stringify(input) },
			{ start_image: picture() },
		],
		[
			'a file for an unknown key',
			{ model: CORE_TODAY_MODEL, input: JSON.stringify(input) },
			{ 'file:image': picture() },
		],
		[
			'a bad duration',
			{ model: CORE_TODAY_MODEL, input: '{"prompt":"x","duration":"5"}' },
			{ 'file:start_image': picture() },
		],
	])('refuses %s', async (_name, fields, files) => {
		const { status } = await send(fields, files);
		expect([404, 422]).toContain(status);
		expect(bench.emulator.jobs()).toEqual([]);
	});
});

describe('a picture given by reference', () => {
	test('a data URI of a real picture is taken by both APIs', async () => {
		const reference = `data:image/png;base64,${PNG.toString('base64')}`;
		expect((await bench.createCoreToday({ start_image: reference })).status).toBe(200);
		expect((await bench.createRunpod({ image: reference })).status).toBe(200);
	});

	test('a link to another server of this machine is fetched: it has to be a picture', async () => {
		const other = await startBench();
		try {
			expect((await bench.createRunpod({ image: other.emulator.imageUrl })).status).toBe(200);
			const gone = await bench.createRunpod({ image: `${other.emulator.url}/images/gone.png` });
			expect(gone.json).toMatchObject({ status: 'FAILED', error: 'Invalid image URL (HTTP 404)' });
			const page = await bench.createRunpod({ image: `${other.emulator.url}/_control/jobs` });
			expect(page.json).toMatchObject({ status: 'FAILED', error: 'picture cannot be read' });
		} finally {
			await other.stop();
		}
		const silent = await bench.createRunpod({ image: other.emulator.imageUrl });
		expect(silent.json?.error).toBe('Invalid image URL (cannot be reached)');
	});

	test('a link elsewhere is taken as it is, and the sample picture is a real PNG', async () => {
		expect((await bench.createRunpod({ image: 'https://example.com/dragon.png' })).status).toBe(200);
		expect((await bench.ask(bench.emulator.imageUrl)).headers['content-type']).toBe('image/png');
	});
});
