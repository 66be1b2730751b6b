import { models } from '../../nodes/core/models';
import type { Model } from '../../nodes/core/models/model';
import { providerOf } from '../../nodes/core/providers';
import { fixturesIn, outcomeOf } from '../core/fixtures';
import { startEmulator, type Emulator } from '../emulator/index';
import { join, mkdtempSync, readFileSync, readdirSync, rmSync, tmpdir } from '../support/node.cts';
import { priceText, requestOf } from './models';
import { record } from './record';

const SAMPLES = models.map((model): [string, Model] => [model.id, model]);

let emulator: Emulator;
let folder: string;
let said: string[];

beforeAll(async () => {
	emulator = await startEmulator({ jobTimes: { queueMs: 50, runMs: 100 } });
});
afterAll(async () => await emulator.stop());
beforeEach(() => {
	emulator.reset();
	folder = mkdtempSync(join(tmpdir(), 'kling-record-'));
	said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

async function recordOf(model: Model, agrees = true): Promise<number> {
	const material = { image: emulator.imageUrl, video: emulator.clipUrl, prompt: undefined };
	const request = requestOf(model, material, true);
	if (typeof request === 'string') throw new Error(request);
	return await record({
		model,
		request,
		apiKey: emulator.keys[model.provider],
		baseUrl: emulator[`${model.provider}Url`],
		folder,
		pauseMs: 40,
		say: (line) => said.push(line),
		agrees: async () => await Promise.resolve(agrees),
	});
}

const written = (): string =>
	readdirSync(folder)
		.map((name) => readFileSync(join(folder, name), 'utf8'))
		.join('\n');

describe.each(SAMPLES)('npm run record with %s', (_id, model) => {
	test('makes one job and writes its replies, which read as they are said to', async () => {
		await expect(recordOf(model)).resolves.toBe(0);
		expect(emulator.jobs()).toHaveLength(1);
		const provider = providerOf(model.provider);
		const fixtures = fixturesIn(folder).map(([, fixture]) => fixture);
		expect(fixtures.map(({ call }) => call)).toEqual(expect.arrayContaining(['submit', 'status']));
		expect(fixtures.map((fixture) => outcomeOf(provider, fixture))).toEqual(fixtures.map((fixture) => fixture.expect));
		expect(fixtures.at(-1)).toMatchObject({
			label: 'RECORDED',
			model: model.id,
			expect: { kind: 'job', json: { status: 'completed', videoUrl: expect.stringContaining('example.com') } },
		});
	});

	test('writes no key, no job ID and no link of the account', async () => {
		await recordOf(model);
		const [job] = emulator.jobs();
		expect(written()).not.toContain(emulator.keys[model.provider]);
		expect(written()).not.toContain(job?.id);
		expect(written()).not.toContain(emulator.url);
	});

	test('says what it costs, and sends nothing if that is not wanted', async () => {
		await expect(recordOf(model, false)).resolves.toBe(1);
		expect(emulator.requests()).toEqual([]);
		expect(said.join('\n')).toMatch(/will cost .*\d+ (credits|USD)/);
		expect(readdirSync(folder)).toEqual([]);
	});
});

test('a refusal is recorded, too, and is not repeated', async () => {
	emulator.misbehave({
		when: { call: 'submit' },
		do: { reply: { status: 402, body: { detail: 'Not enough credits' } } },
	});
	const [[, model] = []] = SAMPLES;
	if (model === undefined) throw new Error('there is no model');
	await expect(recordOf(model)).resolves.toBe(1);
	expect(emulator.requests()).toHaveLength(1);
	expect(fixturesIn(folder)).toMatchObject([[expect.anything(), { call: 'submit', expect: { kind: 'refused' } }]]);
});

test('a price is said as it is known: the least, exactly, or from least to most', () => {
	const material = { image: 'https://example.com/a.png', video: 'https://example.com/a.mp4', prompt: undefined };
	const prices = models.map((model) => {
		const request = requestOf(model, material);
		return typeof request === 'string' ? request : priceText(request);
	});
	expect(prices).toEqual(['at least 375 credits', '525 credits', '0.45 USD', '0.56 USD', '0.21 to 0.63 USD']);
});

test('what a model needs and was not given is named', () => {
	const without = { image: undefined, video: undefined, prompt: undefined };
	const problems = models.map((model) => requestOf(model, without)).filter((request) => typeof request === 'string');
	expect(problems).toHaveLength(models.length - 1);
});
