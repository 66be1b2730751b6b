import { lengthProblems, sizeProblems } from './image';
import { isJpeg, jpegSizeIn } from './jpeg';
import { recogniseOther } from './others';
import { isPng, pngSizeIn } from './png';
import { startText } from './reading';

/** What a server answered when it was asked for the beginning of a picture. */
export interface LinkAnswer {
	readonly status: number;
	/** The file's first bytes, as far as they were read; of a refusal its body. */
	readonly start: Uint8Array;
	/** Of the whole file, where the server says so. */
	readonly totalBytes?: number;
}

/**
 * What an answer says about a link. `unknown`: it says nothing that is sure, so the link goes to the provider;
 * `reason` is for the log. `askAsBrowser`: the server may only refuse who asked.
 */
export type LinkVerdict =
	| { readonly kind: 'good' | 'askAsBrowser' }
	| { readonly kind: 'unknown'; readonly reason: string }
	| { readonly kind: 'refused'; readonly problem: string };

/** Kling's documents say "10 MB" and leave open which. A link is refused only where either reading is passed. */
const MAX_LINKED_BYTES = 10 * 1024 ** 2;

const OPENS_FOR_NOBODY = [404, 410];
const GIVE_ANOTHER = 'Give the link of the JPEG or PNG picture itself, or give the picture as Binary.';

const refused = (problem: string): LinkVerdict => ({ kind: 'refused', problem });
const unknown = (reason: string): LinkVerdict => ({ kind: 'unknown', reason });

/**
 * Judges a picture's link by what its server answered. Only what is sure to fail is refused, as a wrong refusal stops
 * somebody who did nothing wrong. A problem is for people, to be read after the field's name.
 * @param asBrowser the server was asked with a browser's User-Agent, after it had refused n8n's
 */
export function judgeLink({ status, start, totalBytes }: LinkAnswer, asBrowser: boolean): LinkVerdict {
	if (OPENS_FOR_NOBODY.includes(status)) {
		return refused(`does not open: there is no file at this link (HTTP status ${status}). ${GIVE_ANOTHER}`);
	}
	if (status === 401 || status === 403) return judgeRefusal(status, start, asBrowser);
	if (status < 200 || status >= 300) return unknown(`it answered with HTTP status ${status}`);
	const problems = [...formatProblems(start), ...lengthProblems(totalBytes ?? 0, MAX_LINKED_BYTES)];
	if (problems.length > 0) return refused(problems.join(' '));
	return isJpeg(start) || isPng(start) ? { kind: 'good' } : unknown('the file begins in an unknown way');
}

function formatProblems(start: Uint8Array): string[] {
	const size = isPng(start) ? pngSizeIn(start) : isJpeg(start) ? jpegSizeIn(start) : undefined;
	// What the beginning does not show, or shows as damaged, is left to the provider: it has the whole file.
	if (typeof size === 'object') return sizeProblems(size);
	const other = isPng(start) || isJpeg(start) ? undefined : recogniseOther(start);
	return other === undefined ? [] : [`gives ${other.name}; Kling takes JPEG and PNG only. ${GIVE_ANOTHER}`];
}

/** A storage says in XML or JSON that it needs a signature; walls against bots and foreign sites show pages or texts. */
function judgeRefusal(status: number, body: Uint8Array, asBrowser: boolean): LinkVerdict {
	if (isStorageRefusal(startText(body))) {
		return refused(`does not open without a login or a valid signature (HTTP status ${status}). ${GIVE_ANOTHER}`);
	}
	return asBrowser ? unknown(`it answered with HTTP status ${status}`) : { kind: 'askAsBrowser' };
}

/** S3, Google's and Azure's storage answer `<Error><Code>`; Firebase, Supabase and Google's APIs an object with an error. */
function isStorageRefusal(body: string): boolean {
	const text = body.trimStart();
	if (/^(<\?xml[^>]*>\s*)?<Error\b[^>]*>\s*<Code>/i.test(text)) return true;
	const isError = text.startsWith('{') && /"(error|errors|code|statusCode|message)"\s*:/.test(text);
	return (
		isError && !/cloudflare|captcha|\bbots?\b|user.?agent|referr?er|hotlink|blocked|challenge|rate.?limit/i.test(text)
	);
}
