// npm run test:e2e [-- --host 2.8.4|2.41.1] [--only <part of a scenario's name>] [--update-images] [--tarball <file>]
// Packs the package as it would be published, installs the n8n servers once, and runs test/e2e in them.
import { parseArgs } from 'node:util';
import { hostVersions, runWithHosts } from './hosts.mjs';
import { install } from './steps.mjs';

const { values: options } = parseArgs({
	options: {
		host: { type: 'string' },
		only: { type: 'string', default: '' },
		tarball: { type: 'string' },
		'update-images': { type: 'boolean', default: false },
	},
});
await install();
const { host, only, tarball, 'update-images': updateImages } = options;
const versions = host === undefined ? hostVersions : [host];
process.exitCode = await runWithHosts('test/e2e/main.cts', versions, { only, updateImages, tarball });
