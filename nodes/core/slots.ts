/** Runs tasks at most so many at once, in the order they were given. */
export interface Slots {
	run<T>(task: () => Promise<T>): Promise<T>;
	/** Lets more run at once from now on. */
	widen(size: number): void;
}

/** `size` may be Infinity. A task that throws frees its slot, too. */
export function createSlots(size: number): Slots {
	let free = size;
	let total = size;
	const waiting: Array<() => void> = [];

	function letNextIn(): void {
		while (free > 0 && waiting.length > 0) {
			free -= 1;
			waiting.shift()?.();
		}
	}

	async function run<T>(task: () => Promise<T>): Promise<T> {
		await new Promise<void>((enter) => {
			waiting.push(enter);
			letNextIn();
		});
		try {
			return await task();
		} finally {
			free += 1;
			letNextIn();
		}
	}

	function widen(newTotal: number): void {
		free += newTotal - total;
		total = newTotal;
		letNextIn();
	}

	return { run, widen };
}
