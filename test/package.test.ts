import {
	env,
	execFileSync,
	existsSync,
	join,
	mkdtempSync,
	nodePath,
	readdirSync,
	readFileSync,
	repositoryFolder,
	rmSync,
	statSync,
	tmpdir,
} from './support/node.cts';

const SCANNER = join(repositoryFolder, 'test/support/scanPackage.mjs');
/** n8n keeps the package on disk and reads it at every start (docs/decisions/09-one-file.md). */
const MAX_UNPACKED_BYTES = 400_000;

const BUNDLE = 'dist/nodes/nodes.js';
const MAX_LINE_CHARACTERS = 1_000;

let folder: string;
let files: string[];
const unpacked = () => join(folder, 'package');
// Under Jest's NODE_ENV the scanner's rules would take every file for a sample of their own tests.
const CHILD = { cwd: repositoryFolder, encoding: 'utf8', env: { ...env, NODE_ENV: 'production' } } as const;
const run = (command: string, ...args: string[]): string =>
	execFileSync(command, args, { ...CHILD, stdio: ['ignore', 'pipe', 'ignore'] });
const scan = (path: string, kind: 'source' | 'package'): unknown => JSON.parse(run(nodePath, SCANNER, path, kind));
const filesIn = (path: string): string[] =>
	readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(path, name)).isFile());
const manifest = (): Record<string, unknown> => JSON.parse(readFileSync(join(unpacked(), 'package.json'), 'utf8'));

beforeAll(() => {
	if (!existsSync(join(repositoryFolder, 'dist/nodes/KlingVideo/KlingVideo.node.js'))) run('npm', 'run', 'build');
	folder = mkdtempSync(join(tmpdir(), 'kling-package-'));
	run('npm', 'pack', '--pack-destination', folder);
	const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
	run('tar', '-xzf', join(folder, tarball), '-C', folder);
	files = filesIn(unpacked());
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the source passes n8n's scanner for community packages", () => {
	expect(scan(repositoryFolder, 'source')).toEqual({ passed: true });
}, 180_000);

test("the packed tarball passes n8n's scanner for community packages", () => {
	expect(scan(unpacked(), 'package')).toEqual({ passed: true });
}, 180_000);

test('nothing that only developers need is packed', () => {
	expect(
		files.filter((name) => /\.map$|tsbuildinfo|\.ts$|\.test\.|^test|^docs|^\./.test(name) && !name.endsWith('.d.ts')),
	).toEqual([]);
});

test('the code of both nodes is one file, in which every function can be read', () => {
	const { n8n } = manifest() as { n8n: { nodes: string[] } };
	const code = files.filter((name) => name.startsWith('dist/nodes/') && name.endsWith('.js'));
	expect(code.sort()).toEqual([...n8n.nodes, BUNDLE].sort());
	const lines = readFileSync(join(unpacked(), BUNDLE), 'utf8').split('\n');
	expect(lines.length).toBeGreaterThan(3_000);
	expect(lines.filter((line) => line.length > MAX_LINE_CHARACTERS)).toEqual([]);
});

test('the licence of every library that is bundled is in it', () => {
	const text = readFileSync(join(unpacked(), 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
	const bundle = readFileSync(join(unpacked(), BUNDLE), 'utf8');
	// Before the code of each file esbuild writes a comment with its path.
	const paths = [...bundle.matchAll(/^ *\/\/ (.*node_modules\/(?:@[^/]+\/)?[^/\n]+)\//gm)].map(([, path = '']) => path);
	expect(paths).not.toEqual([]);
	for (const library of new Set(paths)) {
		const folder = join(repositoryFolder, library);
		const [license = 'no licence'] = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
		expect(text).toContain(readFileSync(join(folder, license), 'utf8').trim());
	}
});

test('unpacked it is small', () => {
	const bytes = files.reduce((sum, name) => sum + statSync(join(unpacked(), name)).size, 0);
	expect(bytes).toBeLessThanOrEqual(MAX_UNPACKED_BYTES);
});

test('everything that its package.json names is there, and loads', () => {
	const { n8n } = manifest() as { n8n: { nodes: string[]; credentials: string[] } };
	for (const path of [...n8n.nodes, ...n8n.credentials]) {
		expect(files).toContain(path);
		const [name = ''] = (path.split('/').at(-1) ?? '').split('.');
		const loaded = run(
			nodePath,
			'-p',
			`typeof new (require(${JSON.stringify(join(repositoryFolder, path))}).${name})()`,
		);
		expect(loaded.trim()).toBe('object');
	}
});

test('it brings no dependency', () => {
	const { dependencies, optionalDependencies, bundledDependencies, peerDependencies } = manifest();
	expect([dependencies, optionalDependencies, bundledDependencies]).toEqual([undefined, undefined, undefined]);
	expect(peerDependencies).toEqual({ 'n8n-workflow': '*' });
});

test('no rule of the linter is switched off in what ships', () => {
	const sources = ['nodes', 'credentials'].flatMap((name) =>
		filesIn(join(repositoryFolder, name)).map((file) => join(repositoryFolder, name, file)),
	);
	const bent = sources.filter((path) =>
		/eslint-disable|@ts-ignore|@ts-expect-error|@ts-nocheck/.test(readFileSync(path, 'utf8')),
	);
	expect(bent).toEqual([]);
});
