import { join, readFileSync, repositoryFolder } from '../../support/node.cts';

/** A picture made by a real encoder, with the size that a viewer shows it in. */
export interface Sample {
	/** Its file, which names the encoder. */
	readonly name: string;
	readonly format: 'jpeg' | 'png';
	readonly width: number;
	readonly height: number;
	readonly bytes: Uint8Array;
}

const IMAGES = join(repositoryFolder, 'test/fixtures/images');
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8];
/** Made by scripts/make-pictures.mjs, all of the same size. With an orientation of 5 or more they are seen on their side. */
const MADE = [
	...['baseline.jpg', 'progressive.jpg', 'grey.jpg', 'cmyk.jpg'].map((kind) => `libvips-${kind}`),
	...['8-bit.png', '16-bit.png', 'interlaced.png', 'palette.png'].map((kind) => `libvips-${kind}`),
	...ORIENTATIONS.flatMap((number) => [`libvips-orientation-${number}.jpg`, `libvips-orientation-${number}.png`]),
	...['skia.jpg', 'skia.png', 'jpeg-js.jpg', 'pngjs-8-bit.png', 'pngjs-16-bit.png'],
];
const MADE_SIZE = { width: 400, height: 320 };
const MADE_ON_ITS_SIDE = { width: 320, height: 400 };
/** Made by ffmpeg's own encoders; see the README beside them. */
const BY_FFMPEG = ['start.jpg', 'end.png'];
const FFMPEG_SIZE = { width: 640, height: 360 };

/** A file of test/fixtures/images. */
export const readImage = (name: string): Uint8Array => readFileSync(join(IMAGES, name));

/** Good pictures of the encoders of five independent families: libvips, Skia, jpeg-js, pngjs and ffmpeg. */
export function goodPictures(): Sample[] {
	const formatOf = (name: string) => (name.endsWith('.jpg') ? ('jpeg' as const) : ('png' as const));
	const made = MADE.map((name) => {
		const size = /orientation-[5-8]/.test(name) ? MADE_ON_ITS_SIDE : MADE_SIZE;
		return { name, format: formatOf(name), ...size, bytes: readImage(`good/${name}`) };
	});
	const byFfmpeg = BY_FFMPEG.map((name) => ({ name, format: formatOf(name), ...FFMPEG_SIZE, bytes: readImage(name) }));
	return [...made, ...byFfmpeg];
}

/** A picture of one colour in one of the sizes that scripts/make-pictures.mjs lists. */
export function plain(width: number, height: number, format: 'jpeg' | 'png' = 'jpeg'): Uint8Array {
	return readImage(`plain/${width}x${height}.${format === 'jpeg' ? 'jpg' : 'png'}`);
}

/** A PNG with zeros behind its end, which is a good picture of any length. */
export function pictureOfLength(length: number): Uint8Array {
	const picture = plain(300, 300, 'png');
	return Uint8Array.from(Buffer.concat([picture, new Uint8Array(length - picture.length)]));
}
