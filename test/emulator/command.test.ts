import { env, repositoryFolder, spawn } from '../support/node.cts';

/** Far more than it takes; only a process that stays for good is not gone by then. */
const TIMEOUT_MS = 30_000;

test(
	'npm run emulator ends when it is told to, and leaves no process behind',
	async () => {
		const npm = spawn('npm', ['run', 'emulator'], {
			cwd: repositoryFolder,
			env: { ...env, EMULATOR_PORT: '0' },
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		// npm's output is closed when the last process is gone that writes to it.
		const gone = new Promise((resolve) => npm.once('close', resolve));
		const url = await new Promise<string>((resolve) => {
			let output = '';
			npm.stdout.on('data', (text) => {
				output += String(text);
				const [found] = /http\S+image\.png/.exec(output) ?? [];
				if (found !== undefined) resolve(found);
			});
		});
		expect((await fetch(url)).status).toBe(200);
		npm.kill('SIGTERM');
		await gone;
		await expect(fetch(url)).rejects.toThrow('fetch failed');
	},
	TIMEOUT_MS,
);
