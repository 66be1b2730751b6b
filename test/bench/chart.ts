/** One bar: what it is of, how long it is, and the figure beside it, with its unit. */
export interface Bar {
	readonly label: string;
	readonly value: number;
	readonly text: string;
	/** Whether it is this package's, which is drawn in another colour. */
	readonly isOurs: boolean;
}

/** Bars of one measure, drawn to one scale. */
export interface Panel {
	readonly title: string;
	readonly bars: readonly Bar[];
}

const WIDTH = 784;
const LEFT = 24;
const BARS = { left: 240, width: 400, height: 18, step: 26 };
const HEADING_HEIGHT = 44;
const GAP = 12;
// Dark words on light paper of its own: a picture on GitHub cannot know which theme its reader has chosen.
const PAPER = '#f5f6fa';
const INK = '#3c3c4a';
const COLOURS = { ours: '#d9480f', others: '#8b8b9b' };

const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function text(x: number, y: number, words: string, { size = 13, isBold = false } = {}): string {
	const weight = isBold ? ' font-weight="bold"' : '';
	return `<text x="${x}" y="${y}" font-family="sans-serif" font-size="${size}"${weight} fill="${INK}">${escaped(words)}</text>`;
}

function panelAt(top: number, { title, bars }: Panel): string[] {
	const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
	const lines = bars.flatMap(({ label, value, text: figure, isOurs }, index) => {
		const y = top + 24 + index * BARS.step;
		// A figure of nothing has a line, so that it is seen to have been measured.
		const width = Math.max(2, Math.round((value / most) * BARS.width));
		const colour = isOurs ? COLOURS.ours : COLOURS.others;
		return [
			text(LEFT, y + 14, label),
			`<rect x="${BARS.left}" y="${y}" width="${width}" height="${BARS.height}" rx="3" fill="${colour}"/>`,
			text(BARS.left + width + 8, y + 14, figure, { isBold: isOurs }),
		];
	});
	return [text(LEFT, top + 14, title, { isBold: true }), ...lines];
}

const heightOf = ({ bars }: Panel) => 24 + bars.length * BARS.step + GAP;

/** Bars lying on their sides, as an SVG picture that needs nothing but itself. */
export function barChart(title: string, panels: readonly Panel[]): string {
	const tops = panels.map((_panel, index) =>
		panels.slice(0, index).reduce((top, panel) => top + heightOf(panel), HEADING_HEIGHT),
	);
	const height = panels.reduce((sum, panel) => sum + heightOf(panel), HEADING_HEIGHT);
	const body = panels.flatMap((panel, index) => panelAt(tops[index] ?? HEADING_HEIGHT, panel));
	return `${[
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
		`<title>${escaped(title)}</title>`,
		`<rect width="${WIDTH}" height="${height}" rx="8" fill="${PAPER}"/>`,
		text(LEFT, 28, title, { size: 16, isBold: true }),
		...body,
		'</svg>',
	].join('\n')}\n`;
}
