import type { NodeOperationError } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';
import { FieldReader, isChoice, isUnset, problemText, type Problem } from '../../core/fields';
import type { VideoForm } from '../../core/form';
import type { Failure, ProviderName } from '../../core/job';
import { present, without } from '../../core/json';
import { withoutSignature } from '../../core/linkEnds';
import { defaultModelOf, takes } from '../../core/models';
import { parseForm } from '../../core/models/form';
import type { LedgerAnswer } from '../../core/money/ledger';
import { asLimit, type Limits } from '../../core/money/limits';
import { providerOf } from '../../core/providers';
import { chainOf } from '../../core/providers/choices';
import type { VideoRequest } from '../../core/providers/provider';
import { urlProblem } from '../../core/url';
import { isTool, optionsAt } from '../../host/context';
import { sha256Of } from '../../host/files';
import { apiWithoutCredential, type Api } from '../../kling/api';
import { MODEL_PARAMETER } from '../../kling/fields';
import type { OutputOptions } from '../../kling/item';
import { requestFields } from '../form/generate';
import { refusedAsAWhole, refusedItem } from '../run/errors';
import { reasonOf, type Checked, type Items } from '../run/items';
import { readOutputOptions, readWaitOptions, type WaitOptions } from '../run/poll';
import type { Run } from '../run/run';
import { createPictureReader, preparePictures, type PictureReader, type PreparedPicture } from './pictures';

type Options = Readonly<Record<string, unknown>>;

export type Completion = 'wait' | 'callback' | 'jobId';

/** What Generate reads once, at the first item. */
export interface Settings {
	readonly completion: Completion;
	/** In the order in which they are tried. */
	readonly providers: readonly ProviderName[];
	/** With Wait for Completion: unfinished jobs at once. Otherwise: submits at once. */
	readonly limit: LimitFunction;
	readonly limits: Limits;
	/** The most that the second provider may cost, in its unit. */
	readonly fallbackMaxCost?: number;
	readonly mayFallBack: boolean;
	/** What is wrong with the options of the run; any of it refuses the run. */
	readonly problems: readonly string[];
}

/** A video request with everything checked, ready to be submitted to one provider. */
export interface PreparedRequest {
	readonly api: Api;
	readonly request: VideoRequest;
	readonly pictures: readonly PreparedPicture[];
	/** A hash of the request and its pictures. */
	readonly fingerprint: string;
	/** What the provider is to call when the job has ended. */
	readonly callbackUrl?: string;
}

/** One checked item of Generate. */
export interface GenerateItem {
	readonly itemIndex: number;
	readonly first: PreparedRequest;
	/** Tried where the first provider certainly created no job. */
	readonly second?: PreparedRequest;
	/** Those of its first and second request. The ledger uses them to find jobs of an earlier execution. */
	readonly fingerprints: readonly string[];
	/**
	 * What the ledger said of it when it was checked, for the limits and for polling. Right before a submit the ledger is
	 * asked again.
	 */
	readonly known: LedgerAnswer;
	/** Checks everything and submits nothing. */
	readonly dryRun: boolean;
	/** Whether the links of its pictures are to be opened before anything is submitted. */
	readonly looksAtLinks: boolean;
	readonly wait: WaitOptions;
	readonly output: OutputOptions;
}

const DEFAULT_CONCURRENCY = 10;

const LIMIT_LABELS = { maxCost: 'Max Cost', maxJobs: 'Max Jobs', fallbackMaxCost: 'Fallback Max Cost' } as const;

/**
 * Reads what holds for the whole run. Never throws: n8n would pass the input on as results. An added limit that is empty
 * or not a number is a problem; it never means "no limit", so that a typing error cannot lift a spend limit.
 */
export function readSettings(run: Run): Settings {
	const { context } = run;
	const providers = chainOf(context.getNodeParameter('provider', 0, 'coreToday'));
	const given = { completion: completionOf(run), providers };
	try {
		return { ...given, ...readRunOptions(optionsAt(context, 0)) };
	} catch (error) {
		const problem = `The options could not be read: ${reasonOf(error)}. Nothing was submitted. Correct the expression.`;
		return { ...given, limit: pLimit(1), limits: {}, mayFallBack: false, problems: [problem] };
	}
}

/** As an AI tool the node never pauses, as an agent cannot go on after it. */
function completionOf({ context }: Run): Completion {
	const completion = context.getNodeParameter('completion', 0, 'wait');
	if (completion === 'callback') return isTool(context) ? 'jobId' : 'callback';
	return completion === 'jobId' ? 'jobId' : 'wait';
}

function readRunOptions(options: Options): Omit<Settings, 'completion' | 'providers'> {
	const fields = new FieldReader();
	const concurrency = fields.number('Max Concurrency', options.maxConcurrency, { min: 1 }) ?? DEFAULT_CONCURRENCY;
	const limitOf = (name: keyof typeof LIMIT_LABELS): number | undefined => {
		if (!(name in options)) return undefined;
		const shown = isUnset(options[name]) ? 'empty' : JSON.stringify(options[name]);
		const problem = `has to be a number of 0 or more, but is ${shown}. Nothing was submitted. Enter a number, or remove the option.`;
		return asLimit(options[name]) ?? fields.refuse(LIMIT_LABELS[name], problem);
	};
	const [maxCost, maxJobs, fallbackMaxCost] = [limitOf('maxCost'), limitOf('maxJobs'), limitOf('fallbackMaxCost')];
	return {
		limit: pLimit(Math.floor(concurrency)),
		limits: present({ maxCost, maxJobs }),
		...present({ fallbackMaxCost }),
		mayFallBack: maxCost === undefined || fallbackMaxCost !== undefined,
		problems: fields.problems.map(problemText),
	};
}

/** Checks one item: its form for each provider of the choice, its pictures, its options. Sends nothing. */
export async function checkItem(run: Run, settings: Settings, itemIndex: number): Promise<Checked<GenerateItem>> {
	const { completion, providers } = settings;
	const fields = new FieldReader();
	const form = readForm(run, itemIndex);
	const maxSeconds = completion === 'callback' ? maxCallbackSeconds(providers) : undefined;
	const wait = readWaitOptions(run, itemIndex, fields, maxSeconds);
	const options = optionsAt(run.context, itemIndex);
	const dryRun = readDryRun(fields, options);
	const wantsLook = fields.boolean('Check Picture Links', options.checkPictureLinks) ?? true;
	// An agent waits for its tool, and mends what the provider refuses by itself.
	const looksAtLinks = wantsLook && !isTool(run.context);
	if (providers.length === 0) fields.refuse('Provider', 'has to be one of the choices in the list.');
	const prepared = await prepareRequests({ run, settings, itemIndex, fields, dryRun }, form);
	const callbackUrl = completion === 'jobId' ? readCallbackUrl(run, itemIndex, fields, prepared) : undefined;
	const [first, second] = prepared.map((request) => calledBack(request, callbackUrl));
	const output = readOutputOptions(run, itemIndex, fields);
	if (fields.problems.length > 0 || first === undefined) {
		return { kind: 'problems', problems: withoutRepeats(fields.problems) };
	}
	const fingerprints = prepared.map(({ fingerprint }) => fingerprint);
	const known = run.ledger.find(itemIndex, fingerprints);
	return {
		kind: 'item',
		item: { itemIndex, first, fingerprints, known, dryRun, looksAtLinks, wait, output, ...present({ second }) },
	};
}

/**
 * What is left where nothing new may be submitted: the items that an earlier try has paid for. A limit that is reached on
 * a retry does not throw their videos away. Throws, with On Error "Stop", if there is none.
 * @param refusal what is thrown then, if it is not the problem itself
 */
export function refuseNew(
	run: Run,
	{ toDo, results }: Items<GenerateItem>,
	problem: Failure,
	refusal?: NodeOperationError,
): Items<GenerateItem> {
	const kept = toDo.filter(({ known }) => known.kind !== 'maySubmit');
	if (kept.length === 0 && !run.context.continueOnFail()) throw refusal ?? refusedAsAWhole(run, problem);
	for (const { itemIndex, known } of toDo) {
		if (known.kind !== 'maySubmit') continue;
		results[itemIndex] = { kind: 'error', error: refusedItem(problem, run.ledger.latest(itemIndex)) };
	}
	return { toDo: kept, results };
}

/** Some fields are in the form more than once, each time for other models. */
const PARAMETERS = [...new Set(requestFields.map(({ name }) => name))];

function readForm({ context }: Run, itemIndex: number): VideoForm {
	// n8n throws for a parameter that is not shown unless it is given a value to fall back on.
	const values = PARAMETERS.map((name) => [name, context.getNodeParameter(name, itemIndex, '')]);
	return { ...optionsAt(context, itemIndex), ...Object.fromEntries(values) };
}

/** A dry run whose expression finds nothing must not become a real one. */
function readDryRun(fields: FieldReader, options: Options): boolean {
	if ('dryRun' in options && isUnset(options.dryRun)) fields.refuse('Dry Run', 'is empty: it has to be true or false.');
	return fields.boolean('Dry Run', options.dryRun) ?? false;
}

/** Two providers find the same things wrong with one form. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
	const byText = new Map(problems.map((problem) => [problemText(problem), problem]));
	return [...byText.values()];
}

/** The shortest of the limits of all providers that may get the job. */
function maxCallbackSeconds(providers: readonly ProviderName[]): number | undefined {
	const limits = providers.flatMap((name) => providerOf(name).maxCallbackSeconds ?? []);
	return limits.length === 0 ? undefined : Math.min(...limits);
}

const NO_CALLBACK_URL =
	"is empty, because its expression finds nothing. Correct it. Where no callback is wanted, end it with || ''.";

function readCallbackUrl(
	{ context }: Run,
	itemIndex: number,
	fields: FieldReader,
	requests: readonly PreparedRequest[],
): string | undefined {
	const url: unknown = context.getNodeParameter('callbackUrl', itemIndex, '');
	// An expression that finds nothing gives no text at all; '' says on purpose that there is no callback.
	if (url === undefined || url === null) return fields.refuse('Callback URL', NO_CALLBACK_URL);
	if (isUnset(url)) return undefined;
	const isLocal = requests.length > 0 && requests.every(({ api }) => api.isLocal);
	const problem = urlProblem(url, { providerIsLocal: isLocal });
	return problem === undefined ? String(url).trim() : fields.refuse('Callback URL', problem);
}

/** A query parameter that proves who made a URL: the URL must stay as it is then. */
const SIGNATURE = /(^|[_-])(sig|signature|hmac)$/i;

/**
 * The request with its callback URL. Runpod's callback does not say which endpoint the job is at, so for another model
 * than the default the URL does; the trigger takes that parameter out again.
 */
function calledBack(prepared: PreparedRequest, callbackUrl: string | undefined): PreparedRequest {
	if (callbackUrl === undefined) return prepared;
	const { provider } = prepared.api;
	const { model } = prepared.request;
	const url = new URL(callbackUrl);
	const isSigned = [...url.searchParams.keys()].some((name) => SIGNATURE.test(name));
	const isNamed = provider.takesEndpointId && model !== provider.defaultModel && !isSigned;
	if (!isNamed) return { ...prepared, callbackUrl };
	url.searchParams.set(MODEL_PARAMETER, model);
	return { ...prepared, callbackUrl: url.href };
}

/** The item's request to each provider of the choice, the first and the second. */
async function prepareRequests(
	item: Omit<Preparing, 'isSecond' | 'readPicture'>,
	form: VideoForm,
): Promise<PreparedRequest[]> {
	const [firstName, secondName] = item.settings.providers;
	if (firstName === undefined) return [];
	const preparing = { ...item, readPicture: createPictureReader(item.run, item.itemIndex) };
	const first = await prepareRequest({ ...preparing, isSecond: false }, firstName, form);
	const takesEndImage = secondName !== undefined && takes(defaultModelOf(secondName), 'endImage');
	const second =
		secondName === undefined || (wantsEndImage(form) && !takesEndImage)
			? undefined
			: await prepareRequest({ ...preparing, isSecond: true }, secondName, formForSecond(form, secondName, firstName));
	if (first === undefined) return [];
	// An end image that comes from Additional Input is seen only in the first request.
	const canFallBack = second !== undefined && (takesEndImage || !first.request.hasEndImage);
	return canFallBack ? [first, second] : [first];
}

/** What the second provider is asked: `additionalInput` is in the first one's words. */
function formForSecond(form: VideoForm, name: ProviderName, first: ProviderName): VideoForm {
	const own = without(form, 'additionalInput');
	return providerOf(name).asSecond?.(own, first) ?? own;
}

function wantsEndImage(form: VideoForm): boolean {
	return !isUnset(form.endImageSource) && !isChoice('none', form.endImageSource);
}

interface Preparing {
	readonly run: Run;
	readonly settings: Settings;
	readonly itemIndex: number;
	readonly fields: FieldReader;
	readonly dryRun: boolean;
	readonly readPicture: PictureReader;
	/** The provider is the second of a choice. */
	readonly isSecond: boolean;
}

/** The request to one provider; undefined if anything is wrong with it, which is then in `fields`. */
async function prepareRequest(
	{ run, settings, itemIndex, fields, dryRun, readPicture, isSecond }: Preparing,
	name: ProviderName,
	form: VideoForm,
): Promise<PreparedRequest | undefined> {
	const problemsBefore = fields.problems.length;
	const provider = providerOf(name);
	const opened = await run.api(name);
	// A dry run needs no account: without one it is checked as the real API would be asked.
	const api = dryRun && 'problem' in opened ? apiWithoutCredential(name) : opened;
	if ('problem' in api) fields.refuse(undefined, api.problem);
	if (wantsEndImage(form) && !takes(defaultModelOf(name), 'endImage')) {
		const problem = `cannot go to ${provider.label}, which comes first here. Choose Core.Today as the first provider, or set End Image to None.`;
		return fields.refuse('End Image', problem);
	}
	// Without a credential nobody knows where the API is: what only an API on the internet would refuse is not named then.
	const providerIsLocal = 'problem' in api || api.isLocal;
	const context = { providerIsLocal, waits: settings.completion === 'wait', isDryRun: dryRun };
	const parsed = parseForm(name, form, context);
	if (parsed.kind === 'problems') fields.problems.push(...parsed.problems);
	const request = parsed.kind === 'request' ? parsed.request : undefined;
	const pictures = await preparePictures(
		run,
		{
			provider,
			providerIsLocal,
			isSecond,
			choice: optionsAt(run.context, itemIndex).imageDelivery,
			callsBack: settings.completion === 'callback',
		},
		{ request, pictures: request?.pictures ?? (parsed.kind === 'problems' ? parsed.pictures : []) },
		readPicture,
		fields,
	);
	if (fields.problems.length > problemsBefore || request === undefined || 'problem' in api) return undefined;
	return { api, request, pictures, fingerprint: fingerprintOf(run, request, pictures) };
}

/**
 * The request as it would be sent, without how it is sent, and its pictures by their contents. A link counts without its
 * storage's signature, as a node in front may sign it anew for each run; but whole for an agent, whose calls only the
 * fingerprint tells apart.
 */
function fingerprintOf(
	{ isAgentCall }: Run,
	{ provider, model, input, links }: VideoRequest,
	pictures: readonly PreparedPicture[],
): string {
	const signed = isAgentCall ? [] : links.map(({ url }) => url);
	const compared = (_key: string, value: unknown): unknown =>
		typeof value === 'string' && signed.includes(value) ? withoutSignature(value) : value;
	const essence = [
		provider,
		model,
		Object.entries(input).sort(([one], [other]) => (one < other ? -1 : 1)),
		pictures.map(({ picture, sha256 }) => [picture.inputKey, sha256]),
	];
	return sha256Of(JSON.stringify(essence, compared)).slice(0, 32);
}
