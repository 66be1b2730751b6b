// npm run bench [-- --only poll|package|memory]: one table a run. Nothing here is a limit in a test.
// "memory" runs in real n8n servers of both versions and installs them if they are missing (see npm run test:e2e).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, root, run, tool } from './steps.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wants = (part) => values.only === undefined || values.only === part;

install();
if (wants('poll')) run('Polling', tool('tsx'), ['test/bench/poll-main.cts']);
if (wants('package') || wants('memory')) build();
if (wants('package')) run('Package', process.execPath, ['test/bench/package.mjs']);
if (wants('memory')) {
	const { ensureHost, hostVersions } = await import('./hosts.mjs');
	const hosts = [];
	for (const version of hostVersions) hosts.push(await ensureHost(version));
	const folder = mkdtempSync(join(tmpdir(), 'kling-bench-'));
	try {
		const pack = ['pack', '--json', '--pack-destination', folder];
		const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }));
		const env = {
			...process.env,
			KLING_E2E_HOSTS: JSON.stringify(hosts),
			KLING_E2E_TARBALL: join(folder, packed.filename),
		};
		run('Memory of ten downloads of 50 MB', process.execPath, ['--require', 'tsx/cjs', 'test/bench/memory-main.cts'], {
			env,
		});
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
