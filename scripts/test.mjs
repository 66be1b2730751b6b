// npm test: all checks that need neither a real n8n nor the network beyond the npm registry.
import { build, install, run, tool } from './steps.mjs';

const OWN_LIMITS = ['--config', 'test/style/eslint.config.mjs', 'nodes', 'credentials', 'test', 'scripts'];

await install();
await run('Lint, as n8n demands it', tool('n8n-node'), ['lint']);
await run('Lint, our own limits', tool('eslint'), OWN_LIMITS);
await run('Format', tool('prettier'), ['--check', '--log-level', 'warn', '.']);
await run('Types', tool('tsc'), ['--noEmit', '-p', 'test/tsconfig.json']);
await run('Purity of the core', tool('tsc'), ['-p', 'test/purity/tsconfig.json']);
await build();
await run('Tests', tool('jest'), ['--config', 'test/jest.config.cjs', ...process.argv.slice(2)]);
