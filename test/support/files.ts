import { createHash, join, readFileSync, repositoryFolder } from './node.cts';

/** The bytes of a file below test/fixtures. */
export function readFixture(path: string): Buffer {
	return readFileSync(join(repositoryFolder, 'test/fixtures', path));
}

/** The SHA-256 of bytes, in hex, as the emulator tells it of its videos. */
export function sha256(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}
