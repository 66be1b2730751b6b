// npm run test:e2e [-- --host 2.8.4|2.41.1] [--only <part of a scenario's name>] [--update-images] [--tarball <file>]
// Packs the package as it would be published, installs the n8n servers once, and runs test/e2e in them.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureHost, hostVersions } from './hosts.mjs';
import { install, root } from './steps.mjs';

function run(command, args) {
	execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Builds and packs the package into `folder`; the tarball's path. */
function pack(folder) {
	run('npm', ['run', 'build']);
	const [packed] = JSON.parse(
		execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }),
	);
	return join(folder, packed.filename);
}

function runScenarios(tarball, hosts, options) {
	const args = ['--require', 'tsx/cjs', 'test/e2e/main.cts'];
	const env = {
		...process.env,
		KLING_E2E_HOSTS: JSON.stringify(hosts),
		KLING_E2E_TARBALL: tarball,
		KLING_E2E_ONLY: options.only ?? '',
		KLING_E2E_UPDATE_IMAGES: options['update-images'] ? '1' : '',
	};
	const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env });
	// The scenarios' process ends its servers itself; leaving before it would orphan them.
	for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
	return new Promise((done) => child.on('exit', (code) => done(code ?? 1)));
}

async function main() {
	const { values: options } = parseArgs({
		options: {
			host: { type: 'string' },
			only: { type: 'string' },
			tarball: { type: 'string' },
			'update-images': { type: 'boolean' },
		},
	});
	install();
	const folder = mkdtempSync(join(tmpdir(), 'kling-e2e-pack-'));
	try {
		const tarball = options.tarball ? resolve(options.tarball) : pack(folder);
		const hosts = await Promise.all((options.host ? [options.host] : hostVersions).map(ensureHost));
		process.exitCode = await runScenarios(tarball, hosts, options);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

await main();
