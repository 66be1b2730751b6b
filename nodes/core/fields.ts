import { isJsonObject, parseJson, type JsonObject } from './json';

/** One thing to mend in the form, by its label. */
export interface Problem {
	readonly field: string;
	readonly message: string;
}

/** What the form gave, before anything was checked: n8n validates nothing that an expression returns. */
export function isUnset(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** A number, or a numeric string as sheets give it; undefined for everything else. */
export function toNumber(value: unknown): number | undefined {
	if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
	if (typeof value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value.trim())) return undefined;
	return Number(value);
}

function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? 'nothing';
	return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/**
 * Reads the values of one form and collects all that is wrong with it, so that everything can be named at once.
 * Every method returns the value, or undefined if it is unset or wrong; unset is a problem only where required.
 */
export class FieldReader {
	readonly problems: Problem[] = [];

	refuse(field: string, message: string): undefined {
		this.problems.push({ field, message });
		return undefined;
	}

	/** Kling's own limit on prompts is in characters, so `maxLength` is, too. */
	text(field: string, value: unknown, rules: { required?: boolean; maxLength?: number } = {}): string | undefined {
		if (isUnset(value)) return rules.required ? this.refuse(field, 'is empty. Fill it in.') : undefined;
		if (typeof value !== 'string') return this.refuse(field, `has to be text, but is ${shown(value)}.`);
		const length = [...value].length;
		if (rules.maxLength === undefined || length <= rules.maxLength) return value;
		return this.refuse(field, `is ${length} characters long; at most ${rules.maxLength} are allowed. Shorten it.`);
	}

	choice<T extends string | number>(field: string, value: unknown, choices: readonly T[]): T | undefined {
		if (isUnset(value)) return undefined;
		const wanted = typeof choices[0] === 'number' ? toNumber(value) : value;
		const found = choices.find((choice) => choice === wanted);
		return found ?? this.refuse(field, `has to be ${choices.join(' or ')}, but is ${shown(value)}.`);
	}

	number(field: string, value: unknown, range: { min: number; max?: number }): number | undefined {
		if (isUnset(value)) return undefined;
		const number = toNumber(value);
		const max = range.max ?? Infinity;
		if (number !== undefined && number >= range.min && number <= max) return number;
		const limits = range.max === undefined ? `${range.min} or more` : `between ${range.min} and ${range.max}`;
		return this.refuse(field, `has to be a number, ${limits}, but is ${shown(value)}.`);
	}

	boolean(field: string, value: unknown): boolean | undefined {
		if (isUnset(value)) return undefined;
		if (typeof value === 'boolean') return value;
		if (value === 'true' || value === 'false') return value === 'true';
		return this.refuse(field, `has to be true or false, but is ${shown(value)}.`);
	}

	/** A JSON object, or text that holds one. */
	jsonObject(field: string, value: unknown): JsonObject | undefined {
		if (isUnset(value)) return undefined;
		const parsed = typeof value === 'string' ? parseJson(value) : value;
		if (isJsonObject(parsed)) return parsed;
		return this.refuse(field, `has to be a JSON object like { "key": "value" }, but is ${shown(value)}.`);
	}
}
