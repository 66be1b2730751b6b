/** Counts by two names, such as a kind of fault and a model. */
export class Tally {
	private readonly counts = new Map<string, Map<string, number>>();

	add(row: string, column: string, count = 1): void {
		const ofRow = this.counts.get(row) ?? new Map<string, number>();
		this.counts.set(row, ofRow);
		ofRow.set(column, (ofRow.get(column) ?? 0) + count);
	}

	/** Of one column, or of all. */
	of(row: string, column?: string): number {
		const ofRow = this.counts.get(row);
		if (column !== undefined) return ofRow?.get(column) ?? 0;
		return [...(ofRow?.values() ?? [])].reduce((sum, count) => sum + count, 0);
	}
}

/** How an item may end. Any other end is a broken promise. */
export const ENDS = {
	video: 'a video',
	failure: 'a clear failure',
	timeout: 'a timeout with the job ID',
	unknown: 'a submit whose answer was lost or says nothing, and which was not repeated',
	refused: 'refused before anything was paid',
} as const;
export type End = keyof typeof ENDS;

/** What came of some items under faults. */
export class FaultFigures {
	/** Items, by their end and their model. */
	readonly ends = new Tally();
	/** Items that met a kind of fault, by the kind and their model. */
	readonly met = new Tally();
	items = 0;
	/** Jobs that were accepted, which is to say paid. */
	paidJobs = 0;
	/** Items, and one more for each job that truly had ended without a video and might be made again. */
	allowedJobs = 0;

	/** The kinds of these that no item met. */
	notMet(kinds: readonly string[]): string[] {
		return kinds.filter((kind) => this.met.of(kind) === 0);
	}
}
