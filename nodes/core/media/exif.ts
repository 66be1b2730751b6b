import { latin1, uint16, uint32 } from './reading';
import type { ImageSize } from './reading';

const ORIENTATION_TAG = 0x0112;
const ENTRY_BYTES = 12;

/**
 * Whether an Exif block says that the picture is shown on its side (orientations 5 to 8), so that width and height
 * change places. False for every block that cannot be read: a viewer then ignores it too.
 * Source: Exif 2.32 (CIPA DC-008), 4.5.2 and 4.6.4; TIFF 6.0, section 2.
 * @param exif from its byte order mark (`II` or `MM`) on
 */
export function isOnItsSide(exif: Uint8Array): boolean {
	const order = latin1(exif, 0, 2);
	if (order !== 'II' && order !== 'MM') return false;
	const read16 = (at: number) => {
		const value = uint16(exif, at);
		return order === 'MM' ? value : (value % 0x100) * 0x100 + Math.floor(value / 0x100);
	};
	const directory = order === 'MM' ? uint32(exif, 4) : read16(4) + read16(6) * 0x10000;
	const entries = Math.min(read16(directory), Math.floor(exif.length / ENTRY_BYTES));
	for (let index = 0; index < entries; index++) {
		const at = directory + 2 + index * ENTRY_BYTES;
		if (read16(at) === ORIENTATION_TAG) return read16(at + 8) >= 5 && read16(at + 8) <= 8;
	}
	return false;
}

/** The size as displayed. */
export function displayedSize(width: number, height: number, onItsSide: boolean): ImageSize {
	return onItsSide ? { kind: 'size', width: height, height: width } : { kind: 'size', width, height };
}
