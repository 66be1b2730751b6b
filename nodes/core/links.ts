import { asObject, asText, parseJson } from './json';
import { pageLinkProblem } from './linkPages';
import { urlProblem } from './url';

/** A link as it is sent, or what is wrong with it, for people, to be read after the field's name. */
export type ReadLink = { readonly url: string } | { readonly problem: string };

/** Blanks and what has no width, as they come along when a link is copied out of a chat or a table. */
const INVISIBLE_AT_ENDS = /^[\s\p{Cc}\p{Cf}\ufe00-\ufe0f]+|[\s\p{Cc}\p{Cf}\ufe00-\ufe0f]+$/gu;
/** Half of a character that needs two: no encoding has a form for it. */
const HALF_CHARACTERS = /\p{Cs}/gu;
/** Anything that cannot stand in a URL as it is; blanks of ASCII are left to be named. */
const NOT_ASCII = /(?![\t-\r ])[^!-~]/gu;

/**
 * Reads the link of a picture or video that a provider is to open. Only its form is judged: nothing is fetched, and no
 * name is looked up. Printable ASCII stays byte for byte, as signatures are made over it; the rest is percent-encoded, and
 * what is invisible at the ends is removed. A message never repeats more of the link than the host.
 * @param rules.providerIsLocal the credential's base URL is a loopback host (an emulator): it may open private hosts
 */
export function readLink(value: unknown, rules: { readonly providerIsLocal: boolean }): ReadLink {
	const list = listProblem(value);
	if (list !== undefined) return { problem: list };
	const url = typeof value === 'string' ? encoded(value) : '';
	const problem = urlProblem(url, rules) ?? htmlProblem(url) ?? secretProblem(url) ?? pageLinkProblem(new URL(url));
	return problem === undefined ? { url } : { problem };
}

function encoded(text: string): string {
	const visible = text.replace(HALF_CHARACTERS, '').replace(INVISIBLE_AT_ENDS, '');
	const [, scheme = '', authority = '', rest = visible] = /^(https?:\/\/)([^/?#]*)([^]*)$/iu.exec(visible) ?? [];
	return `${scheme}${asciiHost(scheme, authority)}${rest.replace(NOT_ASCII, encodeURIComponent)}`;
}

/** A host name has a form of its own for letters beyond ASCII (RFC 5891). */
function asciiHost(scheme: string, authority: string): string {
	const address = `${scheme}${authority}`;
	return /^[ -~]*$/.test(authority) || !URL.canParse(address) ? authority : new URL(address).host;
}

/** Tables give their attachments as lists of objects, or as the JSON text of one. */
function listProblem(value: unknown): string | undefined {
	const text = asText(value);
	const parsed = text !== undefined && /^[[{]/.test(text) && !text.startsWith('{{') ? parseJson(text) : value;
	const isText = parsed !== value;
	if (Array.isArray(parsed)) {
		if (parsed.length === 0) return 'is an empty list. Give an https:// or http:// address.';
		const path = `[0]${keyOfLink(parsed[0])}`;
		return `is a list, not a link: use …${path} in the expression, the link of its first entry.${parsing(isText)}`;
	}
	const key = keyOfLink(parsed);
	return key === '' ? undefined : `is an object, not a link: use …${key} in the expression.${parsing(isText)}`;
}

const parsing = (isText: boolean): string => (isText ? ' It is JSON text: read it with .parseJson() first.' : '');

/** Where an object has its link, as an expression names it. */
function keyOfLink(value: unknown): string {
	const object = asObject(value);
	const key = ['url', 'signedUrl', 'signed_url', 'link', 'href', 'src'].find((name) => asText(object?.[name]));
	return key === undefined ? '' : `.${key}`;
}

function htmlProblem(url: string): string | undefined {
	if (!/^[^#?]*\?[^#]*&amp;/i.test(url)) return undefined;
	return 'has &amp; in it, which is how HTML writes an &. Replace each &amp; by &.';
}

/** Telegram's links have the bot's token in them: at its own host, at a Bot API server anywhere, inside a converter's link. */
const BOT_TOKEN = /\/bot\d+:[\w-]{30,}/i;
/** A percent-encoded character of ASCII. A link inside a link may have its percent signs encoded, too, again and again. */
const PERCENT_ENCODED = /%(?:25)*([0-7][0-9a-f])/gi;

/** Whether a text, a link or any other, has the token of a Telegram bot in it. */
export function hasBotToken(text: string): boolean {
	return BOT_TOKEN.test(text.replace(PERCENT_ENCODED, (_all, code) => String.fromCharCode(parseInt(code, 16))));
}

/** What is wrong with a text that is to go to a provider and has a secret in it; undefined if none is seen. */
export function secretProblem(text: string): string | undefined {
	if (!hasBotToken(text)) return undefined;
	return (
		"has the token of your Telegram bot in it, which the provider would see. Let n8n's Telegram node download the " +
		'file, and give it as Binary.'
	);
}
