// npm run build: what is published, in dist/. n8n's own build compiles and copies the icons; then the code of all nodes
// becomes one small file, since a package is read file by file at every start of n8n (docs/decisions).
import { build as bundle } from 'esbuild';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, tool } from './steps.mjs';

const dist = join(root, 'dist');
/** Each front door, by its folder. */
const FRONT_DOORS = ['KlingVideo', 'KlingVideoTrigger'];

run("n8n's build", tool('n8n-node'), ['build'], { stdio: ['ignore', 'ignore', 'inherit'] });
// n8n's build copies every picture of the repository, those of the tests, too.
for (const folder of readdirSync(dist)) {
	if (!['credentials', 'icons', 'nodes'].includes(folder)) rmSync(join(dist, folder), { recursive: true });
}
for (const entry of readdirSync(join(dist, 'nodes'), { recursive: true, withFileTypes: true })) {
	if (entry.isFile() && entry.name.endsWith('.js')) rmSync(join(entry.parentPath ?? entry.path, entry.name));
}
for (const folder of [
	'core',
	'host',
	'kling',
	'KlingVideo/form',
	'KlingVideo/generate',
	'KlingVideo/jobs',
	'KlingVideo/run',
])
	rmSync(join(dist, 'nodes', folder), { recursive: true });
await bundle({
	stdin: {
		contents: FRONT_DOORS.map((name) => `export { ${name} } from './nodes/${name}/${name}.node.ts';`).join('\n'),
		resolveDir: root,
	},
	bundle: true,
	platform: 'node',
	format: 'cjs',
	// Node 20 is what n8n 2.8 runs on.
	target: 'node20',
	external: ['n8n-workflow'],
	minify: true,
	outfile: join(dist, 'nodes/nodes.js'),
});
// n8n's build keeps the comments.
const credentials = readdirSync(join(dist, 'credentials')).filter((name) => name.endsWith('.js'));
await bundle({
	entryPoints: credentials.map((name) => join(dist, 'credentials', name)),
	platform: 'node',
	target: 'node20',
	minify: true,
	allowOverwrite: true,
	outdir: join(dist, 'credentials'),
});
for (const name of FRONT_DOORS) {
	writeFileSync(join(dist, 'nodes', name, `${name}.node.js`), `exports.${name} = require('../nodes.js').${name};\n`);
}
