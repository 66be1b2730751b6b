// node scripts/e2e-image.mjs <tarball> [--only <part of a scenario's name>]
// Runs test/e2e in the n8n that is installed where this runs, as in n8n's own Docker image: nothing is installed by npm.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runWithSettings } from './hosts.mjs';

/** Where npm puts what is installed for the whole machine, and so where the image has n8n. */
const folder = '/usr/local/lib';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { only: { type: 'string', default: '' } },
});
const [tarball] = positionals;
if (tarball === undefined) throw new Error('Which tarball? It is what npm pack makes.');
const { version } = JSON.parse(readFileSync(`${folder}/node_modules/n8n/package.json`, 'utf8'));
console.log(`n8n ${version}`);
process.exitCode = await runWithSettings('test/e2e/main.cts', {
	installations: [{ version, folder, nodeFolder: dirname(process.execPath) }],
	tarball: resolve(tarball),
	only: values.only,
	updateImages: false,
});
