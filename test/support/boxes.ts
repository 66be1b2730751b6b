/** Where something stands on a canvas, in pixels. */
export interface Box {
	readonly name: string;
	readonly left: number;
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

const touch = (one: Box, other: Box): boolean =>
	one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

/** The pairs of boxes that cover each other, by their names. */
export function overlaps(boxes: readonly Box[]): string[] {
	return boxes.flatMap((one, index) =>
		boxes
			.slice(index + 1)
			.filter((other) => touch(one, other))
			.map((other) => `${one.name} and ${other.name}`),
	);
}
