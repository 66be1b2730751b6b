import { asObject, asText, parseJson, present } from './json';
import type { Failure, FailureCode } from './job';

const MAX_MESSAGE_CHARACTERS = 500;
/** A signed link may be longer than a message, and the reason may stand behind it. */
const MAX_READ_CHARACTERS = 5_000;
/** A traceback quotes code, with brackets of its own, before the JSON it ends in. */
const MAX_JSON_STARTS = 100;

function shortened(text: string): string {
	return text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…` : text;
}

/**
 * What follows a link's path may be a signature: whoever reads the message could open a file with it. A name may have
 * brackets or quotes in it, as `photo(1).png` has; those at the end of a link belong to the sentence.
 */
function withoutSignatures(text: string): string {
	return text.replaceAll(/(https?:\/\/[^\s"<>?#]+)[?#][^\s"<>]*?(?=['")\]}.,;:]*(?:[\s"<>]|$))/gi, '$1?…');
}

/** The last words of a traceback, or the text's first line: what a person can use. */
function withoutTraceback(text: string): string {
	const lines = text
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '');
	const hasTraceback = lines.some((line) => /^Traceback|^at (\S+ \(|.*:\d+:\d+)|^File "/.test(line));
	return (hasTraceback ? lines.filter((each) => !/^(at |File ")/.test(each)).at(-1) : lines.join(' ')) ?? '';
}

/** Where an object has its sentence, the best first. */
const TEXT_KEYS = ['error_message', 'message', 'msg', 'error', 'detail', 'title'];

/**
 * The sentence for people in whatever an API calls its error: a string, `{message}`, `[{msg}]`, JSON inside a string,
 * or text that ends in JSON (docs/providers.md#runpod-failures, #coretoday-errors). Undefined if there is none. Never a
 * traceback.
 */
export function errorText(value: unknown, depth = 6): string | undefined {
	if (depth === 0) return undefined;
	if (Array.isArray(value)) {
		const texts = value.map((each) => errorText(each, depth - 1)).filter((text) => text !== undefined);
		return texts.length === 0 ? undefined : shortened(texts.slice(0, 5).join('; '));
	}
	const object = asObject(value);
	if (object !== undefined) {
		return TEXT_KEYS.map((key) => errorText(object[key], depth - 1)).find((text) => text !== undefined);
	}
	const text = asText(value);
	if (text === undefined) return undefined;
	return (
		errorText(jsonAtEnd(text), depth - 1) ??
		shortened(withoutSignatures(withoutTraceback(text).slice(0, MAX_READ_CHARACTERS)))
	);
}

/** The object or list a text is, or ends in; a list of words at the end of a sentence belongs to it. */
function jsonAtEnd(text: string): unknown {
	const starts = [...text.matchAll(/\{\s*"|\[\s*\{|^\[/g)].slice(0, MAX_JSON_STARTS);
	return starts.map(({ index }) => parseJson(text.slice(index))).find((inner) => inner !== undefined);
}

const LINK = /https?:\/\/[^\s'"<>()]+/gi;
/** A link's own words say nothing of the failure. */
const LINK_IN_WORDS = '(link)';

/** The two APIs and those that work behind them: what they refuse each other is not the input's fault. */
const OWN_HOSTS =
	/(^|\.)(core\.today|runpod\.(ai|io|net)|replicate\.(com|delivery)|kling(ai)?\.(com|ai)|kuaishou\.com|wavespeed\.ai|fal\.(ai|run))$/;
/** An API of another's, as far as its address shows it. */
const API_ADDRESS = /^https?:\/\/(api[.-]|[^/]+\/api\/)/i;

/** Fetching something failed, as Python's libraries and Node's say it: the picture's link, where no API's is named. */
const FETCH_FAILED =
	/\b(?:client|server) error '(\d{3})\b|\b(\d{3}) (?:client|server) error\b|\bHTTP error:? (\d{3})\b/i;
/** Of a link: it does not open, now or later. The other 4xx are about the moment or the way of asking. */
const FINAL_STATUSES = ['400', '401', '403', '404', '410', '451'];

function isOwn(link: string): boolean {
	const host = /^https?:\/\/([^/:?#]+)/i.exec(link)?.[1]?.toLowerCase() ?? '';
	return OWN_HOSTS.test(host) || API_ADDRESS.test(link);
}

/** Of a failure to fetch something by HTTP; undefined for any other, and for what an API refused another. */
function fetchFailure(text: string): FailureCode | undefined {
	const [, ...statuses] = FETCH_FAILED.exec(text) ?? [];
	const status = statuses.find((each) => each !== undefined);
	if (status === undefined) return undefined;
	if (status === '429') return 'rate_limited';
	if (status.startsWith('5') || status === '408') return 'provider_error';
	const links = text.match(LINK) ?? [];
	const isInput = FINAL_STATUSES.includes(status) && !links.some(isOwn);
	return isInput ? 'invalid_input' : undefined;
}

/**
 * What the failure texts of the two APIs and their upstreams mean. Sources: Kling's API error table (1101/1102 account,
 * 1201 parameters, 1301 content, 1302/1303 rate), Replicate's prediction errors (E005 sensitive content, NSFW, PA
 * interrupted, E6716 start timeout, E8765 health check), Runpod's documented `Invalid image URL`. What fits none is a
 * `provider_error` of unknown retryability.
 */
const FAILURE_KINDS: ReadonlyArray<readonly [FailureCode, RegExp]> = [
	[
		'content_policy',
		/nsfw|sensitive|content.?policy|moderat|flagged|risk.?control|safety check|prohibited|\bE005\b|\b1301\b/i,
	],
	[
		'insufficient_credit',
		/insufficient.{0,20}(credit|balance|fund|quota)|not enough (credit|balance|fund)|(credits?|balance|funds?).{0,10}(not enough|insufficient)|out of credit|balance (is )?(too low|depleted)|depleted|payment required|arrears|\b110[12]\b/i,
	],
	['rate_limited', /rate.?limit|too many requests|throttl|concurrency limit|parallel task.{0,30}limit|\b130[23]\b/i],
	[
		'invalid_input',
		/image.*(url|download|fetch|reach|(?<!over)load|open|format|size|dimension|ratio|resolution|decode|pixel)|(download|fetch|(?<!over)load|open|decode|invalid|unsupported|corrupt).*image/i,
	],
	[
		'invalid_input',
		/cannot identify image|(invalid|incorrect|malformed|not valid).{0,20}base.?64|base.?64.{0,20}(invalid|decod)|incorrect padding/i,
	],
	[
		'invalid_input',
		/invalid (input|parameter|argument|value|request)|validation|must be one of|\bfield "|required|unprocessable|\b1201\b/i,
	],
	[
		'provider_error',
		/interrupted|please (retry|try again)|temporar|timed? ?out|unavailable|overloaded|\(code: PA\)|\bE(6716|8765)\b/i,
	],
];

/** The same request would fail again. */
const FINAL_CODES: readonly FailureCode[] = ['content_policy', 'invalid_input'];

/** What a job's failure text says about why, and whether the same request may succeed. */
export function classifyFailure(text = ''): Pick<Failure, 'code' | 'retryable'> {
	const spoken = text.replace(LINK, LINK_IN_WORDS);
	const code = fetchFailure(text) ?? FAILURE_KINDS.find(([, words]) => words.test(spoken))?.[0];
	return code === undefined ? { code: 'provider_error' } : { code, retryable: !FINAL_CODES.includes(code) };
}

/** What to do about a failure, where `label` is the provider's. */
const ADVICE: Readonly<Record<FailureCode, (label: string) => string>> = {
	invalid_input: () =>
		'Correct the prompt, the pictures or the settings that the message names. Pictures have to be JPEG or PNG, up to 10 MB, and open without a login.',
	content_policy: () => 'Change the prompt or the picture: the same request would be refused again.',
	unauthorized: (label) =>
		`Open this node's ${label} credential and check that the API key is complete, valid and allowed to use this model.`,
	insufficient_credit: (label) => `Add credit in your ${label} account, then run again.`,
	rate_limited: (label) => `${label} is limiting requests. Lower Max Concurrency in the options, or run again later.`,
	endpoint_not_found: (label) => `${label} does not have this model, or has it no longer.`,
	job_not_found: (label) =>
		`Check the job ID and that the credential belongs to the account that made it. ${label} may also have deleted the job already. If you have the link of its video, use the Download operation.`,
	submit_unknown: (label) =>
		`The job may exist and may have been charged, so it was not submitted again. Look in your ${label} account: if the job is there, get its video with the Wait operation and its job ID; if it is not, start a new execution.`,
	timed_out: () =>
		'The job was not cancelled and may still finish. Run the Wait operation with its job ID, or raise Timeout in the options.',
	limit_reached: () => 'Raise the limit in the options, or send fewer items.',
	provider_error: (label) => `Look for the job in your ${label} account or see ${label}'s status page, then run again.`,
};

/** What to do about a failure, for the person in the editor. `label` is the provider's. */
export function adviceFor(code: FailureCode, label: string): string {
	return ADVICE[code](label);
}

/** A submit that the API clearly refused: nothing was made, so nothing was charged. */
export function refusal(message: string, code: FailureCode, retryable?: boolean): Failure {
	return { message, code, ...present({ retryable }), charged: 'no' };
}
