import { asText } from '../core/json';
import type { NodeContext } from './context';

/** Takes the key out of what an API sends back: a refusal that quotes it would carry it into errors, logs and items. */
export interface KeyHider {
	/** In a text as it came. */
	inText(text: string): string;
	/** In every text and name of parsed JSON, in place. */
	inJson(json: unknown): unknown;
}

/** JSON in a text of JSON doubles them with each level; this is three levels, and keeps the search linear. */
const MAX_BACKSLASHES = 8;

/** Finds the key however JSON wrote it: `\/` and `\u0026` for `/` and `&`, and a text of JSON within JSON, too. */
function patternOf(apiKey: string): RegExp {
	const units = Array.from({ length: apiKey.length }, (_, at) => {
		const hex = apiKey.charCodeAt(at).toString(16).padStart(4, '0');
		const anyCase = hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
		return `\\\\{0,${MAX_BACKSLASHES}}(?:\\u${hex}|u${anyCase})`;
	});
	return new RegExp(units.join(''), 'g');
}

/** Walks without recursion: a reply may be nested as deep as it likes. */
function hideInJson(json: unknown, hide: (text: string) => string): unknown {
	const root = [json];
	const open: object[] = [root];
	for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
		for (const [name, value] of Object.entries(holder)) {
			const newName = Array.isArray(holder) ? name : hide(name);
			const newValue: unknown = typeof value === 'string' ? hide(value) : value;
			if (newName !== name) Reflect.deleteProperty(holder, name);
			if (newName !== name || newValue !== value) Reflect.set(holder, newName, newValue);
			if (typeof value === 'object' && value !== null) open.push(value);
		}
	}
	return root[0];
}

/** The hider of one credential's key. */
export async function createKeyHider(context: NodeContext, credential: string): Promise<KeyHider> {
	try {
		const apiKey = asText((await context.getCredentials(credential)).apiKey);
		if (apiKey === undefined) return NOTHING_TO_HIDE;
		const pattern = patternOf(apiKey);
		const hide = (text: string) => text.replace(pattern, '…');
		// What is parsed afterwards may lose no backslash, so the text as it came is searched for the plain key only.
		return { inText: (text) => text.replaceAll(apiKey, '…'), inJson: (json) => hideInJson(json, hide) };
	} catch {
		// Without a credential there is no key, and no call will be made.
		return NOTHING_TO_HIDE;
	}
}

const NOTHING_TO_HIDE: KeyHider = { inText: (text) => text, inJson: (json) => json };
