// npm run test:scale [-- --quick | --same-load] [-- --only queue|faults|soak|security] [-- --tarball <file>]
// Measures how the package holds under load and faults; docs/reliability.md keeps the figures. Under 40 minutes on two
// cores, --quick under 3. With --same-load, wait mode gets the whole load of callback mode: an hour more. Queue mode
// needs Redis and PostgreSQL (compose.yaml starts both), the rest nothing.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureHost } from './hosts.mjs';
import { build, install, root, run, tool } from './steps.mjs';

const N8N_VERSION = '2.41.1';
const PARTS = ['security', 'faults', 'queue', 'soak'];

function readOptions() {
	const { values } = parseArgs({
		options: {
			quick: { type: 'boolean', default: false },
			'same-load': { type: 'boolean', default: false },
			only: { type: 'string' },
			tarball: { type: 'string' },
		},
	});
	if (values.only !== undefined && !PARTS.includes(values.only)) {
		console.error(`--only takes one of ${PARTS.join(', ')}`);
		process.exit(2);
	}
	return values;
}

/** Packs the package as it would be published; the tarball's path. */
function pack(folder) {
	build();
	const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
	const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }));
	return join(folder, packed.filename);
}

/** Runs the parts in one process, which ends the servers that it started itself. */
function measure(settings) {
	const args = ['--require', 'tsx/cjs', 'test/scale/main.cts'];
	const env = { ...process.env, KLING_SCALE: JSON.stringify(settings) };
	const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env });
	for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
	return new Promise((done) => child.on('exit', (code) => done(code ?? 1)));
}

async function main() {
	const { quick, 'same-load': sameLoad, only, tarball } = readOptions();
	const wanted = only === undefined ? PARTS : [only];
	install();
	if (wanted.includes('security')) {
		run('Security', tool('jest'), ['--config', 'test/jest.config.cjs', 'test/security']);
		run('What ships, against known weaknesses', 'npm', ['audit', '--omit=dev']);
	}
	const parts = wanted.filter((part) => part !== 'security');
	if (parts.length === 0) return;
	const folder = mkdtempSync(join(tmpdir(), 'kling-scale-'));
	try {
		const needsHost = parts.some((part) => part !== 'faults');
		const settings = {
			parts,
			quick,
			sameLoad,
			...(needsHost && {
				tarball: tarball ? resolve(tarball) : pack(folder),
				installation: await ensureHost(N8N_VERSION),
			}),
		};
		process.exitCode = await measure(settings);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

await main();
