// What the commands of this project share: installing what is missing, and running tools with a word of what is done.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the project's folder; on failure ends this process with its exit code. */
export function run(title, command, args = [], options = {}) {
	const startMs = Date.now();
	console.log(`\n▶ ${title}`);
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		stdio: ['ignore', 'inherit', 'inherit'],
		...options,
	});
	const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
	if (error !== undefined || status !== 0) {
		console.error(`✗ ${title} failed after ${seconds} s${error === undefined ? '' : `: ${error.message}`}`);
		process.exit(status === null || status === 0 ? 1 : status);
	}
	console.log(`✓ ${title} (${seconds} s)`);
}

/** The path of a tool that is installed with the project. */
export const tool = (name) => join(root, 'node_modules', '.bin', name);

const readJson = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** What the project itself asks for is pinned, so each of it has to be there in that very version. */
function isInstalled() {
	return Object.entries(readJson('package.json').devDependencies).every(([name, version]) => {
		const folder = join('node_modules', name);
		return existsSync(join(root, folder)) && readJson(folder, 'package.json').version === version;
	});
}

/** Installs the project's packages unless they are there. */
export function install() {
	if (isInstalled()) return;
	// The scripts of the packages stay off (.npmrc): one of them compiles for minutes, and none is needed.
	// Not `npm ci`: it demands that the lock file has every other platform's binaries, which not every registry serves.
	run('Installing packages', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel', 'error']);
}

/** Builds what ships into dist/. */
export function build() {
	run('Building', process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
}
