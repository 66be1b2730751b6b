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

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const ENDINGS: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = { one: 'st', two: 'nd', few: 'rd' };

/** The same for those who count from 1: "the 2nd of 3 items, item 1 in n8n", "items 0–2, 5; item 0 is the first". */
export function itemsOfText(indexes: readonly number[], itemCount: number): string {
	const [index] = indexes;
	if (index === undefined || indexes.length > 1) return `${itemsText(indexes)}; item 0 is the first`;
	const place = `${index + 1}${ENDINGS[ordinals.select(index + 1)] ?? 'th'}`;
	return `the ${place} of ${itemCount} items, ${itemsText(indexes)} in n8n`;
}
