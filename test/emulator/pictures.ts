import type { FastifyInstance, FastifyReply } from 'fastify';
import { imageSize } from 'image-size';
import { request as httpRequest } from 'undici';
import { join, readdirSync, readFileSync } from '../support/node.cts';
import type { Emulation, UploadedPicture } from './emulation';
import { MEDIA_FOLDER } from './video';

/** Kling's own limits for pictures: docs/providers.md#kling-limits. */
export const PICTURE_MAX_BYTES = 10_000_000;
const MIN_SIDE_PX = 300;
const MAX_ASPECT = 2.5;
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);
const FETCH_TIMEOUT_MS = 5000;
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

async function fetchedProblem(url: URL): Promise<string | undefined> {
	try {
		const timeouts = { headersTimeout: FETCH_TIMEOUT_MS, bodyTimeout: FETCH_TIMEOUT_MS };
		const { statusCode, body } = await httpRequest(url, timeouts);
		const bytes = Buffer.from(await body.arrayBuffer());
		return statusCode === 200 ? pictureProblem(bytes) : `Invalid image URL (HTTP ${statusCode})`;
	} catch {
		return 'Invalid image URL (cannot be reached)';
	}
}

/**
 * Why the provider could not use this picture, or undefined. A link is followed as far as that needs no network:
 * on the emulator the picture must exist, and on another server of this machine (an n8n's signed link) it is fetched.
 */
export async function pictureReferenceProblem(emulation: Emulation, reference: string): Promise<string | undefined> {
	if (reference.startsWith('data:')) {
		return pictureProblem(Buffer.from(reference.slice(reference.indexOf(',') + 1), 'base64'));
	}
	if (!URL.canParse(reference)) return 'Invalid image URL';
	const url = new URL(reference);
	if (url.origin === emulation.origin) return pictureAt(emulation, url.pathname) ? undefined : 'Invalid image URL';
	return LOOPBACK_HOSTS.has(url.hostname) ? await fetchedProblem(url) : undefined;
}

function pictureAt(emulation: Emulation, path: string): UploadedPicture | undefined {
	return SAMPLES.get(path) ?? emulation.uploaded.get(path);
}

/** Serves the sample pictures at `/images/…` and what was uploaded at `/uploaded/…`. */
export function pictureRoutes(server: FastifyInstance, emulation: Emulation): void {
	const serve = (path: string, reply: FastifyReply): FastifyReply => {
		const picture = pictureAt(emulation, path);
		if (picture === undefined) return reply.code(404).type('text/plain').send('Not Found');
		return reply.type(picture.contentType).send(picture.bytes);
	};
	for (const prefix of ['/images', '/uploaded']) {
		server.get(`${prefix}/*`, { config: { call: 'image' } }, (request, reply) =>
			serve(new URL(request.url, emulation.origin).pathname, reply),
		);
	}
}
