// npm run build: makes what is published, in dist/. n8n's own build checks the types, compiles the credentials and copies
// the icons. Then the code of all nodes becomes one readable file (docs/decisions/09-one-file.md). What else n8n's build
// leaves in dist/ is not published: package.json names the files that are.
import { build as bundle } from 'esbuild';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readJson, root, run, tool } from './steps.mjs';

const { n8n, peerDependencies } = readJson('package.json');
const BUNDLE = 'dist/nodes/nodes.js';
const LICENSES = 'dist/THIRD-PARTY-LICENSES.txt';
/** The nodes' classes, each called as its file is: dist/nodes/KlingVideo/KlingVideo.node.js has KlingVideo. */
const nodes = n8n.nodes.map((path) => ({ path, name: basename(path, '.node.js') }));

/** Puts all nodes and the libraries that they import into one file; resolves with the files that went into it. */
async function bundleNodes() {
	const sources = nodes.map(({ name }) => `export { ${name} } from './nodes/${name}/${name}.node.ts';`);
	const { metafile } = await bundle({
		stdin: { contents: sources.join('\n'), resolveDir: root },
		absWorkingDir: root,
		bundle: true,
		platform: 'node',
		format: 'cjs',
		// Node 20 is what n8n 2.8 runs on.
		target: 'node20',
		// What n8n brings itself.
		external: Object.keys(peerDependencies),
		// Who installs the package can read its code; see the decision.
		minify: false,
		charset: 'utf8',
		outfile: BUNDLE,
		metafile: true,
	});
	return Object.keys(metafile.inputs);
}

/** The folders of the libraries that these files are part of, in alphabetical order. */
function librariesOf(files) {
	const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]);
	return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** A library's name, version and licence as they are installed. A library without a licence's text cannot be shipped. */
function licenseOf(folder) {
	const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
	if (file === undefined) throw new Error(`${folder} is to be bundled, but has no file with its licence`);
	const { name, version } = readJson(folder, 'package.json');
	return `${name} ${version}\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
}

await run("n8n's build", tool('n8n-node'), ['build'], { stdio: ['ignore', 'ignore', 'inherit'] });
const licenses = librariesOf(await bundleNodes()).map(licenseOf);
const introduction = `${basename(BUNDLE)} contains these libraries, each of them under its own licence.\n`;
writeFileSync(join(root, LICENSES), [introduction, ...licenses].join(`\n${'-'.repeat(80)}\n\n`));
for (const { path, name } of nodes) {
	writeFileSync(join(root, path), `exports.${name} = require('../nodes.js').${name};\n`);
}
