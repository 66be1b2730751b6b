import { itemsText } from '../../nodes/core/items';

test.each([
	[[3], 'item 3'],
	[[0, 1], 'items 0 and 1'],
	[[0, 1, 2, 5], 'items 0–2, 5'],
	[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 'items 0–11'],
])('a message names the items %j as "%s"', (indexes, text) => {
	expect(itemsText(indexes)).toBe(text);
});

test('a message names no more items than can be read', () => {
	const scattered = Array.from({ length: 100 }, (_, index) => 2 * index);
	expect(itemsText(scattered)).toMatch(/^items 0, 2, .*28 and more$/);
});
