/** How many numbers or ranges of numbers a message names. */
const MAX_NAMED_RANGES = 15;

/** "3", "0–11", "0–2, 5", "0 and 1": the numbers in ascending order, with what follows on each other as a range. */
function rangesText(indexes: readonly number[]): string {
	if (indexes.length === 2) return indexes.join(' and ');
	const ranges: Array<{ first: number; last: number }> = [];
	for (const index of indexes) {
		const range = ranges.at(-1);
		if (range?.last === index - 1) range.last = index;
		else ranges.push({ first: index, last: index });
	}
	const texts = ranges.slice(0, MAX_NAMED_RANGES).map(({ first, last }) => {
		return first === last ? String(first) : `${first}${last === first + 1 ? ', ' : '–'}${last}`;
	});
	return `${texts.join(', ')}${ranges.length > MAX_NAMED_RANGES ? ' and more' : ''}`;
}

/** How a message names input items, which n8n counts from 0: "item 3", "items 0–2, 5". */
export function itemsText(indexes: readonly number[]): string {
	return `${indexes.length === 1 ? 'item' : 'items'} ${rangesText(indexes)}`;
}

/** What a message says once of the numbers of items: people count from 1. */
export const ITEM_0_IS_FIRST = 'item 0 is the first';
