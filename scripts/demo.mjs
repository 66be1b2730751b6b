// npm run demo [-- --provider coreToday|runpod] [-- --model <id>] [-- --image <public url>] [-- --video <public url>] [-- --prompt <text>] [-- --yes] [-- --n8n]
// Makes a video in n8n's own engine, against the emulator, or, with a key in the environment, against the real API.
// With --n8n it opens the real editor instead, with the package, the emulator and the example workflows in it.
import { build, install, run } from './steps.mjs';

install();
const args = process.argv.slice(2);
if (args.includes('--n8n')) {
	const { openEditor } = await import('./demoEditor.mjs');
	await openEditor();
} else {
	build();
	run('Demo', process.execPath, ['--require', 'tsx/cjs', 'test/demo/main.cts', ...args], { stdio: 'inherit' });
}
