import { createHash, join, readFileSync, repositoryFolder } from '../support/node.cts';

/** The files in `test/fixtures/media`, see its README. */
export const MEDIA_FOLDER = join(repositoryFolder, 'test/fixtures/media');

/** Where the sample is served as a clip that somebody filmed. */
export const CLIP_PATH = '/clips/motion.mp4';
export const SAMPLE = readFileSync(join(MEDIA_FOLDER, 'video.mp4'));
/** An MP4 box starts with its size in 4 bytes and its type in 4. */
const BOX_HEADER_BYTES = 8;
/** An odd length, so that a download resumed at a wrong offset never looks right. */
const FILLER = makeFiller(65_521);
const CHUNK_BYTES = 65_536;

/** What makes a job's video: the sample, followed by media that no index points to, with the job's id in it: players skip it, and a cut hits it. */
export interface VideoOfJob {
	readonly id: string;
	/** The least size of the whole file. */
	readonly videoBytes: number;
}

function makeFiller(length: number): Buffer {
	const filler = Buffer.alloc(length);
	for (let index = 0; index < length; index += 1) filler[index] = (index * 167 + (index >>> 8) * 13) & 0xff;
	return filler;
}

function headOf(job: VideoOfJob): Buffer {
	const label = Buffer.from(`kling-video-emulator job ${job.id}\n`);
	const header = Buffer.alloc(BOX_HEADER_BYTES);
	header.writeUInt32BE(videoSize(job) - SAMPLE.length);
	header.write('mdat', 4, 'latin1');
	return Buffer.concat([SAMPLE, header, label]);
}

/** The size of the whole file in bytes. */
export function videoSize(job: VideoOfJob): number {
	const least = SAMPLE.length + BOX_HEADER_BYTES + `kling-video-emulator job ${job.id}\n`.length;
	return Math.max(least, job.videoBytes);
}

/** The file's bytes from `start` up to, not including, `end`; made while they are read, never held as a whole. */
export function* videoChunks(job: VideoOfJob, start = 0, end = videoSize(job)): Generator<Buffer> {
	const head = headOf(job);
	if (start < head.length) yield head.subarray(start, Math.min(end, head.length));
	let position = Math.max(start, head.length);
	while (position < end) {
		const from = position % FILLER.length;
		const chunk = FILLER.subarray(from, Math.min(FILLER.length, from + CHUNK_BYTES, from + end - position));
		yield chunk;
		position += chunk.length;
	}
}

const hashes = new WeakMap<VideoOfJob, string>();

/** SHA-256 of the whole file, in hex. */
export function videoSha256(job: VideoOfJob): string {
	const known = hashes.get(job);
	if (known !== undefined) return known;
	const hash = createHash('sha256');
	for (const chunk of videoChunks(job)) hash.update(chunk);
	const digest = hash.digest('hex');
	hashes.set(job, digest);
	return digest;
}
