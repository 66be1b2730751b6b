// Whatever a run starts or writes goes with it: on success, on failure, on Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const groups = new Set<number>();
const folders = new Set<string>();

/** Remembers a process group to be killed, at the latest when this process exits. */
export function rememberGroup(groupId: number): void {
	groups.add(groupId);
}

/** Sends `signal` to every process of the group; a group that is gone is no error. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-groupId, signal);
	} catch (error) {
		if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
	}
}

/** Kills the group and forgets it, since the system may give its number to somebody else. */
export function endGroup(groupId: number): void {
	if (groups.delete(groupId)) signalGroup(groupId, 'SIGKILL');
}

/** A new empty folder, removed when this process exits. */
export function temporaryFolder(prefix: string): string {
	const folder = mkdtempSync(join(tmpdir(), prefix));
	folders.add(folder);
	return folder;
}

/** Removes a temporary folder now. */
export function removeFolder(folder: string): void {
	rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	folders.delete(folder);
}

process.on('exit', () => {
	for (const groupId of groups) endGroup(groupId);
	for (const folder of folders) removeFolder(folder);
});
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
