import type { FastifyInstance, FastifyReply } from 'fastify';
import { imageSize } from 'image-size';
import { createHash, join, readdirSync, readFileSync } from '../support/node.cts';
import type { Emulation, UploadedPicture } from './emulation';
import { MEDIA_FOLDER } from './video';

/** Kling's own limits; docs/providers.md. */
export const PICTURE_MAX_BYTES = 10_000_000;
const MIN_SIDE_PX = 300;
const MAX_ASPECT = 2.5;
const CONTENT_TYPES: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg' };

/** The pictures of `test/fixtures/media`, by their path on the emulator. */
const SAMPLES: ReadonlyMap<string, UploadedPicture> = new Map(
	readdirSync(MEDIA_FOLDER)
		.filter((name) => /\.(png|jpg)$/.test(name))
		.map((name) => [
			`/images/${name}`,
			{ bytes: readFileSync(join(MEDIA_FOLDER, name)), contentType: CONTENT_TYPES[name.slice(-3)] ?? '' },
		]),
);

/** Why these bytes are no picture that Kling takes, or undefined. */
export function pictureProblem(bytes: Uint8Array): string | undefined {
	if (bytes.length > PICTURE_MAX_BYTES) return `picture of ${bytes.length} bytes is larger than ${PICTURE_MAX_BYTES}`;
	try {
		const { type, width, height } = imageSize(bytes);
		if (type !== 'png' && type !== 'jpg') return `picture format ${type} is not supported`;
		if (Math.min(width, height) < MIN_SIDE_PX) return `picture of ${width}x${height} is smaller than ${MIN_SIDE_PX} px`;
		const aspect = Math.max(width, height) / Math.min(width, height);
		return aspect > MAX_ASPECT ? `picture of ${width}x${height} is beyond 1:${MAX_ASPECT}` : undefined;
	} catch {
		return 'picture cannot be read';
	}
}

/** As in the documents' sample (docs/providers.md#coretoday-files). */
const LINK_LIFE_SECONDS = 3600;

/** The link of an uploaded file. Its form beyond `Expires` is not documented; it is CloudFront's here. */
export function uploadedLink({ clock, origin, options }: Emulation, objectKey: string): string {
	const link = new URL(`/uploaded/${objectKey}`, origin);
	const ends = String(Math.floor(clock.now() / 1000) + (options.uploadLinkSeconds ?? LINK_LIFE_SECONDS));
	const signed = { Expires: ends, Signature: signatureOf(link.pathname, ends), 'Key-Pair-Id': 'EMULATOR' };
	link.search = new URLSearchParams(signed).toString();
	return link.href;
}

function signatureOf(path: string, ends: string): string {
	return createHash('sha256').update(`${path} ${ends}`).digest('hex');
}

/** Nothing, once the link's time is over. */
function uploadedAt({ clock, uploaded }: Emulation, { pathname, searchParams }: URL): UploadedPicture | undefined {
	const ends = searchParams.get('Expires') ?? '';
	const isSigned = searchParams.get('Signature') === signatureOf(pathname, ends);
	return isSigned && clock.now() < Number(ends) * 1000 ? uploaded.get(pathname) : undefined;
}

/** What the emulator itself gives for this link. */
export function pictureAt(emulation: Emulation, link: URL): UploadedPicture | undefined {
	return SAMPLES.get(link.pathname) ?? uploadedAt(emulation, link);
}

/** Serves the sample pictures at `/images/…` and what was uploaded at `/uploaded/…`. */
export function pictureRoutes(server: FastifyInstance, emulation: Emulation): void {
	const serve = (link: URL, reply: FastifyReply): FastifyReply => {
		const picture = pictureAt(emulation, link);
		if (picture === undefined) return reply.code(404).type('text/plain').send('Not Found');
		return reply.type(picture.contentType).send(picture.bytes);
	};
	for (const prefix of ['/images', '/uploaded']) {
		server.get(`${prefix}/*`, { config: { call: 'image' } }, (request, reply) =>
			serve(new URL(request.url, emulation.origin), reply),
		);
	}
}
