// node scripts/draw-stand-in.mjs: draws the moving picture that stands in for a video in the README, docs/images/stand-in.svg.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/images/stand-in.svg');

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
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 236" width="420" height="236" role="img" aria-label="A teapot with rising steam">
<defs>${light}</defs><rect width="480" height="280" fill="url(#light)"/>${scene}
</svg>
`;
}

writeFileSync(file, teapot());
