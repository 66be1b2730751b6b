// Makes the good pictures of test/fixtures/images, each by a real encoder. The tests only read the files, so the
// encoders are no dependencies of this project. To make the pictures again:
//   npm install --no-save sharp@0.35.5 @napi-rs/canvas@1.1.1 jpeg-js@0.4.4 pngjs@7.0.0
//   node scripts/make-pictures.mjs
// Other versions of the encoders may write other bytes, which is fine as long as the tests pass.
import { createCanvas } from '@napi-rs/canvas';
import jpegJs from 'jpeg-js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { root } from './steps.mjs';

const IMAGES = join(root, 'test/fixtures/images');
const [WIDTH, HEIGHT] = [400, 320];
const SIZE = { width: WIDTH, height: HEIGHT };
/** One-coloured pictures, at the limits of what Kling takes and beyond them. */
const PLAIN = [
	'300x300.jpg 300x300.png 750x300.jpg 750x300.png 300x750.jpg 300x750.png 299x300.jpg 299x300.png 300x299.jpg',
	'300x299.png 751x300.jpg 751x300.png 300x751.jpg 300x751.png 1000x299.jpg 1000x299.png 320x320.jpg 800x600.jpg',
	'299x400.jpg 400x120.png 760x300.jpg 120x900.jpg 200x200.png 1000x300.png 300x1000.png 900x300-orientation-6.jpg',
].flatMap((line) => line.split(' '));

/** Red, green, blue and alpha of every pixel. All rows are alike, so that the files stay small. */
const ROW = Array.from({ length: WIDTH }, (_, x) => [x % 256, 128, 64, 255]).flat();
const PIXELS = Buffer.alloc(ROW.length * HEIGHT, Buffer.from(ROW));

/** libvips, by sharp. Its JPEG encoder is libjpeg-turbo, its PNG encoder libspng. */
function byLibvips() {
	const picture = () => sharp(PIXELS, { raw: { ...SIZE, channels: 4 } }).flatten();
	const made = {
		'libvips-baseline.jpg': picture().jpeg({ quality: 40 }),
		'libvips-progressive.jpg': picture().jpeg({ quality: 40, progressive: true }),
		'libvips-grey.jpg': picture().greyscale().jpeg(),
		'libvips-cmyk.jpg': picture().toColourspace('cmyk').jpeg({ quality: 40 }),
		'libvips-8-bit.png': picture().png(),
		'libvips-16-bit.png': picture().toColourspace('rgb16').png(),
		'libvips-interlaced.png': picture().png({ progressive: true }),
		'libvips-palette.png': picture().png({ palette: true, colours: 16 }),
	};
	for (let orientation = 1; orientation <= 8; orientation++) {
		const marked = picture().withMetadata({ orientation });
		made[`libvips-orientation-${orientation}.jpg`] = marked.clone().jpeg({ quality: 40 });
		made[`libvips-orientation-${orientation}.png`] = marked.clone().png();
	}
	return made;
}

/** Skia, the library that Chrome draws with: what a canvas, a screenshot or an HTML-to-image step gives. */
function bySkia() {
	const canvas = createCanvas(WIDTH, HEIGHT);
	const context = canvas.getContext('2d');
	context.fillStyle = 'teal';
	context.fillRect(20, 20, 300, 200);
	return { 'skia.jpg': canvas.toBuffer('image/jpeg'), 'skia.png': canvas.toBuffer('image/png') };
}

/** jpeg-js and pngjs, which are written in JavaScript. */
function byJavaScript() {
	const png = (data, options) => PNG.sync.write(Object.assign(new PNG(SIZE), { data }), options);
	const wide = Uint16Array.from(PIXELS, (value) => value * 257);
	return {
		'jpeg-js.jpg': jpegJs.encode({ ...SIZE, data: PIXELS }, 40).data,
		'pngjs-8-bit.png': png(PIXELS),
		'pngjs-16-bit.png': png(Buffer.from(wide.buffer), { bitDepth: 16 }),
	};
}

function plainPicture(name) {
	const [, width, height, orientation, extension] = /^(\d+)x(\d+)(?:-orientation-(\d))?\.(\w+)$/.exec(name);
	const picture = sharp({ create: { width: Number(width), height: Number(height), channels: 3, background: 'teal' } });
	return (orientation ? picture.withMetadata({ orientation: Number(orientation) }) : picture).toFormat(extension);
}

async function write(folder, pictures) {
	mkdirSync(join(IMAGES, folder), { recursive: true });
	for (const [name, picture] of Object.entries(pictures)) {
		writeFileSync(join(IMAGES, folder, name), Buffer.isBuffer(picture) ? picture : await picture.toBuffer());
	}
}

await write('good', { ...byLibvips(), ...bySkia(), ...byJavaScript() });
await write('plain', Object.fromEntries(PLAIN.map((name) => [name, plainPicture(name)])));
