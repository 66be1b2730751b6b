import MarkdownIt from 'markdown-it';
import { existsSync, join, readFileSync, readdirSync, repositoryFolder } from '../support/node.cts';

type Token = MarkdownIt.Token;

/** One Markdown file of the repository, read as GitHub reads it. */
export interface MarkdownDocument {
	/** From the repository's folder, e.g. `docs/security.md`. */
	readonly path: string;
	readonly text: string;
	/** Targets of links and pictures, as written. */
	readonly links: readonly string[];
	/** The anchors of its headings. */
	readonly anchors: readonly string[];
	/** Inline code, and lines of code blocks. */
	readonly code: readonly string[];
	readonly bold: readonly string[];
	/** The cells of table rows as Markdown, by the heading they stand under. */
	readonly rows: ReadonlyArray<{ readonly heading: string; readonly cells: readonly string[] }>;
}

const markdown = new MarkdownIt({ html: true });

export function read(path: string): string {
	return readFileSync(join(repositoryFolder, path), 'utf8');
}

export function exists(path: string): boolean {
	return existsSync(join(repositoryFolder, path));
}

/** Files below a folder, by path from the repository's folder. */
export function filesBelow(folder: string): string[] {
	return readdirSync(join(repositoryFolder, folder), { withFileTypes: true }).flatMap((entry) => {
		const path = `${folder}/${entry.name}`;
		if (entry.name === 'node_modules') return [];
		return entry.isDirectory() ? filesBelow(path) : [path];
	});
}

/** GitHub's anchor of a heading: lower case, punctuation dropped, blanks as hyphens. */
function anchorOf(heading: string): string {
	return heading
		.toLowerCase()
		.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
		.replaceAll(' ', '-');
}

/** Their text; a line's end within a sentence is a blank. */
function textOf(parts: readonly Token[]): string {
	return parts.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('');
}

function boldOf(inline: Token): string[] {
	const children = inline.children ?? [];
	const starts = [...children.entries()].filter(([, { type }]) => type === 'strong_open').map(([index]) => index);
	return starts.map((start) => {
		const end = children.findIndex(({ type }, index) => index > start && type === 'strong_close');
		return textOf(children.slice(start, end));
	});
}

function rowsOf(tokens: readonly Token[]): MarkdownDocument['rows'] {
	const rows: Array<{ heading: string; cells: string[] }> = [];
	let heading = '';
	for (const [index, token] of tokens.entries()) {
		if (token.type === 'heading_open') heading = tokens[index + 1]?.content ?? '';
		if (token.type === 'tr_open') rows.push({ heading, cells: [] });
		if (token.type === 'td_open') rows.at(-1)?.cells.push(tokens[index + 1]?.content ?? '');
	}
	return rows.filter(({ cells }) => cells.length > 0);
}

export function readDocument(path: string): MarkdownDocument {
	const text = read(path);
	const tokens = markdown.parse(text, {});
	const inlines = tokens.filter(({ type }) => type === 'inline');
	const parts = inlines.flatMap(({ children }) => children ?? []);
	const headings = tokens.filter((_token, index) => tokens[index - 1]?.type === 'heading_open');
	const blocks = tokens.filter(({ type }) => type === 'fence').flatMap(({ content }) => content.split('\n'));
	const targets = parts.map((part) => part.attrGet('href') ?? part.attrGet('src'));
	return {
		path,
		text,
		links: targets.filter((target) => target !== null).map(String),
		anchors: headings.map(({ children }) => anchorOf(textOf(children ?? []))),
		code: [...parts.filter(({ type }) => type === 'code_inline').map(({ content }) => content), ...blocks],
		bold: inlines.flatMap(boldOf),
		rows: rowsOf(tokens),
	};
}

/** What strangers read. */
export const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesBelow('docs')]
	.filter((path) => path.endsWith('.md'))
	.map(readDocument);
