// What a user's n8n has to store and to read at every start, beside a published n8n video node.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack, root, temporaryFolder } from '../../scripts/steps.mjs';

const OTHER = 'n8n-nodes-creatomate@0.2.0';
const RUNS = 15;

/** The package as it is installed in `folder`, with what `npm pack` says of it. */
function unpack(published, folder) {
	const packed = pack(published);
	const unpacked = join(folder, packed.name);
	mkdirSync(unpacked, { recursive: true });
	execFileSync('tar', ['-xzf', packed.path, '--strip-components=1', '-C', unpacked]);
	return { ...packed, unpacked };
}

/** Milliseconds to load every node and credential in a fresh process that, like n8n, has n8n-workflow already. */
function loadMs(unpacked) {
	const { n8n } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
	const files = [...n8n.nodes, ...n8n.credentials].map((file) => join(unpacked, file));
	const script = `require('n8n-workflow'); const files = ${JSON.stringify(files)}; const start = performance.now();
		for (const file of files) require(file); console.log(performance.now() - start);`;
	const times = Array.from({ length: RUNS }, () =>
		Number(execFileSync(process.execPath, ['-e', script], { cwd: unpacked, encoding: 'utf8' })),
	);
	return times.sort((one, other) => one - other)[Math.floor(RUNS / 2)];
}

const folder = temporaryFolder();
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
writeFileSync(join(folder, 'package.json'), '{}');
const rows = [undefined, OTHER].map((published) => {
	const { name, version, unpackedSize, entryCount, unpacked } = unpack(published, folder);
	return {
		package: `${name} ${version}`,
		'unpacked kB': Math.round(unpackedSize / 100) / 10,
		files: entryCount,
		[`load ms, median of ${RUNS}`]: Number(loadMs(unpacked).toFixed(1)),
	};
});
console.table(rows);
console.log('Goals: at most 400 kB unpacked, loaded in at most 20 ms beyond n8n-workflow.');
