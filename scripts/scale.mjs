// npm run test:scale [-- --quick | --same-load] [-- --only queue|faults|soak|security] [-- --tarball <file>]
// Measures how the package holds under load and faults; docs/reliability.md keeps the figures. Under 40 minutes on two
// cores, --quick under 3. With --same-load, wait mode gets the whole load of callback mode: over two hours more. Queue
// mode needs Redis and PostgreSQL (compose.yaml starts both), the rest nothing.
import { parseArgs } from 'node:util';
import { runWithHosts, runWithSettings } from './hosts.mjs';
import { install, run, tool } from './steps.mjs';

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

const { quick, 'same-load': sameLoad, only, tarball } = readOptions();
const wanted = only === undefined ? PARTS : [only];
await install();
if (wanted.includes('security')) {
	await run('Security', tool('jest'), ['--config', 'test/jest.config.cjs', 'test/security']);
	await run('What ships, against known weaknesses', 'npm', ['audit', '--omit=dev']);
}
const parts = wanted.filter((part) => part !== 'security');
if (parts.length > 0) {
	const settings = { parts, quick, sameLoad };
	process.exitCode = parts.some((part) => part !== 'faults')
		? await runWithHosts('test/scale/main.cts', [N8N_VERSION], { ...settings, tarball })
		: await runWithSettings('test/scale/main.cts', settings);
}
