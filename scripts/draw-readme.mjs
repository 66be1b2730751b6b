// node scripts/draw-readme.mjs: draws the pictures of the README that are no screenshots, as SVG in docs/images/.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/images');
const INK = '#3c3c4a';
const NODE = { width: 96, height: 72, gap: 64 };

const svg = (width, height, label, body) =>
	`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">\n${body}\n</svg>\n`;

const text = (x, y, words, size = 13) =>
	`<text x="${x}" y="${y}" text-anchor="middle" font-family="sans-serif" font-size="${size}" fill="${INK}">${words}</text>`;

/** Nodes in one row, each joined to the next; `back` joins one to an earlier one, by their numbers. */
function canvas(label, names, back) {
	const left = (index) => 24 + index * (NODE.width + NODE.gap);
	const top = back === undefined ? 24 : 64;
	const middle = top + NODE.height / 2;
	const line = (path) => `<path d="${path}" fill="none" stroke="#9a9aa8" stroke-width="2" marker-end="url(#end)"/>`;
	const nodes = names.map(
		(name, index) =>
			`<rect x="${left(index)}" y="${top}" width="${NODE.width}" height="${NODE.height}" rx="10" fill="#fff" stroke="#c3c9d5" stroke-width="2"/>${text(left(index) + NODE.width / 2, middle + 5, name)}`,
	);
	const lines = names.slice(1).map((_, index) => line(`M${left(index) + NODE.width} ${middle}H${left(index + 1) - 8}`));
	const loop =
		back === undefined
			? []
			: [
					line(`M${left(back[0]) + NODE.width / 2} ${top}V32H${left(back[1]) + NODE.width / 2}V${top - 8}`),
					text((left(back[0]) + left(back[1]) + NODE.width) / 2, 24, 'not done yet'),
				];
	const marker =
		'<defs><marker id="end" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" fill="#9a9aa8"/></marker></defs>';
	const width = left(names.length) - NODE.gap + 24;
	const height = top + NODE.height + 24;
	const paper = `<rect width="${width}" height="${height}" rx="8" fill="#f5f6fa"/>`;
	return svg(width, height, label, [marker, paper, ...lines, ...loop, ...nodes].join('\n'));
}

/** A moving picture of five seconds: steam rises from a teapot while the camera comes closer. */
function teapot() {
	const steam = [0, 1, 2].map((index) => {
		const x = 196 + index * 22;
		const begin = index * -1.6;
		return `<path d="M${x} 118c-12-14 12-22 0-38s10-22 0-34" fill="none" stroke="#fff" stroke-width="7" stroke-linecap="round" opacity="0">
<animate attributeName="opacity" values="0;0.75;0" dur="5s" begin="${begin}s" repeatCount="indefinite"/>
<animateTransform attributeName="transform" type="translate" values="0 26;0 -34" dur="5s" begin="${begin}s" repeatCount="indefinite"/></path>`;
	});
	const pot = `<g fill="#b4532f"><path d="M136 156c0-22 36-34 82-34s82 12 82 34c0 46-30 74-82 74s-82-28-82-74z"/>
<path d="M146 196c-30 2-44-30-66-50l20-6c16 14 26 14 42 12z"/><path d="M296 146c52-14 62 62-12 62l6-14c42-2 36-42 4-34z"/>
<ellipse cx="218" cy="130" rx="54" ry="11" fill="#8e3f22"/><circle cx="218" cy="117" r="9" fill="#8e3f22"/></g>`;
	const scene = `<g><animateTransform attributeName="transform" type="scale" values="1;1.12;1" dur="10s" repeatCount="indefinite"/>
<rect y="214" width="480" height="60" fill="#6d4a38"/>${pot}${steam.join('\n')}</g>`;
	const light = `<linearGradient id="light" x1="0" x2="0" y1="0" y2="1"><stop offset="0" stop-color="#26384d"><animate attributeName="stop-color" values="#26384d;#6b5878;#26384d" dur="10s" repeatCount="indefinite"/></stop><stop offset="1" stop-color="#d39a6a"/></linearGradient>`;
	return svg(
		420,
		236,
		'A teapot with rising steam',
		`<defs>${light}</defs><rect width="480" height="280" fill="url(#light)"/>${scene}`,
	);
}

const pictures = {
	'stand-in.svg': teapot(),
	'loop-before.svg': canvas(
		'Create the job, wait, ask, done, and back to wait',
		['Create job', 'Wait', 'Ask', 'Done?', 'Get file'],
		[3, 1],
	),
	'loop-after.svg': canvas('Rows, Kling Video, post', ['Rows', 'Kling Video', 'Post']),
};
for (const [name, content] of Object.entries(pictures)) writeFileSync(join(folder, name), content);
