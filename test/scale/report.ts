/** One measured figure; `required` says what it has to be, where it has to be anything. */
interface Row {
	readonly name: string;
	readonly measured: string;
	readonly required: string;
	readonly holds: boolean;
}

/** What one part of the run measured, and whether its promises held. */
export class Report {
	private readonly rows: Row[] = [];
	private readonly tables: string[] = [];
	private reason: string | undefined;
	private isSkipped = false;

	constructor(readonly title: string) {}

	/** A figure that nothing is required of. */
	figure(name: string, measured: string | number): void {
		this.rows.push({ name, measured: String(measured), required: '', holds: true });
	}

	/** A figure that fails the run unless it `holds`. */
	promise(name: string, measured: string | number, required: string | number, holds: boolean): void {
		this.rows.push({ name, measured: String(measured), required: String(required), holds });
	}

	/** A figure that has to be exactly this. */
	exactly(name: string, measured: number, required: number): void {
		this.promise(name, measured, required, measured === required);
	}

	/** Counts that stand below the figures: a row for each name, and the sum of its counts at the end. */
	table(title: string, columns: readonly string[], rows: ReadonlyArray<readonly [string, readonly number[]]>): void {
		const lines = rows.map(([name, counts]) => {
			const sum = counts.reduce((total, count) => total + count, 0);
			return `| ${[name, ...counts, sum].join(' | ')} |`;
		});
		const head = [`| ${[title, ...columns, 'all'].join(' | ')} |`, `|---${'|---'.repeat(columns.length + 1)}|`];
		this.tables.push(['', ...head, ...lines].join('\n'));
	}

	/** The part could not run here. */
	skip(reason: string): void {
		this.isSkipped = true;
		this.reason = reason;
	}

	/** The part broke down. */
	fail(reason: string): void {
		this.reason = reason;
	}

	get outcome(): 'passed' | 'failed' | 'skipped' {
		if (this.isSkipped) return 'skipped';
		return this.reason === undefined && this.rows.every(({ holds }) => holds) ? 'passed' : 'failed';
	}

	/** The part as Markdown, the form in which docs/reliability.md keeps it. */
	text(): string {
		const lines = this.rows.map(
			({ name, measured, required, holds }) => `| ${name} | ${holds ? '' : '✗ '}${measured} | ${required} |`,
		);
		const table = lines.length === 0 ? [] : ['| figure | measured | required |', '|---|---|---|', ...lines];
		const reason = this.reason === undefined ? [] : [this.reason];
		return [`### ${this.title}: ${this.outcome}`, ...reason, ...table, ...this.tables].join('\n');
	}
}

/** Seconds with one digit, of milliseconds. */
export function seconds(ms: number): string {
	return `${(ms / 1000).toFixed(1)} s`;
}

/** The middle of some numbers; 0 of none. */
export function median(values: readonly number[]): number {
	return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
