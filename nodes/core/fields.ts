import { isJsonObject, parseJson, type JsonObject, type JsonValue } from './json';
import { secretProblem } from './secrets';

/** One thing that is wrong with the form. */
export interface Problem {
	/** The field's label, which the message goes on from. Absent where the message is a whole sentence. */
	readonly field?: string;
	readonly message: string;
}

/** A problem as a sentence for people. */
export function problemText({ field, message }: Problem): string {
	return field === undefined ? message : `${field} ${message}`;
}

/** What the form gave, before anything was checked: n8n validates nothing that an expression returns. */
export function isUnset(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && isInvisible(value));
}

/** Nothing but blanks and what has no width. */
function isInvisible(text: string): boolean {
	return /^[\s\p{Cc}\p{Cf}\ufe00-\ufe0f]*$/u.test(text);
}

/** A word or number without what is not seen, as it comes along when it is copied out of a chat or a table. */
function plainWord(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\ufe00-\ufe0f]/gu, '').trim();
}

/** A number, or a numeric string as sheets give it; undefined for everything else. */
export function toNumber(value: unknown): number | undefined {
	if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
	const text = typeof value === 'string' ? plainWord(value) : '';
	return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : undefined;
}

/** The members of a list that an expression gave, or the parts of a text; without empty ones. */
export function toList(value: unknown, separator: RegExp): unknown[] {
	const all: unknown[] = typeof value === 'string' ? value.split(separator) : Array.isArray(value) ? value : [value];
	return all.filter((one) => !isUnset(one));
}

/** A number of seconds: "10 Seconds" and "10s" are 10, too. */
export function toSeconds(value: unknown): number | undefined {
	return toNumber(typeof value === 'string' ? plainWord(value).replace(/s(ec(ond)?s?)?$/i, '') : value);
}

/**
 * A ratio like 9:16, also where a sheet took it for a time of day: as "9:16:00" or "4:09:00 PM", as the first day of its
 * calendar ("1899-12-30T09:16:00.000Z"), or as the part of a day that has passed by then (0.386…).
 */
function toRatio(value: unknown): string | undefined {
	const days = toNumber(value);
	if (days !== undefined) {
		const minutes = Math.round(days * 24 * 60);
		return Math.abs(days * 24 * 60 - minutes) < 0.001 ? `${Math.floor(minutes / 60)}:${minutes % 60}` : undefined;
	}
	const time = /^(?:1899-12-3\dT)?(\d{1,2}):(\d{1,2})(?::00(?:\.0+)?Z?)?\s*([ap]m)?$/i;
	const [, hours, minutes, half] = (typeof value === 'string' && time.exec(plainWord(value))) || [];
	if (hours === undefined) return undefined;
	const afternoon = /^pm$/i.test(half ?? '') ? 12 : 0;
	return `${half === undefined ? Number(hours) : (Number(hours) % 12) + afternoon}:${Number(minutes)}`;
}

/** Whether a value, as forms and sheets give it, is this one of a list. Lists of numbers are lengths in seconds. */
export function isChoice(choice: string | number, value: unknown): boolean {
	if (typeof choice === 'number') return toSeconds(value) === choice;
	if (typeof value === 'string' && plainWord(value).toLowerCase() === choice.toLowerCase()) return true;
	return choice.includes(':') && toRatio(value) === choice;
}

function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? 'nothing';
	return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Without halves of characters and control characters, which strict readers of JSON refuse; tabs and line breaks stay. */
function cleanText(text: string): string {
	return text.replace(/(?![\t\n\r])[\p{Cs}\p{Cc}]/gu, '');
}

/** What is wrong with a text whose {{ }} nobody filled in. */
export const UNFILLED =
	'still has {{ }} in it. Switch the field to Expression, so that n8n fills it in. If it is one already, correct the text in your data.';

/** What shows that a text was to be filled in and was not, so that nobody means it as it is; undefined if nothing does. */
function unfilledProblem(text: string): string | undefined {
	const templates = text.split('{{').slice(1);
	if (templates.some((template) => /^(?:(?!\}\})[^])*?\$[A-Za-z_(]/.test(template))) {
		return UNFILLED;
	}
	if (!text.includes('[object Object]')) return undefined;
	return 'has [object Object] in it: an expression gave a whole object. Name the text inside it, e.g. with .text at the end.';
}

/** What is wrong with a text wherever it stands. */
const textProblem = (text: string): string | undefined => unfilledProblem(text) ?? secretProblem(text);

/** The words that an expression leaves where it found nothing. */
const NOTHING_FOUND = ['undefined', 'null', 'NaN'];

/** What a number may be. */
export interface NumberRules {
	readonly min?: number;
	readonly max?: number;
	readonly isWhole?: boolean;
	/** "10 Seconds" is read, too. */
	readonly isSeconds?: boolean;
}

function limitsText({ min, max }: NumberRules): string {
	if (min === undefined) return max === undefined ? '' : ` ${max} or less,`;
	return max === undefined ? ` ${min} or more,` : ` between ${min} and ${max},`;
}

/**
 * Reads the values of one form and collects all that is wrong with it, so that everything can be named at once.
 * Every method returns the value, or undefined if it is unset or wrong; unset is a problem only where required.
 */
export class FieldReader {
	readonly problems: Problem[] = [];

	refuse(field: string | undefined, message: string): undefined {
		this.problems.push(field === undefined ? { message } : { field, message });
		return undefined;
	}

	/** A text that somebody may mean as it is, cleaned. Kling's own limit is in characters, so `maxLength` is, too. */
	text(field: string, value: unknown, rules: { required?: boolean; maxLength?: number } = {}): string | undefined {
		const text = typeof value === 'string' ? cleanText(value) : value;
		if (isUnset(text)) return rules.required ? this.refuse(field, 'is empty. Fill it in.') : undefined;
		if (typeof text !== 'string') return this.refuse(field, `has to be text, but is ${shown(text)}.`);
		const problem = textProblem(text);
		if (problem !== undefined) return this.refuse(field, problem);
		if (NOTHING_FOUND.includes(text.trim())) {
			return this.refuse(
				field,
				`is only the word "${text.trim()}": its expression found nothing. Check what it reads.`,
			);
		}
		const length = [...text].length;
		if (rules.maxLength === undefined || length <= rules.maxLength) return text;
		return this.refuse(field, `is ${length} characters long; at most ${rules.maxLength} are allowed. Shorten it.`);
	}

	/** One of a list, in any case of its letters and with blanks around it, or its label in the list of the form. */
	choice<T extends string | number>(
		field: string,
		value: unknown,
		choices: readonly T[],
		labels: readonly string[] = [],
	): T | undefined {
		if (isUnset(value)) return undefined;
		const found = choices.find((choice, at) => isChoice(choice, value) || isChoice(labels[at] ?? choice, value));
		return found ?? this.refuse(field, `has to be ${choices.join(' or ')}, but is ${shown(value)}.`);
	}

	number(field: string, value: unknown, rules: NumberRules): number | undefined {
		if (isUnset(value)) return undefined;
		const { min = -Infinity, max = Infinity, isWhole = false, isSeconds = false } = rules;
		const number = isSeconds ? toSeconds(value) : toNumber(value);
		const isGood = number !== undefined && number >= min && number <= max && (!isWhole || Number.isInteger(number));
		if (isGood) return number;
		const kind = isWhole ? 'a whole number' : 'a number';
		return this.refuse(field, `has to be ${kind},${limitsText(rules)} but is ${shown(value)}.`);
	}

	boolean(field: string, value: unknown): boolean | undefined {
		const word = typeof value === 'boolean' ? String(value) : value;
		const read = this.choice(field, word, ['true', 'false']);
		return read === undefined ? undefined : read === 'true';
	}

	/** Any JSON, each text in it cleaned; one that was to be filled in, or has a secret in it, is refused. */
	json(field: string, value: JsonValue): JsonValue | undefined {
		let problem: string | undefined;
		const clean: JsonValue = JSON.parse(JSON.stringify(value), (_key, inner: JsonValue) => {
			if (typeof inner !== 'string') return inner;
			problem ??= textProblem(inner);
			return cleanText(inner);
		});
		return problem === undefined ? clean : this.refuse(field, problem);
	}

	/** A JSON object, or text that holds one. */
	jsonObject(field: string, value: unknown): JsonObject | undefined {
		if (isUnset(value)) return undefined;
		const parsed = typeof value === 'string' ? parseJson(value) : value;
		if (isJsonObject(parsed)) return parsed;
		return this.refuse(field, `has to be a JSON object like { "key": "value" }, but is ${shown(value)}.`);
	}
}
