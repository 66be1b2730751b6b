import { startText } from './reading';

/** A file format that is neither JPEG nor PNG. */
interface OtherFormat {
	/** For people, with its article. */
	readonly name: string;
	/** What its files begin with, their bytes taken as Latin-1 characters. */
	readonly start: RegExp;
	/** What to do about it, a sentence. */
	readonly advice: string;
}

const CONVERT = "Convert it first: n8n's Edit Image node does it with its Format option.";
const CONVERT_OUTSIDE = 'Convert it to JPEG or PNG before it comes into the workflow.';
const NO_PICTURE = 'Check the step that fetched it: the field has to hold the picture itself.';
const IS_TEXT = "Turn it into a file first, with n8n's Convert to File node (Move Base64 String to File).";

/** With or without a prologue or comment before it, but not inside an SVG. */
const WEB_PAGE = /^\s*(<[?!]((?!<svg)[^])*?)?<(!doctype html|html|head|body)[\s>]/i;

/** The first that fits counts. Sources: the formats' own documents; for ISO media files the brands of mp4ra.org. */
const OTHER_FORMATS: readonly OtherFormat[] = [
	{ name: 'a WebP picture', start: /^RIFF[^]{4}WEBP/, advice: CONVERT },
	{ name: 'a GIF', start: /^GIF8[79]a/, advice: CONVERT },
	{ name: 'a BMP picture', start: /^BM[^]{4}\0{4}/, advice: CONVERT },
	{ name: "a TIFF picture or a camera's raw file", start: /^(II[*+]\0|MM\0[*+])/, advice: CONVERT },
	{ name: 'an AVIF picture', start: /^[^]{4}ftyp(avi[fs]|mi[af]1[^]{4,64}?avif)/, advice: CONVERT_OUTSIDE },
	{ name: 'a HEIC picture', start: /^[^]{4}ftyp(he[iv][cxms]|mif1|msf1)/, advice: CONVERT_OUTSIDE },
	{ name: 'a PDF', start: /^%PDF-/, advice: 'Export the page as JPEG or PNG first.' },
	{
		name: 'an MP4 or QuickTime video',
		start: /^[^]{4}(ftyp|moov|wide)/,
		advice: 'Take a frame of it as JPEG or PNG.',
	},
	{ name: 'a web page (HTML)', start: WEB_PAGE, advice: NO_PICTURE },
	{ name: 'an SVG drawing', start: /^\s*(<[?!][^]*?)?<svg[\s>]/i, advice: CONVERT_OUTSIDE },
	{ name: 'an XML document', start: /^\s*<(\?xml|[a-z])/i, advice: NO_PICTURE },
	{ name: 'a picture as Base64 text', start: /^\s*(\/9j\/|iVBORw0KGgo)/, advice: IS_TEXT },
	{ name: 'a picture as data URI text', start: /^\s*"?data:image\//i, advice: IS_TEXT },
	{ name: 'JSON', start: /^\s*(\{\s*["}]|\[\s*["{[\]\d])/, advice: NO_PICTURE },
];

/** What a file that is neither JPEG nor PNG is, for people, and what to do; undefined if its format is not known. */
export function recogniseOther(bytes: Uint8Array): Pick<OtherFormat, 'name' | 'advice'> | undefined {
	const text = startText(bytes);
	return OTHER_FORMATS.find(({ start }) => start.test(text));
}
