// npm run demo [-- --provider coreToday|runpod] [-- --model <id>] [-- --image <public url>] [-- --video <public url>] [-- --prompt <text>] [-- --yes] [-- --n8n]
// Makes a video in n8n's own engine, against the emulator, or, with a key in the environment, against the real API.
// With --n8n it opens the real n8n editor at localhost instead, with the package, both emulated APIs and the example
// workflows in it, until Ctrl-C.
import { runWithHosts } from './hosts.mjs';
import { build, install, runToEnd, typescript } from './steps.mjs';

const EDITOR_VERSION = '2.41.1';
const args = process.argv.slice(2);

await install();
if (args.includes('--n8n')) {
	process.exitCode = await runWithHosts('test/demo/editor-main.cts', [EDITOR_VERSION]);
} else {
	await build();
	process.exitCode = await runToEnd(process.execPath, [...typescript('test/demo/main.cts'), ...args]);
}
