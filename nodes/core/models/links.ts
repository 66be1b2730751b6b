import type { JsonObject } from '../json';
import type { Picture } from '../providers/provider';

/** Puts the link of a delivered picture under its input key. Pictures of one list are to be put in their order. */
export function putLink(input: JsonObject, { inputKey, isInList }: Picture, link: string): void {
	const before = input[inputKey];
	input[inputKey] = isInList === true ? [...(Array.isArray(before) ? before : []), link] : link;
}
