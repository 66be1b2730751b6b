// What tests, emulator and bench take from Node itself. Stock lint forbids these in every .ts file, as they must
// not ship; in this one place they are fine.
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as timersSleep } from 'node:timers/promises';

export { createHash, randomInt, randomUUID } from 'node:crypto';
export {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	readdirSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
export { execFileSync, spawn, spawnSync } from 'node:child_process';
export type { ChildProcess } from 'node:child_process';
export { tmpdir, homedir } from 'node:os';
export { dirname, join, relative, resolve } from 'node:path';
export { Readable } from 'node:stream';
export { isDeepStrictEqual, parseArgs } from 'node:util';
export { gzipSync } from 'node:zlib';
export type { AddressInfo, Socket } from 'node:net';

/** The process' environment variables. */
export const env = process.env;
export const argv = process.argv.slice(2);
/** The Node that runs this. */
export const nodePath = process.execPath;

/** Resolves after `ms` of real time: for emulating a slow server, never for waiting in a test. */
export async function sleepMs(ms: number): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Does something again and again, as long as anything else keeps the process alive. */
export function everyMs(ms: number, action: () => void): void {
	setInterval(action, ms).unref();
}

/** Resolves once everything that can run now has run. */
export async function nextTurn(): Promise<void> {
	await new Promise((resolve) => setImmediate(resolve));
}

/** The folder that `package.json` is in. */
export const repositoryFolder = join(__dirname, '../..');

/** The exports of the module at this path. Stock lint forbids `require` in every .ts file. */
export const load = (path: string): unknown => require(path);

/** Real time as a `Clock`; its sleeps do not keep the process alive. */
export const realClock = {
	now: (): number => Date.now(),
	sleep: async (ms: number): Promise<void> => await timersSleep(ms, undefined, { ref: false }),
};

/** Asks the person at the terminal; the answer without its line end. An ended input answers nothing. */
export async function askUser(question: string): Promise<string> {
	const terminal = createInterface({ input: process.stdin, output: process.stdout });
	const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
	const answer = await Promise.race([terminal.question(question), ended]);
	terminal.close();
	return answer;
}

/** Processor time of this process so far. */
export function cpuSeconds(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
}

export function heapMegabytes(): number {
	return process.memoryUsage().heapUsed / 2 ** 20;
}
