// npm run demo -- --n8n: the real n8n editor at localhost, with the package, both emulated APIs and the examples in it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHost } from './hosts.mjs';
import { build, root } from './steps.mjs';

const VERSION = '2.41.1';

/** Packs the package, starts n8n with it, and stays until Ctrl-C. */
export async function openEditor() {
	build();
	const host = await ensureHost(VERSION);
	const folder = mkdtempSync(join(tmpdir(), 'kling-demo-'));
	const pack = ['pack', '--json', '--pack-destination', folder];
	const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }));
	const env = {
		...process.env,
		KLING_E2E_HOSTS: JSON.stringify([host]),
		KLING_E2E_TARBALL: join(folder, packed.filename),
	};
	const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'test/demo/editor-main.cts'], {
		cwd: root,
		stdio: 'inherit',
		env,
	});
	// It ends n8n itself; leaving before it would orphan the server.
	for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
	process.exitCode = await new Promise((done) => child.on('exit', (code) => done(code ?? 0)));
	rmSync(folder, { recursive: true, force: true });
}
