import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { join, readFileSync, Readable, repositoryFolder } from '../support/node.cts';
import type { Emulation } from './emulation';
import { parseRange } from './media';
import { MEDIA_FOLDER } from './video';

/** What is behind one link to a picture. */
interface PictureHost {
	/** Whether the provider's own fetch gets a picture there that it takes. */
	readonly usable: boolean;
	readonly status: number;
	readonly type: string;
	readonly body: Buffer;
	/** Of the whole file, where it is longer than `body`: the rest is zeros. */
	readonly sizeBytes?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** `ignored`: the whole file under 200. Only good replies have ranges at all; default `honoured`. */
	readonly ranges?: 'honoured' | 'ignored';
	/** The reply does not say how long it is. */
	readonly chunked?: boolean;
	/** `before`: no reply comes. `after`: the head and the first bytes come, and then nothing. */
	readonly hangs?: 'before' | 'after';
	/** Answered otherwise where this header of the request matches. */
	readonly unless?: { readonly header: string; readonly matches: RegExp; readonly then: PictureHost };
	/** Answered otherwise from the second request on. */
	readonly afterwards?: PictureHost;
}

export const PICTURE_HOSTS_PATH = '/hosts';
const HUGE_BYTES = 40_000_000;
/** A JPEG's segment has its length, these two bytes counted in, in two bytes. */
const SEGMENT_BYTES = 65_535;

const media = (name: string): Buffer => readFileSync(join(MEDIA_FOLDER, name));
const fixture = (name: string): Buffer => readFileSync(join(repositoryFolder, 'test/fixtures/images', name));
const otherFormat = (name: string): Buffer => fixture(`refused/${name}`);
const pngOf = (width: number, height: number): Buffer => fixture(`plain/${width}x${height}.png`);

/** The sample JPEG with two comments before its size, which then is not within the first 64 KiB. */
function jpegWithLateSize(): Buffer {
	const sample = media('image.jpg');
	const comment = Buffer.alloc(SEGMENT_BYTES + 2, ' ');
	comment.writeUInt16BE(0xfffe, 0);
	comment.writeUInt16BE(SEGMENT_BYTES, 2);
	return Buffer.concat([sample.subarray(0, 2), comment, comment, sample.subarray(2)]);
}

const page = (status: number, title: string): PictureHost => ({
	usable: false,
	status,
	type: 'text/html; charset=utf-8',
	body: Buffer.from(`\n<!DOCTYPE html><html><head><title>${title}</title></head><body>${title}</body></html>`),
});
const picture = (body: Buffer, type = 'image/png'): PictureHost => ({ usable: true, status: 200, type, body });
const refused = (body: Buffer, type = 'image/png'): PictureHost => ({ ...picture(body, type), usable: false });
/** What is said of the moment or of the request, not of the picture: the provider gets it all the same. */
const passing = (status: number, text: string): PictureHost => ({
	usable: true,
	status,
	type: 'text/plain',
	body: Buffer.from(text),
});
const denied = (status: number, type: string, text: string): PictureHost => ({
	usable: false,
	status,
	type,
	body: Buffer.from(text),
});
const xmlError = (code: string, message: string): string =>
	`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

const GOOD = picture(media('image.png'));
const WEBP = refused(otherFormat('picture.webp'), 'image/webp');
const BOT_WALL = { ...page(403, 'Just a moment...'), usable: true };
const GONE = denied(404, 'application/xml', xmlError('NoSuchKey', 'The specified key does not exist.'));

/** A link of each kind that people have; `usable` says which of them a provider can work with. */
export const PICTURE_HOSTS = {
	good: GOOD,
	goodJpeg: picture(media('image.jpg'), 'image/jpeg'),
	smallest: picture(pngOf(300, 300)),
	widest: picture(pngOf(750, 300)),
	octetStream: picture(media('image.png'), 'application/octet-stream'),
	textPlain: picture(media('image.png'), 'text/plain'),
	wrongType: picture(media('image.jpg'), 'image/webp'),
	rangeIgnored: { ...GOOD, ranges: 'ignored' },
	lateSize: picture(jpegWithLateSize(), 'image/jpeg'),
	redirected: { ...passing(302, ''), headers: { location: `${PICTURE_HOSTS_PATH}/good` } },
	usedUp: { ...GOOD, afterwards: page(404, 'This file has been deleted') },

	gone404: page(404, 'Not Found'),
	gone404Xml: GONE,
	gone410: page(410, 'Gone'),
	redirectedToGone: { ...denied(302, 'text/plain', ''), headers: { location: `${PICTURE_HOSTS_PATH}/gone404` } },
	expiredS3: denied(403, 'application/xml', xmlError('AccessDenied', 'Request has expired')),
	// Azure's storage begins its XML with a byte order mark.
	expiredAzure: denied(403, 'application/xml', `\ufeff${xmlError('AuthenticationFailed', 'Signature not valid')}`),
	deniedJson: denied(403, 'application/json', '{"error":{"code":403,"message":"Permission denied."}}'),
	unauthorizedJson: denied(401, 'application/json', '{"statusCode":"401","error":"Unauthorized"}'),
	signInPage: page(200, 'Sign in'),
	xmlPage: denied(200, 'application/xml', '<?xml version="1.0"?><ListBucketResult></ListBucketResult>'),
	jsonPage: denied(200, 'application/json', '{"url":"https://example.com/picture.png"}'),
	webp: WEBP,
	gif: refused(otherFormat('picture.gif'), 'image/gif'),
	heic: refused(otherFormat('picture.heic'), 'image/heic'),
	avif: refused(otherFormat('picture.avif'), 'image/avif'),
	bmp: refused(otherFormat('picture.bmp'), 'image/bmp'),
	tiff: refused(otherFormat('picture.tiff'), 'image/tiff'),
	pdf: refused(otherFormat('page.pdf'), 'application/pdf'),
	svg: refused(otherFormat('drawing.svg'), 'image/svg+xml'),
	huge: { ...refused(media('image.png')), sizeBytes: HUGE_BYTES },
	hugeRangeIgnored: { ...refused(media('image.png')), sizeBytes: HUGE_BYTES, ranges: 'ignored' },
	small: refused(pngOf(200, 200)),
	wide: refused(pngOf(1000, 300)),
	narrow: refused(pngOf(300, 1000)),

	// A look cannot know that these are of no use.
	hugeChunked: { ...refused(media('image.png')), sizeBytes: HUGE_BYTES, ranges: 'ignored', chunked: true },
	unknownBytes: refused(Buffer.from('KLNGunknown beginning of a file'), 'application/octet-stream'),
	empty: refused(Buffer.alloc(0)),

	// A CDN that chooses the format by what the client says it takes.
	webpByAccept: {
		...WEBP,
		usable: true,
		unless: { header: 'accept', matches: /^\*\/\*$|image\/(png|jpe?g)/, then: GOOD },
	},
	hotlinkWall: { ...BOT_WALL, unless: { header: 'user-agent', matches: /Mozilla/, then: GOOD } },
	botWall: BOT_WALL,
	loginWall: { ...page(401, 'Sign in'), usable: true },
	badRequest: passing(400, 'Bad Request'),
	notAllowed: passing(405, 'Method Not Allowed'),
	notSatisfiable: passing(416, 'Range Not Satisfiable'),
	rateLimited: { ...passing(429, 'Too Many Requests'), headers: { 'retry-after': '30' } },
	broken: passing(500, 'Internal Server Error'),
	busy: passing(503, 'Service Unavailable'),
	hangs: { ...GOOD, hangs: 'before' },
	stalls: { ...GOOD, hangs: 'after' },
} satisfies Readonly<Record<string, PictureHost>>;

export type PictureHostName = keyof typeof PICTURE_HOSTS;

/** What is behind this path of the emulator, if it is one of those links. */
export function hostAt(path: string): PictureHost | undefined {
	const hosts: Readonly<Record<string, PictureHost>> = PICTURE_HOSTS;
	const name = path.startsWith(`${PICTURE_HOSTS_PATH}/`) ? path.slice(PICTURE_HOSTS_PATH.length + 1) : '';
	return Object.hasOwn(hosts, name) ? hosts[name] : undefined;
}

function answering(host: PictureHost, request: FastifyRequest, earlier: number): PictureHost {
	const { unless, afterwards } = host;
	if (afterwards !== undefined && earlier > 0) return afterwards;
	const matches = unless?.matches.test(String(request.headers[unless.header] ?? '')) === true;
	return matches ? (unless?.then ?? host) : host;
}

function* bytesOf({ body, sizeBytes = body.length }: PictureHost, start: number, end: number): Generator<Buffer> {
	if (start < body.length) yield body.subarray(start, Math.min(end, body.length));
	for (let at = Math.max(start, body.length); at < Math.min(end, sizeBytes); at += SEGMENT_BYTES) {
		yield Buffer.alloc(Math.min(SEGMENT_BYTES, end - at));
	}
}

async function hang(host: PictureHost, reply: FastifyReply): Promise<FastifyReply> {
	reply.hijack();
	if (host.hangs === 'before') return reply;
	reply.raw.writeHead(host.status, { 'content-type': host.type, 'content-length': host.body.length });
	reply.raw.write(host.body.subarray(0, 8));
	return reply;
}

async function sendHost(host: PictureHost, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
	if (host.hangs !== undefined) return await hang(host, reply);
	const { status, type, body, sizeBytes = body.length, headers, ranges = 'honoured', chunked = false } = host;
	void reply.code(status).headers({ ...headers, 'content-type': type });
	const wanted = status === 200 && ranges === 'honoured' ? parseRange(request.headers.range, sizeBytes) : 'all';
	if (wanted === undefined) return await reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
	const { start, end } = wanted === 'all' ? { start: 0, end: sizeBytes } : wanted;
	if (wanted !== 'all') void reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
	if (!chunked) void reply.header('content-length', end - start);
	return await reply.send(Readable.from(bytesOf(host, start, end), { objectMode: false }));
}

/** Serves the links above. As links that are signed for GET, they refuse HEAD; and no key has any business there. */
export function pictureHostRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.get(`${PICTURE_HOSTS_PATH}/:name`, { config: { call: 'image' } }, async (request, reply) => {
		const { method, exchange, headers } = request;
		const { path } = exchange.record;
		if (headers.authorization !== undefined || headers['x-api-key'] !== undefined) {
			return await reply.code(400).type('text/plain').send('An API key was sent to a file host');
		}
		const host = hostAt(path);
		if (host === undefined) return await reply.code(404).type('text/plain').send('Not Found');
		if (method === 'HEAD') return await reply.code(403).send();
		const earlier = emulation.requests.filter((one) => one.path === path).length - 1;
		return await sendHost(answering(host, request, earlier), request, reply);
	});
}
