// What the commands of this project share: installing what is missing, running tools, building and packing.
// package.json starts them by `exec`, which puts Node in the place of npm's shell. Without it the shell takes the signal
// that npm passes on, and what it has started stays behind.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SIGNALS = ['SIGINT', 'SIGTERM'];

/** The path of a tool that is installed with the project. */
export const tool = (name) => join(root, 'node_modules', '.bin', name);

/** The arguments with which Node runs a program that is written in TypeScript. */
export const typescript = (file) => ['--require', 'tsx/cjs', file];

/**
 * Runs a command in the project's folder and resolves with its exit code. SIGINT and SIGTERM are passed on to it, and
 * this process stays until the command has ended, so that the command can end what it has started itself.
 */
export async function runToEnd(command, args, options = {}) {
	const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
	const passOn = (signal) => child.kill(signal);
	for (const signal of SIGNALS) process.on(signal, passOn);
	try {
		const [exitCode, signal] = await once(child, 'exit');
		return exitCode ?? 128 + constants.signals[signal];
	} finally {
		for (const signal of SIGNALS) process.off(signal, passOn);
	}
}

/** Runs a command as a step with a title, which is printed with its duration. If it fails, this process ends, too. */
export async function run(title, command, args = [], options = {}) {
	const startMs = Date.now();
	console.log(`\n▶ ${title}`);
	const exitCode = await runToEnd(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
	const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
	if (exitCode !== 0) {
		console.error(`✗ ${title} failed after ${seconds} s`);
		process.exit(exitCode);
	}
	console.log(`✓ ${title} (${seconds} s)`);
}

/** The JSON in a file of the project. */
export const readJson = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** What the project itself asks for is pinned, so each of it has to be there in that very version. */
function isInstalled() {
	return Object.entries(readJson('package.json').devDependencies).every(([name, version]) => {
		const folder = join('node_modules', name);
		return existsSync(join(root, folder)) && readJson(folder, 'package.json').version === version;
	});
}

/** Installs the project's packages unless they are there. */
export async function install() {
	if (isInstalled()) return;
	// The scripts of the packages stay off (.npmrc): one of them compiles for minutes, and none is needed.
	// `npm ci` is not used: it demands that the lock file has every other platform's binaries, which not every registry
	// serves.
	await run('Installing packages', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel', 'error']);
}

/** Builds what ships into dist/. */
export async function build() {
	await run('Building', process.execPath, ['scripts/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A new folder, which is removed when this process ends. */
export function temporaryFolder() {
	const folder = mkdtempSync(join(tmpdir(), 'kling-'));
	process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/**
 * Packs this package as it would be published, after it was built, or fetches a published one by its name. Returns what
 * `npm pack` says of the tarball, with its `path`; it is removed when this process ends.
 */
export function pack(published) {
	const folder = temporaryFolder();
	const args = ['pack', ...(published === undefined ? [] : [published]), '--json', '--pack-destination', folder];
	const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
	const [packed] = JSON.parse(output);
	return { ...packed, path: join(folder, packed.filename) };
}
