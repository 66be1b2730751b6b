import type { Mp4End } from '../core/media/mp4';

/** Ends a download for good: another try would end the same way. */
export class FinalFault extends Error {}

/**
 * Why a file that came to its end is not the whole video; undefined if it is. A whole MP4 is whole whatever length was
 * announced, as n8n unzips a body and keeps the length it had zipped; other files are judged by their length alone.
 */
export function faultOf(end: Mp4End, bytes: number, announcedBytes = bytes): Error | undefined {
	if (bytes === 0) return new RangeError('the file is empty');
	if (end === 'text') return new FinalFault('the server sent text instead of a video');
	if (end === 'whole') return undefined;
	if (bytes < announcedBytes) return new RangeError(`only ${bytes} of ${announcedBytes} bytes came`);
	if (end === 'cut') return new RangeError(`the file ended in the middle, after ${bytes} bytes`);
	return bytes === announcedBytes ? undefined : new RangeError(`${bytes} bytes came instead of ${announcedBytes}`);
}
