import { itemsOfText, itemsText } from '../../nodes/core/items';

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

test.each([
	[[0], 3, 'the 1st of 3 items, item 0 in n8n'],
	[[1], 3, 'the 2nd of 3 items, item 1 in n8n'],
	[[2], 3, 'the 3rd of 3 items, item 2 in n8n'],
	[[10], 20, 'the 11th of 20 items, item 10 in n8n'],
	[[21], 30, 'the 22nd of 30 items, item 21 in n8n'],
	[[0, 2], 3, 'items 0 and 2; item 0 is the first'],
])('for those who count from 1, a message names the items %j of %j as "%s"', (indexes, itemCount, text) => {
	expect(itemsOfText(indexes, itemCount)).toBe(text);
});
