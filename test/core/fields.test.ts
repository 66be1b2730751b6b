import { FieldReader, isUnset, toNumber } from '../../nodes/core/fields';

/** What a reader gave for one value, and what it had to say about it. */
function read<T>(reading: (fields: FieldReader) => T): { value: T; problems: string[] } {
	const fields = new FieldReader();
	const value = reading(fields);
	return { value, problems: fields.problems.map(({ message }) => message) };
}

test.each([
	[undefined, true],
	[null, true],
	['', true],
	[' \n', true],
	['\u200b', true],
	[' \ufeff\0', true],
	['\u200ba', false],
	[0, false],
	[false, false],
	['0', false],
	[[], false],
	[{}, false],
])('%p is unset: %p', (value, unset) => {
	expect(isUnset(value)).toBe(unset);
});

test.each([
	[5, 5],
	['5', 5],
	[' 5 ', 5],
	['-0.5', -0.5],
	['+3', 3],
	['.5', 0.5],
	['5.', 5],
	['\ufeff5\u200b', 5],
	['1e3', undefined],
	['0x10', undefined],
	['5s', undefined],
	['5,0', undefined],
	['', undefined],
	[NaN, undefined],
	[Infinity, undefined],
	[true, undefined],
	[[5], undefined],
	[null, undefined],
])('%p as a number', (value, number) => {
	expect(toNumber(value)).toBe(number);
});

test.each([
	[true, true],
	['true', true],
	[false, false],
	['false', false],
	['TRUE', true],
	[' False ', false],
	['true\u200b', true],
	['', undefined],
	[null, undefined],
])('%p as a boolean', (value, boolean) => {
	expect(read((fields) => fields.boolean('A', value))).toEqual({ value: boolean, problems: [] });
});

test.each([['yes'], [1], [0], [{}]])('%p is refused as a boolean', (value) => {
	expect(read((fields) => fields.boolean('A', value)).problems).toEqual([
		`has to be true or false, but is ${JSON.stringify(value)}.`,
	]);
});

test.each([
	['{"a":1}', { a: 1 }],
	[{ a: [null] }, { a: [null] }],
	['', undefined],
	[null, undefined],
])('%j as a JSON object', (value, object) => {
	expect(read((fields) => fields.jsonObject('A', value))).toEqual({ value: object, problems: [] });
});

test.each([['[1]'], ['{'], ['null'], [[]], [7], [{ a: undefined }], [{ a: NaN }], [{ a: () => 1 }]])(
	'%p is refused as a JSON object',
	(value) => {
		expect(read((fields) => fields.jsonObject('A', value)).problems).toHaveLength(1);
	},
);

test('a number keeps its range, with or without an upper end', () => {
	expect(read((fields) => fields.number('A', '20', { min: 10 }))).toEqual({ value: 20, problems: [] });
	expect(read((fields) => fields.number('A', 9, { min: 10 })).problems).toEqual([
		'has to be a number, 10 or more, but is 9.',
	]);
	expect(read((fields) => fields.number('A', 'x', { min: 0, max: 1 })).problems).toEqual([
		'has to be a number, between 0 and 1, but is "x".',
	]);
});

test('a text is counted in characters, not in code units', () => {
	expect(read((fields) => fields.text('A', '🐉🐉', { maxLength: 2 })).problems).toEqual([]);
	expect(read((fields) => fields.text('A', '🐉🐉🐉', { maxLength: 2 })).problems).toEqual([
		'is 3 characters long; at most 2 are allowed. Shorten it.',
	]);
	expect(read((fields) => fields.text('A', ''))).toEqual({ value: undefined, problems: [] });
});

test('a long wrong value is shown in part, and one that JSON cannot show by a word', () => {
	expect(read((fields) => fields.choice('A', 'x'.repeat(500), ['a'])).problems[0]?.length).toBeLessThan(100);
	expect(read((fields) => fields.choice('A', Symbol('a'), ['a'])).problems).toEqual(['has to be a, but is nothing.']);
});

test('a choice is taken by its label, too, and by no other text in brackets', () => {
	const choose = (value: unknown) =>
		read((fields) => fields.choice('A', value, ['standard', 'pro'], ['Standard (720p)', 'Pro (1080p)']));
	expect(choose(' pro (1080P)\u200b').value).toBe('pro');
	expect(choose('Standard (720p)').value).toBe('standard');
	expect(choose('Standard (1080p)').problems).toEqual(['has to be standard or pro, but is "Standard (1080p)".']);
});

test('problems of all fields are kept, in order, by label', () => {
	const fields = new FieldReader();
	fields.text('A', '', { required: true });
	fields.choice('B', 3, [5, 10]);
	expect(fields.problems.map(({ field }) => field)).toEqual(['A', 'B']);
});
