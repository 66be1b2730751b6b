import fc from 'fast-check';
import fastify, { type FastifyRequest } from 'fastify';
import { request as send } from 'undici';
import type { VideoForm } from '../../../nodes/core/form';
import { asObject, type JsonObject, type JsonValue } from '../../../nodes/core/json';
import { models } from '../../../nodes/core/models';
import type { Model } from '../../../nodes/core/models/model';
import { parseForm, putLink } from '../../../nodes/core/models/form';
import { MODELS } from '../../emulator/models';
import { problemWith, type Schema } from '../../emulator/schemas';

const RUNS = { numRuns: 3000 };

/** Any request of a server like the emulator's: schemas are compiled by one. */
let request: FastifyRequest;
const server = fastify({
	ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true } },
});
beforeAll(async () => {
	server.post('/', async (received) => {
		request = received;
		return await Promise.resolve('');
	});
	const origin = await server.listen({ host: '127.0.0.1', port: 0 });
	await send(origin, { method: 'POST' });
});
afterAll(async () => await server.close());

/** Every model of the list that the emulator has a schema of. */
const judged = models.flatMap((model) => {
	const schema = MODELS[model.provider][model.id]?.input;
	return schema === undefined ? [] : [{ id: model.id, model, schema }];
});

const isTaken = (schema: Schema, input: JsonObject): boolean => problemWith(request, schema, input) === undefined;

const LINK = 'https://example.com/a.png';
const LISTS = [[], [LINK], [LINK, 'http://example.com/b.png'], Array<string>(11).fill(LINK), ['a.png'], [7]];
const TEXTS = [LINK, 'ftp://example.com/a.png', 'a.png', 'a dragon', '🐉'.repeat(2500), '🐉'.repeat(2501)];
const WORDS = ['standard', 'pro', 'turbo', '16:9', '9:16', '1:1', '4:3', 'video', 'image'];
const NUMBERS = [-1, 0, 0.5, 1, 1.5, 2, 3, 5, 7, 10, 11, 1e20];
const VALUES: JsonValue[] = [...TEXTS, ...WORDS, ...NUMBERS, ...LISTS, true, false, { a: 1 }];
/** What forms and sheets give beside that, which is read as one of the above or refused. */
const RAW = [
	undefined,
	null,
	'',
	' Pro',
	'10s',
	'9:16:00',
	'FALSE',
	'0.7',
	'url',
	'binary',
	'none',
	`${LINK}\n${LINK}`,
];

/** The properties of a schema, by key. */
const keysOf = ({ properties }: Schema): string[] => Object.keys(asObject(properties) ?? {});

/** Inputs with a model's own keys. Most values are right, so that often only one is wrong; most keys are there. */
function inputsFor(schema: Schema): fc.Arbitrary<JsonObject> {
	const of = asObject(schema.properties) ?? {};
	const alone = (key: string): Schema => ({ type: 'object', properties: { [key]: of[key] } });
	const valueOf = (key: string) => {
		const right = VALUES.filter((value) => isTaken(alone(key), { [key]: value }));
		return fc.oneof(
			{ weight: 12, arbitrary: fc.constantFrom(...right) },
			{ weight: 1, arbitrary: fc.constantFrom(...VALUES) },
		);
	};
	const fields = keysOf(schema).map((key) =>
		fc.option(
			valueOf(key).map((value) => [key, value] as const),
			{ freq: 6 },
		),
	);
	return fc.tuple(...fields).map((entries) => Object.fromEntries(entries.filter((entry) => entry !== null)));
}

/** What a form is sent as, its pictures delivered; undefined where it is refused. */
function sentFor({ provider, id }: Model, form: VideoForm): JsonObject | undefined {
	const parsed = parseForm(provider, { ...form, model: id }, { providerIsLocal: false, waits: true });
	if (parsed.kind === 'problems') return undefined;
	const input = { ...parsed.request.input };
	for (const picture of parsed.request.pictures) putLink(input, picture, LINK);
	return input;
}

test('every model is judged by a schema that was written without its table', () => {
	expect(judged.length).toBeGreaterThanOrEqual(5);
});

describe.each(judged)('$id', ({ model, schema }) => {
	test('by Additional Input: exactly what the emulator takes is passed on, as it is', () => {
		// What is unset there is not filled in from the form.
		const unset = Object.fromEntries(keysOf(schema).map((key) => [key, null]));
		const counts = { taken: 0, refused: 0 };
		const promise = fc.property(inputsFor(schema), (input) => {
			const sent = sentFor(model, { startImageSource: 'none', additionalInput: { ...unset, ...input } });
			if (sent !== undefined) expect(problemWith(request, schema, sent)).toBeUndefined();
			counts[sent === undefined ? 'refused' : 'taken']++;
			if (!isTaken(schema, input)) return;
			const { aspect_ratio: ratio, ...rest } = input;
			const isIgnored = model.id === 'kwaivgi/kling-v2.5-turbo-pro' && ('start_image' in input || 'image' in input);
			expect(sent).toStrictEqual(isIgnored || ratio === undefined ? rest : input);
		});
		fc.assert(promise, RUNS);
		expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(RUNS.numRuns / 10);
	});

	test('by the form: whatever is passed on, the emulator takes', () => {
		const names = model.fields.flatMap(({ kind, name }) => {
			if (kind === 'pictures') return ['referenceImagesSource', 'referenceImageUrls', 'referenceImageFields'];
			return kind === 'picture' ? ['Source', 'Url', 'Field'].map((end) => `${name ?? 'no'}${end}`) : [name ?? 'no'];
		});
		const value = fc.constantFrom(...VALUES, ...RAW);
		const field = (name: string) =>
			fc.option(
				value.map((given) => [name, given] as const),
				{ freq: 1 },
			);
		const right = { prompt: 'a', startImageUrl: LINK, referenceImageUrls: LINK, motionVideoUrl: LINK };
		const form = fc.tuple(...names.map(field)).map((entries): VideoForm => {
			return { ...right, ...Object.fromEntries(entries.filter((entry) => entry !== null)) };
		});
		let taken = 0;
		const promise = fc.property(form, (given) => {
			const sent = sentFor(model, given);
			if (sent === undefined) return;
			taken++;
			expect(problemWith(request, schema, sent)).toBeUndefined();
		});
		fc.assert(promise, RUNS);
		expect(taken).toBeGreaterThan(10);
	});
});
