import { join, readFileSync, repositoryFolder } from '../support/node.cts';

const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(repositoryFolder, 'package.json'), 'utf8'));

test.each(['dependencies', 'optionalDependencies', 'bundleDependencies', 'bundledDependencies'])(
	'the package installs nothing else: it has no %s',
	(kind) => expect(Object.keys(manifest[kind] ?? {})).toEqual([]),
);

test('the package asks for nothing but n8n itself', () => {
	expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
});

test.each(['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])(
	'installing the package runs no %s script',
	(name) => {
		expect(manifest.scripts).not.toHaveProperty(name);
	},
);
