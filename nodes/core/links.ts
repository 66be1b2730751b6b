import { isUnset } from './fields';
import { asObject, asText, parseJson } from './json';
import { pageLinkProblem, type Held } from './linkPages';
import { secretProblem } from './secrets';
import { urlProblem } from './url';

/** A link as it is sent, or what is wrong with it, for people, to be read after the field's name. */
export type ReadLink = { readonly url: string } | { readonly problem: string };

export interface LinkRules {
	/** The credential's base URL is a loopback host (an emulator): it may open private hosts. */
	readonly providerIsLocal: boolean;
	/** Nobody opens it, so what another dry run gave passes. */
	readonly isDryRun?: boolean;
	/** What to do about a bad link depends on it: the form takes a picture as Binary, too, and a video as a link only. */
	readonly holds: Held;
}

/**
 * What is left without blanks and what has no width at both ends, as they come along when a link is copied out of a chat
 * or a table. Written so that it is found in one go, however long the text.
 */
const VISIBLE = /^[\s\p{Cc}\p{Cf}\ufe00-\ufe0f]*([^]*[^\s\p{Cc}\p{Cf}\ufe00-\ufe0f])?/u;
/** Half of a character that needs two: no encoding has a form for it. */
const HALF_CHARACTERS = /\p{Cs}/gu;
/** Anything that cannot stand in a URL as it is; blanks of ASCII are left to be named. */
const NOT_ASCII = /(?![\t-\r ])[^!-~]/gu;

/**
 * Reads the link of a picture or video that a provider is to open. Only its form is judged: nothing is fetched, and no
 * name is looked up. Printable ASCII stays byte for byte, as signatures are made over it; the rest is percent-encoded, and
 * what is invisible at the ends is removed. A message never repeats more of the link than the host.
 */
export function readLink(value: unknown, rules: LinkRules): ReadLink {
	const list = listProblem(value);
	if (list !== undefined) return { problem: list };
	const url = typeof value === 'string' ? encoded(value) : '';
	const { holds } = rules;
	const form = dataUriProblem(url, holds) ?? urlProblem(url, rules) ?? htmlProblem(url);
	const problem = form ?? secretProblem(url, holds) ?? pageLinkProblem(new URL(url), holds);
	return problem === undefined ? { url } : { problem };
}

function encoded(text: string): string {
	const [, visible = ''] = VISIBLE.exec(text.replace(HALF_CHARACTERS, '')) ?? [];
	const [, scheme = '', authority = '', rest = visible] = /^(https?:\/\/)([^/?#]*)([^]*)$/iu.exec(visible) ?? [];
	return `${scheme}${asciiHost(scheme, authority)}${rest.replace(NOT_ASCII, encodeURIComponent)}`;
}

/** A host name has a form of its own for letters beyond ASCII (RFC 5891). */
function asciiHost(scheme: string, authority: string): string {
	const address = `${scheme}${authority}`;
	return /^[ -~]*$/.test(authority) || !URL.canParse(address) ? authority : new URL(address).host;
}

/** Where one link ends and the next begins. Commas and blanks may belong to a link, unless the next one follows them. */
const BETWEEN_LINKS = /[\r\n]+|(?<=[\s,])(?=https?:\/\/)/i;
/** One link without the commas and blanks around it. */
const ONE_LINK = /^[\s,]*([^]*[^\s,])?/;

/**
 * The links of a field for several, still to be read: the parts of a text, the members of a list or of its JSON text, and
 * the link of each attachment in it. Empty ones are left out.
 */
export function linksIn(value: unknown): unknown[] {
	const parsed = parsedText(value);
	const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
	const links =
		typeof parsed === 'string' ? parsed.split(BETWEEN_LINKS).map((part) => ONE_LINK.exec(part)?.[1]) : list.map(linkOf);
	return links.filter((link) => !isUnset(link));
}

function linkOf(value: unknown): unknown {
	const key = keyOfLink(value);
	return key === undefined ? value : asObject(value)?.[key];
}

/** Agents and tables write a list or an object as its JSON text. */
function parsedText(value: unknown): unknown {
	const text = asText(value);
	return text !== undefined && /^[[{]/.test(text) && !text.startsWith('{{') ? (parseJson(text) ?? value) : value;
}

/** What to do about a list or an object in place of one link, as tables give attachments; undefined for anything else. */
export function listProblem(value: unknown): string | undefined {
	const parsed = parsedText(value);
	const isText = parsed !== value;
	if (Array.isArray(parsed)) {
		if (parsed.length === 0) return 'is an empty list. Give an https:// or http:// address.';
		const key = keyOfLink(parsed[0]);
		const path = key === undefined ? '' : `.${key}`;
		return `is a list, not a link: use …[0]${path} in the expression, the link of its first entry.${parsing(isText)}`;
	}
	const key = keyOfLink(parsed);
	return key === undefined ? undefined : `is an object, not a link: use ….${key} in the expression.${parsing(isText)}`;
}

const parsing = (isText: boolean): string => (isText ? ' It is JSON text: read it with .parseJson() first.' : '');

/** Where an object has its link. */
function keyOfLink(value: unknown): string | undefined {
	const object = asObject(value);
	return ['url', 'signedUrl', 'signed_url', 'link', 'href', 'src'].find((name) => asText(object?.[name]));
}

function dataUriProblem(url: string, holds: Held): string | undefined {
	if (holds === 'video' || !/^data:/i.test(url)) return undefined;
	return 'is a data URI. Give a link, or give the picture as Binary.';
}

function htmlProblem(url: string): string | undefined {
	if (!/^[^#?]*\?[^#]*&amp;/i.test(url)) return undefined;
	return 'has &amp; in it, which is how HTML writes an &. Replace each &amp; by &.';
}
