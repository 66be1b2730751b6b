// npm run bench [-- --only poll|package|memory|beside]: one table a run. Nothing here is a limit in a test.
// "memory" and "beside" run in real n8n servers and install them if they are missing (see npm run test:e2e). "beside"
// draws the charts of the documents anew, unless it is made smaller by --part loop|callbacks or --executions <number>.
import { parseArgs } from 'node:util';
import { hostVersions, runWithHosts } from './hosts.mjs';
import { build, install, run, typescript } from './steps.mjs';

const { values } = parseArgs({
	options: { only: { type: 'string' }, part: { type: 'string' }, executions: { type: 'string' } },
});
const wants = (part) => values.only === undefined || values.only === part;

await install();
if (wants('poll')) await run('Polling', process.execPath, typescript('test/bench/poll-main.cts'));
if (wants('package')) {
	await build();
	await run('Package', process.execPath, ['test/bench/package.mjs']);
}
if (wants('memory')) process.exitCode = await runWithHosts('test/bench/memory-main.cts', hostVersions);
if (wants('beside')) {
	const { part, executions } = values;
	const exitCode = await runWithHosts('test/bench/beside-main.cts', ['2.41.1'], {
		parts: part === undefined ? ['loop', 'callbacks'] : [part],
		executions: Number(executions ?? 300),
		draws: part === undefined && executions === undefined,
	});
	process.exitCode ||= exitCode;
}
