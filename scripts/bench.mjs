// npm run bench [-- --only poll|package|memory]: one table a run. Nothing here is a limit in a test.
// "memory" runs in real n8n servers of both versions and installs them if they are missing (see npm run test:e2e).
import { parseArgs } from 'node:util';
import { hostVersions, runWithHosts } from './hosts.mjs';
import { build, install, run, typescript } from './steps.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wants = (part) => values.only === undefined || values.only === part;

await install();
if (wants('poll')) await run('Polling', process.execPath, typescript('test/bench/poll-main.cts'));
if (wants('package')) {
	await build();
	await run('Package', process.execPath, ['test/bench/package.mjs']);
}
if (wants('memory')) process.exitCode = await runWithHosts('test/bench/memory-main.cts', hostVersions);
