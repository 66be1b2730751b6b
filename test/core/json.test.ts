import { isJson, isJsonObject, parseJson, present, without } from '../../nodes/core/json';

describe('JSON', () => {
	test('text that is none is undefined', () => {
		expect([parseJson('{"a":1}'), parseJson('{'), parseJson('')]).toEqual([{ a: 1 }, undefined, undefined]);
	});

	test('is told from what only looks like it', () => {
		const endless: Record<string, unknown> = {};
		endless.self = endless;
		expect([isJson(endless), isJson(undefined), isJson({ a: 1n }), isJsonObject([]), isJsonObject(null)]).toEqual([
			false,
			false,
			false,
			false,
			false,
		]);
		expect([isJson(null), isJson([{ a: [] }]), isJsonObject({})]).toEqual([true, true, true]);
	});

	test('absent keys are left out, and nothing else is', () => {
		expect(present({ a: undefined, b: null, c: '', d: 0, e: false })).toStrictEqual({ b: null, c: '', d: 0, e: false });
		expect(without({ a: 1, b: 2, c: 3 }, 'a', 'c')).toStrictEqual({ b: 2 });
	});
});
