import { createCanvas } from '@napi-rs/canvas';
import jpegJs from 'jpeg-js';
import { PNG } from 'pngjs';
import sharp, { type Sharp } from 'sharp';
import { join, readFileSync, repositoryFolder } from '../../support/node.cts';

/** A picture made by a real encoder, with the size that a viewer shows it in. */
export interface Sample {
	/** Encoder and kind, e.g. "libvips: progressive JPEG". */
	readonly name: string;
	readonly format: 'jpeg' | 'png';
	readonly width: number;
	readonly height: number;
	readonly bytes: Uint8Array;
}

const [WIDTH, HEIGHT] = [400, 320];
const IMAGES = join(repositoryFolder, 'test/fixtures/images');

export const readImage = (name: string): Uint8Array => readFileSync(join(IMAGES, name));

/** Red, green, blue and alpha of every pixel; all rows are alike, so that the files stay small. */
const ROW = Array.from({ length: WIDTH }, (_, x) => [x % 256, 128, 64, 255]).flat();
const PIXELS = Buffer.alloc(ROW.length * HEIGHT, Buffer.from(ROW));

const base = () => sharp(PIXELS, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } }).flatten();

/** libvips: libjpeg-turbo and libspng. */
const LIBVIPS: Readonly<Record<string, (picture: Sharp) => Sharp>> = {
	'baseline JPEG': (picture) => picture.jpeg({ quality: 40 }),
	'progressive JPEG': (picture) => picture.jpeg({ quality: 40, progressive: true }),
	'grey JPEG': (picture) => picture.greyscale().jpeg(),
	'CMYK JPEG': (picture) => picture.toColourspace('cmyk').jpeg({ quality: 40 }),
	'8-bit PNG': (picture) => picture.png(),
	'16-bit PNG': (picture) => picture.toColourspace('rgb16').png(),
	'interlaced PNG': (picture) => picture.png({ progressive: true }),
	'palette PNG': (picture) => picture.png({ palette: true, colours: 16 }),
};

async function fromLibvips(): Promise<Sample[]> {
	const upright = Object.entries(LIBVIPS).map(([name, encode]) => ({ name, picture: encode(base()), turned: false }));
	const marked = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((orientation) => {
		const picture = () => base().withMetadata({ orientation });
		const turned = orientation >= 5;
		return [
			{ name: `JPEG with orientation ${orientation}`, picture: picture().jpeg({ quality: 40 }), turned },
			{ name: `PNG with orientation ${orientation}`, picture: picture().png(), turned },
		];
	});
	const making = [...upright, ...marked].map(async ({ name, picture, turned }) => ({
		name: `libvips: ${name}`,
		format: name.includes('JPEG') ? ('jpeg' as const) : ('png' as const),
		width: turned ? HEIGHT : WIDTH,
		height: turned ? WIDTH : HEIGHT,
		bytes: await picture.toBuffer(),
	}));
	return await Promise.all(making);
}

/** Skia, as Chrome has it: what a canvas, a screenshot or an HTML-to-image step gives. */
function fromSkia(): Sample[] {
	const canvas = createCanvas(WIDTH, HEIGHT);
	const context = canvas.getContext('2d');
	context.fillStyle = 'teal';
	context.fillRect(20, 20, 300, 200);
	const size = { width: WIDTH, height: HEIGHT };
	return [
		{ name: 'Skia: JPEG', format: 'jpeg', ...size, bytes: canvas.toBuffer('image/jpeg') },
		{ name: 'Skia: PNG', format: 'png', ...size, bytes: canvas.toBuffer('image/png') },
	];
}

/** jpeg-js and pngjs, written in JavaScript. */
function fromJavaScript(): Sample[] {
	const size = { width: WIDTH, height: HEIGHT };
	const wide = Uint16Array.from(PIXELS, (value) => value * 257);
	const png8 = PNG.sync.write(Object.assign(new PNG(size), { data: PIXELS }));
	const png16 = PNG.sync.write(Object.assign(new PNG(size), { data: Buffer.from(wide.buffer) }), { bitDepth: 16 });
	return [
		{ name: 'jpeg-js: JPEG', format: 'jpeg', ...size, bytes: jpegJs.encode({ ...size, data: PIXELS }, 40).data },
		{ name: 'pngjs: 8-bit PNG', format: 'png', ...size, bytes: png8 },
		{ name: 'pngjs: 16-bit PNG', format: 'png', ...size, bytes: png16 },
	];
}

/** ffmpeg's own encoders, as files. */
function fromFfmpeg(): Sample[] {
	const size = { width: 640, height: 360 };
	return [
		{ name: 'ffmpeg: JPEG', format: 'jpeg', ...size, bytes: readImage('start.jpg') },
		{ name: 'ffmpeg: PNG', format: 'png', ...size, bytes: readImage('end.png') },
	];
}

/** Good pictures of four independent encoders' families. */
export async function goodPictures(): Promise<Sample[]> {
	return [...(await fromLibvips()), ...fromSkia(), ...fromJavaScript(), ...fromFfmpeg()];
}

/** A plain picture of a given size, by libvips. */
export async function plain(width: number, height: number, format: 'jpeg' | 'png' = 'jpeg'): Promise<Uint8Array> {
	const picture = sharp({ create: { width, height, channels: 3, background: 'teal' } });
	return await picture.toFormat(format).toBuffer();
}
