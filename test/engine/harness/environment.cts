// What the engine needs of the process, set before n8n-core is loaded: its configuration reads these variables once.
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// n8n's own folder: settings, keys and stored binary files of this process.
const userFolder = mkdtempSync(join(tmpdir(), 'n8n-engine-'));
process.env.N8N_USER_FOLDER = userFolder;
// The harness takes the lines itself; n8n's console output stays quiet.
process.env.N8N_LOG_LEVEL = 'silent';

const removeUserFolder = () => rmSync(userFolder, { recursive: true, force: true });
// Jest gives its tests a copy of `process` that never exits.
if (typeof afterAll === 'function') afterAll(removeUserFolder);
else process.once('exit', removeUserFolder);

/** One line a node or the engine logged. */
export interface LogLine {
	readonly level: 'error' | 'warn' | 'info' | 'debug';
	readonly message: string;
	readonly meta: Readonly<Record<string, unknown>>;
}

/** Leads every log line to the execution that is running, however many run at once. */
export const logScope = new AsyncLocalStorage<LogLine[]>();

/** A timer that does not keep the process alive. Returns what clears it. */
export function after(ms: number, action: () => void): () => void {
	const timer = setTimeout(action, ms).unref();
	return () => clearTimeout(timer);
}
