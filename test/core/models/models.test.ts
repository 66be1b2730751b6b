import { choicesOf, defaultModelOf, modelOf, models, modelsWith, takes } from '../../../nodes/core/models';
import { parseForm } from '../../../nodes/core/models/form';
import { estimateCost } from '../../../nodes/core/models/price';
import { providerOf } from '../../../nodes/core/providers';
import { documented } from './documented';

const REMOTE = { providerIsLocal: false, waits: true };

describe.each(documented)('$id', ({ model, fixture }) => {
	test('has a fixture of its documented request', () => {
		expect(fixture?.source).toMatch(/\w/);
	});
	if (fixture === undefined) return;

	test(`becomes the documented request to the letter (${fixture.source})`, () => {
		const parsed = parseForm(model.provider, fixture.form, REMOTE);
		if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
		const call = providerOf(model.provider).startCall(parsed.request, {});
		expect([call.method, call.path, call.body]).toStrictEqual(['POST', fixture.path, fixture.body]);
		expect(estimateCost(parsed.request)).toStrictEqual(fixture.cost);
	});

	test('names everything that is wrong with a form at once', () => {
		const parsed = parseForm(model.provider, fixture.wrong.form, REMOTE);
		const problems = parsed.kind === 'problems' ? parsed.problems : [];
		expect(problems.map(({ field, message }) => `${field} ${message}`)).toEqual(fixture.wrong.problems);
	});

	test('has a wrong value for every field of its own in that form', () => {
		const labels = model.fields.map(({ label }) => label.replace(/s$/, ''));
		const unnamed = labels.filter((label) => !fixture.wrong.problems.some((problem) => problem.startsWith(label)));
		expect(unnamed).toEqual([]);
	});

	test('has one input key and one place in the form for each field', () => {
		const keys = model.fields.map(({ key }) => key);
		expect(new Set(keys).size).toBe(keys.length);
		const names = model.fields.flatMap(({ name }) => name ?? []);
		expect(new Set(names).size).toBe(names.length);
	});
});

describe('the list', () => {
	test('names each model once, and those of a provider with Other (by ID) last', () => {
		expect(new Set(models.map(({ provider, id }) => `${provider} ${id}`)).size).toBe(models.length);
		expect(choicesOf('coreToday')[0]?.id).toBe('kwaivgi/kling-v2.1');
		expect(choicesOf('coreToday').every(({ provider }) => provider === 'coreToday')).toBe(true);
		expect(choicesOf('runpod').at(-1)).toMatchObject({ id: 'other', label: 'Other (by ID)' });
	});

	test('finds a model by its provider and ID, and none by the ID of the other provider', () => {
		expect(modelOf('runpod', 'kling-video-o1-r2v')?.label).toBe('Kling O1');
		expect(modelOf('coreToday', 'kling-video-o1-r2v')).toBeUndefined();
		expect(modelOf('runpod', 'other')).toBeUndefined();
	});

	test('begins with v2.1, which is what a provider makes where no model is named', () => {
		expect([defaultModelOf('coreToday').id, defaultModelOf('runpod').id]).toEqual([
			'kwaivgi/kling-v2.1',
			'kling-v2-1-i2v-pro',
		]);
	});

	test('says for which models the form shows a field', () => {
		const withRatio = modelsWith('aspectRatio');
		expect(withRatio).toEqual(expect.arrayContaining(['kwaivgi/kling-v2.5-turbo-pro', 'kling-video-o1-r2v']));
		expect(withRatio).not.toContain('kling-v2-1-i2v-pro');
		expect(modelsWith('mode')).toEqual(expect.arrayContaining(['kwaivgi/kling-v2.1', 'other']));
		expect(modelsWith('guidanceScale', (_field, { provider }) => provider === 'coreToday')).toEqual([]);
		const withOptionalPicture = modelsWith('startImage', ({ required }) => required !== true);
		expect(withOptionalPicture).toEqual(expect.arrayContaining(['kwaivgi/kling-v2.5-turbo-pro', 'other']));
		expect(withOptionalPicture).not.toContain('kwaivgi/kling-v2.1');
	});

	test('says that of the two v2.1 only that of Core.Today makes a video end with a picture', () => {
		expect([takes(defaultModelOf('coreToday'), 'endImage'), takes(defaultModelOf('runpod'), 'endImage')]).toEqual([
			true,
			false,
		]);
	});
});
