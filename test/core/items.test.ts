import { itemsText } from '../../nodes/core/items';

test.each([
	[[0], '1st item'],
	[[1], '2nd item'],
	[[2], '3rd item'],
	[[3], '4th item'],
	[[10], '11th item'],
	[[21], '22nd item'],
	[[0, 1], '1st and 2nd items'],
	[[0, 1, 2, 5], '1st–3rd and 6th items'],
	[[0, 2, 4], '1st, 3rd, and 5th items'],
	[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], '1st–12th items'],
])('a message names the items with the indexes %j, for people who count from 1, as "%s"', (indexes, text) => {
	expect(itemsText(indexes)).toBe(text);
});

test('a message names no more items than can be read', () => {
	const scattered = Array.from({ length: 100 }, (_, index) => 2 * index);
	expect(itemsText(scattered)).toMatch(/^1st, 3rd, .*27th, 29th, and more items$/);
});
