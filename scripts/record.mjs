// npm run record -- --model <id> [--image <public url>] [--video <public url>] [--prompt <text>] [--yes]
// Makes ONE PAID video at the real API, with a key from the environment (RUNPOD_API_KEY or CORE_TODAY_API_KEY), after
// saying what it costs and asking, and writes the API's replies as fixtures, without keys and private links.
import { install, runToEnd, typescript } from './steps.mjs';

await install();
const args = [...typescript('test/demo/record-main.cts'), ...process.argv.slice(2)];
process.exitCode = await runToEnd(process.execPath, args);
