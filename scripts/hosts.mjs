// Installs the n8n servers that the end-to-end tests, the scale test, the bench and the demo run in, and runs programs
// with them. An installation (2–3 GB) is made once per cache folder and version, and reused.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { build, pack, runToEnd, typescript } from './steps.mjs';

// Overrides: the versions these n8n releases name are not on the npm registry any more.
const hosts = {
	'2.8.4': {
		overrides: { linkedom: '0.18.12', xlsx: '0.18.5' },
		node: { majors: [20, 21, 22], version: '20.20.2' },
	},
	'2.41.1': { overrides: { linkedom: '0.18.12' }, node: { majors: [24], version: '24.21.0' } },
};

export const hostVersions = Object.keys(hosts);

/** Where host installations live: KLING_E2E_CACHE, else the user's cache folder. */
function cacheFolder() {
	return (
		process.env.KLING_E2E_CACHE ??
		join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'n8n-nodes-kling-video', 'hosts')
	);
}

/** The npm package that carries a Node this host runs on, or undefined where the running Node will do. */
function nodePackage({ majors, version }) {
	if (majors.includes(Number(process.versions.node.split('.')[0]))) return undefined;
	return { name: `node-${process.platform}-${process.arch}`, version };
}

function packageJsonOf(version) {
	const carried = nodePackage(hosts[version].node);
	const dependencies = { n8n: version, ...(carried && { [carried.name]: carried.version }) };
	return JSON.stringify({ private: true, dependencies, overrides: hosts[version].overrides }, null, '\t');
}

/** The folder of the package that carries this host's Node, with bin/ and include/, or undefined. */
function carriedNode(version, folder) {
	const carried = nodePackage(hosts[version].node);
	return carried && join(folder, 'node_modules', carried.name);
}

function nodeFolderOf(version, folder) {
	const carried = carriedNode(version, folder);
	return carried ? join(carried, 'bin') : dirname(process.execPath);
}

// Inside `npm run` npm tells its children about the project at hand (folder, ignore-scripts); none of it holds for a host.
function environment(version, folder) {
	const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
	const carried = carriedNode(version, folder);
	return {
		...Object.fromEntries(kept),
		PATH: nodeFolderOf(version, folder) + delimiter + process.env.PATH,
		// What compiles finds its headers here instead of downloading them.
		...(carried && { npm_config_nodedir: carried }),
	};
}

function npm(folder, args, env) {
	return new Promise((done, reject) => {
		const child = spawn('npm', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
		let output = '';
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
		child.on('error', reject);
		child.on('exit', (code) => {
			if (code === 0) done();
			else reject(new Error(`npm ${args.join(' ')} in ${folder} ended with ${code}:\n${output.slice(-4000)}`));
		});
	});
}

function checkThatSqliteLoads(folder, env) {
	try {
		execFileSync('node', ['-e', "require('sqlite3')"], { cwd: folder, env, stdio: 'pipe' });
	} catch (error) {
		throw new Error(`SQLite's binary does not load in ${folder}; building it takes a C++ toolchain and Python.`, {
			cause: error,
		});
	}
}

async function install(version, folder) {
	mkdirSync(dirname(folder), { recursive: true });
	const unfinished = mkdtempSync(`${folder}.unfinished-`);
	try {
		writeFileSync(join(unfinished, 'package.json'), packageJsonOf(version));
		const env = environment(version, unfinished);
		await npm(unfinished, ['install', '--ignore-scripts', '--no-audit', '--no-fund'], env);
		await npm(unfinished, ['rebuild', '--ignore-scripts=false', 'sqlite3'], env);
		checkThatSqliteLoads(unfinished, env);
		writeFileSync(join(unfinished, '.complete'), packageJsonOf(version));
		rmSync(folder, { recursive: true, force: true });
		renameSync(unfinished, folder);
	} catch (error) {
		rmSync(unfinished, { recursive: true, force: true });
		// Another run may have put the same installation there in the meantime.
		if (!isComplete(version, folder)) throw error;
	}
}

function isComplete(version, folder) {
	const stamp = join(folder, '.complete');
	return existsSync(stamp) && readFileSync(stamp, 'utf8') === packageJsonOf(version);
}

/**
 * Makes sure that n8n `version` is installed.
 * Returns `{ version, folder, nodeFolder }`: `node` of nodeFolder runs `node_modules/n8n/bin/n8n` of folder.
 */
async function ensureHost(version) {
	if (!hosts[version]) throw new Error(`no such host: ${version}; there are ${hostVersions.join(' and ')}`);
	const folder = join(cacheFolder(), version);
	if (!isComplete(version, folder)) {
		const startedAt = Date.now();
		console.log(`installing n8n ${version} into ${folder} (once; 2–3 GB)`);
		await install(version, folder);
		console.log(`installed n8n ${version} in ${Math.round((Date.now() - startedAt) / 1000)} s`);
	}
	return { version, folder, nodeFolder: nodeFolderOf(version, folder) };
}

/** Builds and packs this package as it would be published; the tarball's path. */
async function packHere() {
	await build();
	return pack().path;
}

/**
 * Runs a TypeScript program of test/ that starts n8n servers of these versions with the package in them, and resolves
 * with its exit code. The program finds what it needs in its environment (test/e2e/harness/settings.cts): where the
 * servers are installed, the package's tarball, which is packed here unless one is given, and the settings.
 */
export async function runWithHosts(file, versions, { tarball, ...settings } = {}) {
	const given = { ...settings, tarball: tarball === undefined ? await packHere() : resolve(tarball) };
	const installations = await Promise.all(versions.map(ensureHost));
	return await runWithSettings(file, { ...given, installations });
}

/** Runs a TypeScript program of test/ with settings in its environment, and resolves with its exit code. */
export async function runWithSettings(file, settings) {
	const env = { ...process.env, KLING_SETTINGS: JSON.stringify(settings) };
	return await runToEnd(process.execPath, typescript(file), { env });
}
