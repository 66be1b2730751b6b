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
	const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
	const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
	if (error !== undefined || status !== 0) {
		console.error(`✗ ${title} failed after ${seconds} s${error === undefined ? '' : `: ${error.message}`}`);
		process.exit(status === null || status === 0 ? 1 : status);
	}
	console.log(`✓ ${title} (${seconds} s)`);
}

/** The path of a tool that is installed with the project. */
export const tool = (name) => join(root, 'node_modules', '.bin', name);

function packagesOf(lockFile) {
	const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
	return Object.entries(packages).filter(([path]) => path !== '');
}

/** npm writes down what it installed; every package of ours that is not optional has to be there in its version. */
function isInstalled() {
	const installed = join(root, 'node_modules', '.package-lock.json');
	if (!existsSync(installed)) return false;
	const have = new Map(packagesOf(installed).map(([path, { version }]) => [path, version]));
	return packagesOf(join(root, 'package-lock.json')).every(
		([path, { version, optional, devOptional, link }]) => optional || devOptional || link || have.get(path) === version,
	);
}

/** Installs the project's packages unless they are there in the versions of the lock file. */
export function install() {
	if (isInstalled()) return;
	// The scripts of the packages stay off (.npmrc): one of them compiles for minutes, and none is needed.
	run('Installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error']);
}

/** Builds what ships into dist/. */
export function build() {
	run('Building', process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
}
