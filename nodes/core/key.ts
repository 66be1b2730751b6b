/** Blanks, characters without a width, and quotes, as they come along when a key is copied. */
const AROUND =
	/^[\s\p{Cc}\u200b-\u200f\u2060\ufeff"'`\u2018-\u201d]+|[\s\p{Cc}\u200b-\u200f\u2060\ufeff"'`\u2018-\u201d]+$/gu;

/**
 * An API key as it was meant: without quotes, blanks and a "Bearer" around it, none of which can belong to it. The
 * credentials do the same in an expression, as n8n itself puts the key into each call.
 */
export function cleanKey(text: string): string {
	return text
		.replace(AROUND, '')
		.replace(/^bearer\s+/i, '')
		.replace(AROUND, '');
}

/** What is wrong with a cleaned key, for people, to be read after "The API key"; undefined if it can be sent. */
export function keyProblem(key: string): string | undefined {
	if (key === '') return 'is empty';
	if (/\s/.test(key)) return 'has a blank or a line break in it';
	return /^[!-~]+$/.test(key) ? undefined : 'has a character in it that no key has';
}
