/** How many places or ranges of places a message names. */
const MAX_NAMED_RANGES = 15;

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const ENDINGS: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = { one: 'st', two: 'nd', few: 'rd' };
const list = new Intl.ListFormat('en');

/** "1st" for the index 0. */
function placeText(index: number): string {
	return `${index + 1}${ENDINGS[ordinals.select(index + 1)] ?? 'th'}`;
}

/** The places in ascending order, with three or more that follow on each other as a range: "1st–3rd". */
function placeTexts(indexes: readonly number[]): string[] {
	const ranges: Array<{ first: number; last: number }> = [];
	for (const index of indexes) {
		const range = ranges.at(-1);
		if (range?.last === index - 1) range.last = index;
		else ranges.push({ first: index, last: index });
	}
	const texts = ranges.slice(0, MAX_NAMED_RANGES).flatMap(({ first, last }) => {
		if (last > first + 1) return `${placeText(first)}–${placeText(last)}`;
		return first === last ? placeText(first) : [placeText(first), placeText(last)];
	});
	return ranges.length > MAX_NAMED_RANGES ? [...texts, 'more'] : texts;
}

/** How a message names input items, for people who count from 1: "2nd item", "1st–3rd and 6th items". */
export function itemsText(indexes: readonly number[]): string {
	return `${list.format(placeTexts(indexes))} ${indexes.length === 1 ? 'item' : 'items'}`;
}
