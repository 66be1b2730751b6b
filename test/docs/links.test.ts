import { dirname, join } from '../support/node.cts';
import { documents, exists, filesBelow, read, readDocument } from './documents';

const FOLDERS = ['nodes', 'credentials', 'test', 'scripts', 'docs', '.github', 'icons'];
const TOP_LEVEL = ['.npmrc', 'package.json', 'README.md', 'CHANGELOG.md', 'compose.yaml'];

const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
const files = [...FOLDERS.flatMap(filesBelow), ...TOP_LEVEL];

function isOpen(from: string, link: string): boolean {
	const [target = '', anchor] = link.split('#');
	const path = target === '' ? from : join(dirname(from), target);
	if (!exists(path)) return false;
	return anchor === undefined || readDocument(path).anchors.includes(anchor);
}

/** Whether a text names a file or folder of the repository, or could be taken to. */
function isPath(text: string): boolean {
	const isBelowFolder =
		/^[\w.-]+(\/[\w.-]+)+\/?$/.test(text) && FOLDERS.some((folder) => text.startsWith(`${folder}/`));
	return isBelowFolder || /^[\w.]+\.(ts|cts|mjs)$/.test(text);
}

describe.each(documents.map((document) => [document.path, document] as const))('%s', (path, document) => {
	test('every link inside the repository leads somewhere', () => {
		const inside = document.links.filter((link) => !/^(https?|mailto):/.test(link));
		expect(inside.filter((link) => !isOpen(path, link))).toEqual([]);
	});

	test('every command it names exists', () => {
		const named = document.code.flatMap((code) => [...code.matchAll(/npm run ([\w:-]+)/g)]);
		expect(named.map(([, name]) => String(name)).filter((name) => !(name in scripts))).toEqual([]);
	});

	test('every file it names exists, but for those of the provider that is yet to come', () => {
		const named = document.code.filter((code) => isPath(code) && !/acme/i.test(code));
		expect(named.filter((name) => !exists(name) && !files.some((file) => file.endsWith(`/${name}`)))).toEqual([]);
	});
});

/** Whether a file is code or data of this repository, whose comments and sources cite its documents. */
const isSource = (path: string) => /\.(ts|cts|mjs|json)$/.test(path) && path !== 'test/docs/links.test.ts';

test('every page that a comment or a fixture cites exists, with the heading it names', () => {
	const sources = ['nodes', 'credentials', 'test', 'scripts'].flatMap(filesBelow).filter(isSource);
	const cited = sources.flatMap((path) =>
		[...read(path).matchAll(/docs\/[\w/-]+\.md(#[\w-]+)?/g)].map(([target]) => ({ path, target })),
	);
	expect(cited.length).toBeGreaterThan(100);
	expect(cited.filter(({ target }) => !isOpen('README.md', target))).toEqual([]);
});

test('a document that leads nowhere would be found', () => {
	expect(isOpen('README.md', 'docs/security.md#keys')).toBe(true);
	expect(isOpen('README.md', 'docs/security.md#no-such-heading')).toBe(false);
	expect(isOpen('docs/security.md', 'docs/security.md')).toBe(false);
	expect(isPath('nodes/core/nothing.ts')).toBe(true);
});

test('every action of a workflow is pinned by commit, with its version beside it', () => {
	const lines = filesBelow('.github/workflows').flatMap((path) => read(path).split('\n'));
	const used = lines.filter((line) => /^\s*-?\s*uses:/.test(line));
	expect(used.length).toBeGreaterThan(0);
	expect(used.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

test('services for tests are open to this machine only', () => {
	const ports = [...read('compose.yaml').matchAll(/- (\S*:\d+:\d+)$/gm)].map(([, port]) => port);
	expect(ports).toEqual(['127.0.0.1:6379:6379', '127.0.0.1:5432:5432']);
});
