import { asObject, asText, type JsonObject } from '../../nodes/core/json';
import { join, readFileSync, repositoryFolder } from '../support/node.cts';
import { meetStranger } from '../support/stranger';
import { ENDPOINT, eventually, startBench, type Answer, type Bench } from './client';
import {
	COMPLETED_WITH_ERROR,
	FINAL_FAILURES,
	ODD_VIDEOS,
	PASSING_FAILURES,
	REFUSALS_UNDER_200,
	WORDS_IN_ANOTHER_CASE,
} from './kinds';
import type { Emulator, JobScript } from './index';

let bench: Bench;
beforeAll(async () => (bench = await startBench()));
afterEach(() => bench.emulator.reset());
afterAll(async () => await bench.stop());

const END_MS = 70_000;

interface Api {
	create(input?: JsonObject, extras?: JsonObject): Promise<Answer>;
	look(): Promise<Answer>;
}

const coreToday: Api = {
	create: async (input, extras) => await bench.createCoreToday(input, extras),
	look: async () => await bench.coreToday(`/predictions/${bench.emulator.jobs()[0]?.id}`),
};
const runpod: Api = {
	create: async (input, extras) => await bench.createRunpod(input, extras),
	look: async () => await bench.runpod(`${ENDPOINT}/status/${bench.emulator.jobs()[0]?.id}`),
};
const apis: Array<['coreToday' | 'runpod', Api]> = [
	['coreToday', coreToday],
	['runpod', runpod],
];

async function ended(api: Api, job: JobScript): Promise<JsonObject | undefined> {
	bench.emulator.script({ job });
	await api.create();
	await bench.clock.advance(END_MS);
	return (await api.look()).json;
}

describe('a job that is completed with an error inside', () => {
	test('has it in its output at Runpod, and no link', async () => {
		const json = await ended(runpod, COMPLETED_WITH_ERROR);
		expect([json?.status, json?.output]).toEqual(['COMPLETED', { error: 'Content flagged as sensitive' }]);
		expect(json).not.toHaveProperty('error');
	});

	test('has it beside an empty result at Core.Today, in either dialect', async () => {
		expect(await ended(coreToday, COMPLETED_WITH_ERROR)).toMatchObject({
			status: 'completed',
			error: 'Content flagged as sensitive',
			result: null,
		});
		bench.emulator.reset();
		expect(await ended(coreToday, { ...COMPLETED_WITH_ERROR, dialect: 'reference' })).toMatchObject({
			status: 'succeeded',
			error: 'Content flagged as sensitive',
			output: null,
		});
	});
});

test.each(apis)('%s says no under 200 where it was told to, and no job exists', async (provider, api) => {
	for (const body of REFUSALS_UNDER_200) {
		bench.emulator.misbehave({ when: { provider, call: 'submit', first: 1 }, do: { reply: { status: 200, body } } });
		const { status, json } = await api.create();
		expect([status, json]).toEqual([200, body]);
	}
	expect(bench.emulator.jobs()).toEqual([]);
	expect((await api.create()).status).toBe(200);
});

describe.each(apis)('status words in another case at %s', (provider, api) => {
	const words = WORDS_IN_ANOTHER_CASE[provider];

	test('stand in the submit, the run and the end', async () => {
		bench.emulator.script({ job: { statusWords: words } });
		expect((await api.create()).json?.status).toBe(words.queued);
		await bench.clock.advance(10_000);
		expect((await api.look()).json?.status).toBe(words.running);
		await bench.clock.advance(60_000);
		expect((await api.look()).json?.status).toBe(words.completed);
	});

	test('stand in a failure and in a cancel', async () => {
		expect((await ended(api, { statusWords: words, endsAs: 'failed' }))?.status).toBe(words.failed);
		bench.emulator.reset();
		expect((await ended(api, { statusWords: words, endsAs: 'cancelled' }))?.status).toBe(words.cancelled);
	});
});

test.each(apis)('a failure at %s says what it was told to, word for word', async (_provider, api) => {
	for (const error of [...FINAL_FAILURES, ...PASSING_FAILURES]) {
		bench.emulator.reset();
		expect((await ended(api, { endsAs: 'failed', error }))?.error).toBe(error);
	}
});

describe("a job's input", () => {
	const sample = readFileSync(join(repositoryFolder, 'test/fixtures/media/image.png'));
	const dataUri = (bytes: number): string =>
		`data:image/png;base64,${Buffer.concat([sample, Buffer.alloc(bytes)]).toString('base64')}`;
	const inputs: Array<['coreToday' | 'runpod', Api, JsonObject]> = [
		['coreToday', coreToday, { start_image: dataUri(700_000) }],
		['runpod', runpod, { image: dataUri(6_700_000) }],
	];

	test.each(apis)('is repeated by %s neither in replies nor in callbacks unless it was told to', async (_name, api) => {
		await api.create();
		expect((await api.look()).json).not.toHaveProperty('input');
		await bench.clock.advance(END_MS);
		expect((await api.look()).json).not.toHaveProperty('input');
	});

	test.each(inputs)(
		'is repeated whole by %s while the job runs, at its end, and in its callback',
		async (_name, api, input) => {
			const stranger = await meetStranger();
			bench.emulator.script({ job: { repeatsInput: true } });
			expect((await api.create(input, { webhook: stranger.url })).json).not.toHaveProperty('input');
			const sent = bench.emulator.jobs()[0]?.input;
			expect((await api.look()).json?.input).toEqual(sent);
			await bench.clock.advance(END_MS);
			const { json, bytes } = await api.look();
			expect(json?.input).toEqual(sent);
			expect(bytes.length).toBeGreaterThan(JSON.stringify(input).length);
			await eventually(() => bench.emulator.deliveries().length === 1);
			expect(asObject(bench.emulator.deliveries()[0]?.body)?.input).toEqual(sent);
			await stranger.stop();
		},
	);

	test('is repeated for every job of an emulator that was started so, but for those told otherwise', async () => {
		const other = await startBench({ repeatsInput: true });
		const look = async (): Promise<JsonObject | undefined> =>
			(await other.runpod(`${ENDPOINT}/status/${other.emulator.jobs().at(-1)?.id}`)).json;
		await other.createRunpod();
		expect(asText(asObject((await look())?.input)?.image)).toBe(other.emulator.imageUrl);
		other.emulator.script({ job: { repeatsInput: false } });
		await other.createRunpod();
		expect(await look()).not.toHaveProperty('input');
		await other.stop();
	});
});

describe('a whole video under an odd head', () => {
	const told = async (emulator: Emulator, job: JobScript): Promise<Answer> => {
		emulator.script({ job: { ...job, videoBytes: 200_000 } });
		await bench.createRunpod();
		await bench.clock.advance(END_MS);
		return await bench.ask(emulator.jobs()[0]?.videoUrl ?? '');
	};

	test.each(ODD_VIDEOS)('%j', async (script) => {
		const { status, headers, bytes } = await told(bench.emulator, script);
		const { videoType = 'video/mp4', videoStatus = 200 } = script;
		expect([status, headers['content-type'], bytes.length]).toEqual([videoStatus, videoType, 200_000]);
		expect(bytes.toString('latin1', 4, 8)).toBe('ftyp');
		expect(headers['content-range']).toBe(videoStatus === 206 ? 'bytes 0-199999/200000' : undefined);
	});

	test('is still given in part where a part is asked for', async () => {
		await told(bench.emulator, { videoStatus: 203, videoType: 'text/plain' });
		const url = bench.emulator.jobs()[0]?.videoUrl ?? '';
		const part = await bench.ask(url, { headers: { range: 'bytes=100-' } });
		expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 100-199999/200000']);
		expect((await bench.ask(url, { headers: { range: 'bytes=200000-' } })).status).toBe(416);
	});
});
