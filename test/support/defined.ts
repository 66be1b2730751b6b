/** The value; throws an error that names it where there is none. */
export function defined<T>(value: T | undefined, name: string): T {
	if (value === undefined) throw new Error(`There is no ${name}`);
	return value;
}

/** The entry at this index, counted from the end where it is negative; throws if the list is too short. */
export function at<T>(list: readonly T[], index: number): T {
	return defined(list.at(index), `entry ${index} in a list of ${list.length}`);
}
