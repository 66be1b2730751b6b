/** The entry of number `index` of a list that is gone through again and again. */
export function inTurn<Entry>(entries: readonly Entry[], index: number): Entry {
	const entry = entries[index % entries.length];
	if (entry === undefined) throw new Error('an empty list has nothing to go through');
	return entry;
}
