import { latin1 } from './reading';

/** A file format that is neither JPEG nor PNG. */
interface OtherFormat {
	/** For people, with its article. */
	readonly name: string;
	/** Tells it by the file's first bytes as Latin-1 characters. */
	readonly fits: (start: string) => boolean;
	/** What to do about it, a sentence. */
	readonly advice: string;
}

const CONVERT = "Convert it first: n8n's Edit Image node does it with its Format option.";
const CONVERT_OUTSIDE = 'Convert it to JPEG or PNG before it comes into the workflow.';
const TAKE_FRAME = 'Take a frame of it as JPEG or PNG.';
const UNPACK = "Unpack it first, with n8n's Compression node.";
const NO_PICTURE = 'Check the step that fetched it: the field has to hold the picture itself.';
const IS_TEXT = "Turn it into a file first, with n8n's Convert to File node (Move Base64 String to File).";

const begins =
	(...starts: readonly string[]) =>
	(text: string) =>
		starts.some((start) => text.startsWith(start));
const matches = (pattern: RegExp) => (text: string) => pattern.test(text);

/** With or without a prologue or comment before it, but not inside an SVG. */
const WEB_PAGE = /^\s*(<[?!]((?!<svg)[^])*?)?<(!doctype html|html|head|body)[\s>]/i;

/** The first that fits counts. Sources: the formats' own documents; for ISO media files the brands of mp4ra.org. */
const OTHER_FORMATS: readonly OtherFormat[] = [
	{ name: 'a WebP picture', fits: matches(/^RIFF[^]{4}WEBP/), advice: CONVERT },
	{ name: 'a GIF', fits: begins('GIF87a', 'GIF89a'), advice: CONVERT },
	{ name: 'a BMP picture', fits: matches(/^BM[^]{4}\0{4}/), advice: CONVERT },
	{ name: "a TIFF picture or a camera's raw file", fits: begins('II*\0', 'MM\0*', 'II+\0', 'MM\0+'), advice: CONVERT },
	{ name: 'an AVIF picture', fits: matches(/^[^]{4}ftyp(avi[fs]|mi[af]1[^]{4,64}?avif)/), advice: CONVERT_OUTSIDE },
	{ name: 'a HEIC picture', fits: matches(/^[^]{4}ftyp(he[iv][cxms]|mif1|msf1)/), advice: CONVERT_OUTSIDE },
	{ name: 'a JPEG 2000 picture', fits: begins('\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'), advice: CONVERT_OUTSIDE },
	{ name: 'a JPEG XL picture', fits: begins('\0\0\0\x0cJXL ', '\xff\x0a'), advice: CONVERT_OUTSIDE },
	{ name: 'an icon file (ICO)', fits: begins('\0\0\x01\0'), advice: CONVERT_OUTSIDE },
	{ name: 'a Photoshop file', fits: begins('8BPS'), advice: CONVERT_OUTSIDE },
	{ name: 'a PDF', fits: begins('%PDF-'), advice: 'Export the page as JPEG or PNG first.' },
	{ name: 'a QuickTime video', fits: matches(/^[^]{4}(ftypqt {2}|moov|wide)/), advice: TAKE_FRAME },
	{ name: 'an MP4 video', fits: matches(/^[^]{4}ftyp/), advice: TAKE_FRAME },
	{ name: 'a WebM or Matroska video', fits: begins('\x1a\x45\xdf\xa3'), advice: TAKE_FRAME },
	{ name: 'a ZIP archive', fits: begins('PK\x03\x04'), advice: UNPACK },
	{ name: 'a gzip archive', fits: begins('\x1f\x8b'), advice: UNPACK },
	{ name: 'a web page (HTML)', fits: matches(WEB_PAGE), advice: NO_PICTURE },
	{ name: 'an SVG drawing', fits: matches(/^\s*(<[?!][^]*?)?<svg[\s>]/i), advice: CONVERT_OUTSIDE },
	{ name: 'an XML document', fits: matches(/^\s*<(\?xml|[a-z])/i), advice: NO_PICTURE },
	{ name: 'a picture as Base64 text', fits: matches(/^\s*(\/9j\/|iVBORw0KGgo)/), advice: IS_TEXT },
	{ name: 'a picture as data URI text', fits: matches(/^\s*"?data:image\//i), advice: IS_TEXT },
	{ name: 'JSON', fits: matches(/^\s*(\{\s*["}]|\[\s*["{[\]\d])/), advice: NO_PICTURE },
];

/** How far into a file its format is looked for, in bytes: an SVG may begin with a long comment. */
const START_BYTES = 4096;

/** What a file that is neither JPEG nor PNG is, for people, and what to do; undefined if its format is not known. */
export function recogniseOther(bytes: Uint8Array): Pick<OtherFormat, 'name' | 'advice'> | undefined {
	const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
	const start = latin1(bytes, hasByteOrderMark ? 3 : 0, START_BYTES);
	return OTHER_FORMATS.find(({ fits }) => fits(start));
}
