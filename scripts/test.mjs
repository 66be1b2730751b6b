// npm test: all checks that need neither a real n8n nor the network beyond the npm registry.
import { build, install, run, tool } from './steps.mjs';

install();
run('Lint, as n8n demands it', tool('n8n-node'), ['lint']);
run('Lint, our own limits', tool('eslint'), [
	'--config',
	'test/style/eslint.config.mjs',
	'nodes',
	'credentials',
	'test',
	'scripts',
]);
run('Format', tool('prettier'), ['--check', '--log-level', 'warn', '.']);
run('Types', tool('tsc'), ['--noEmit', '-p', 'test/tsconfig.json']);
run('Purity of the core', tool('tsc'), ['-p', 'test/purity/tsconfig.json']);
build();
run('Tests', tool('jest'), ['--config', 'test/jest.config.cjs', ...process.argv.slice(2)]);
