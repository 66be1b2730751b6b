import { FieldReader, isUnset, type Problem } from '../../core/fields';
import type { VideoForm } from '../../core/form';
import type { ProviderName } from '../../core/job';
import { present, without } from '../../core/json';
import type { LedgerEntry, Resolution } from '../../core/money/ledger';
import type { Extras } from '../../core/output';
import { defaultModelOf, takes } from '../../core/models';
import { parseForm } from '../../core/models/form';
import { urlProblem } from '../../core/url';
import { providerOf } from '../../core/providers';
import { chainOf } from '../../core/providers/choices';
import type { VideoRequest } from '../../core/providers/provider';
import { sha256Of } from '../../host/files';
import type { Api } from '../../kling/api';
import type { OutputWish } from '../../kling/item';
import { outputWish, readWaitRules, type WaitRules } from '../run/finish';
import { checkPictures, type CheckedPicture } from './pictures';
import type { Checked, Placed } from '../run/operation';
import type { Session } from '../run/session';
import { isTool, optionsAt } from '../../host/surroundings';

export type Completion = 'wait' | 'callback' | 'jobId';

/** A provider that can make this video, with everything checked. */
export interface Candidate {
	readonly api: Api;
	readonly request: VideoRequest;
	readonly pictures: readonly CheckedPicture[];
	/** Names the merged request and its pictures' contents: equal ones are one job to a retry. */
	readonly fingerprint: string;
}

/** One checked item of Generate. */
export interface GenerateOrder {
	readonly first: Candidate;
	/** Tried when the first surely created no job. */
	readonly second?: Candidate;
	readonly completion: Completion;
	/** Checks everything and sends nothing. */
	readonly dryRun: boolean;
	readonly callbackUrl?: string;
	readonly rules: WaitRules;
	readonly wish: OutputWish;
}

/** What was ordered of one of the providers. */
export function candidateOf({ first, second }: GenerateOrder, provider: ProviderName): Candidate {
	return second?.request.provider === provider ? second : first;
}

/** What is known of an item that may have been paid for already, at either provider. */
export function knownOf({ ledger }: Session, { itemIndex, order }: Placed<GenerateOrder>): Resolution {
	const fingerprints = [order.first, order.second].flatMap((candidate) => candidate?.fingerprint ?? []);
	return ledger.resolve(itemIndex, fingerprints);
}

/** When the job of an order is no longer waited for. */
export function deadlineOf({ rules }: GenerateOrder, { submittedMs }: LedgerEntry): number {
	return submittedMs + rules.timeoutSeconds * 1000;
}

/** What the submit's entry says of an item beside its job. */
export function extrasOf({ cost, fallbackFrom }: LedgerEntry): Extras {
	return present({ cost, fallbackFrom });
}

/** The providers of the form's choice, in order. */
function chosen({ context }: Session): readonly ProviderName[] {
	return chainOf(context.getNodeParameter('provider', 0, 'coreToday'));
}

/** How the run is to end. As an AI tool the node never parks. */
export function completionOf({ context }: Session): Completion {
	const completion = context.getNodeParameter('completion', 0, 'wait');
	if (completion === 'callback') return isTool(context) ? 'jobId' : 'callback';
	return completion === 'jobId' ? 'jobId' : 'wait';
}

function readForm({ context }: Session, itemIndex: number): VideoForm {
	// A parameter that is not shown is not there; n8n throws for it unless it is given something else.
	const at = (name: string): unknown => context.getNodeParameter(name, itemIndex, '');
	const options = optionsAt(context, itemIndex);
	return {
		...without(options, 'model'),
		// Core.Today's models are named by an option so far; Runpod's by another, Endpoint ID.
		...('model' in options ? { modelId: options.model } : {}),
		prompt: at('prompt'),
		startImageSource: at('startImageSource'),
		startImageUrl: at('startImageUrl'),
		startImageField: context.getNodeParameter('startImageField', itemIndex, 'data'),
		mode: at('mode'),
		duration: at('duration'),
		endImageSource: at('endImageSource'),
		endImageUrl: at('endImageUrl'),
		endImageField: context.getNodeParameter('endImageField', itemIndex, 'data'),
	};
}

/** Checks one item of Generate: its form for each provider of the choice, its pictures, its timeout. */
export async function checkGenerate(session: Session, itemIndex: number): Promise<Checked<GenerateOrder>> {
	const form = readForm(session, itemIndex);
	const completion = completionOf(session);
	const chain = chosen(session);
	const fields = new FieldReader();
	const rules = readWaitRules(
		session,
		itemIndex,
		fields,
		completion === 'callback' ? maxCallbackSeconds(chain) : undefined,
	);
	const dryRun = readDryRun(fields, optionsAt(session.context, itemIndex));
	const candidates: Candidate[] = [];
	for (const [index, name] of chain.entries()) {
		const candidate = await checkCandidate(
			session,
			itemIndex,
			name,
			index > 0 ? asSecond(form, name, chain[0]) : form,
			fields,
		);
		if (candidate !== undefined) candidates.push(candidate);
	}
	if (chain.length === 0) fields.refuse('Provider', 'has to be one of the choices in the list.');
	const callbackUrl = completion === 'jobId' ? readCallbackUrl(session, itemIndex, fields, candidates) : undefined;
	const [first, other] = candidates;
	const wish = outputWish(session, itemIndex, fields);
	if (fields.problems.length > 0 || first === undefined) return { kind: 'problems', problems: unique(fields.problems) };
	const order = { first, completion, dryRun, rules, wish };
	// An end image that Additional Input gives is seen only in the first request.
	const canHaveSecond =
		!first.request.hasEndImage || (other !== undefined && takes(defaultModelOf(other.request.provider), 'endImage'));
	const second = canHaveSecond ? other : undefined;
	const extras = { ...(second === undefined ? {} : { second }), ...(callbackUrl === undefined ? {} : { callbackUrl }) };
	return { kind: 'order', order: { ...order, ...extras } };
}

/** A dry run whose expression finds nothing must not become a real one. */
function readDryRun(fields: FieldReader, options: Readonly<Record<string, unknown>>): boolean {
	if ('dryRun' in options && isUnset(options.dryRun)) fields.refuse('Dry Run', 'is empty: it has to be true or false.');
	return fields.boolean('Dry Run', options.dryRun) ?? false;
}

/** Two providers find the same things wrong with one form. */
function unique(problems: readonly Problem[]): Problem[] {
	const seen = new Set<string>();
	return problems.filter(({ field, message }) => {
		const isNew = !seen.has(field + message);
		seen.add(field + message);
		return isNew;
	});
}

/** The shortest of the limits of all providers that may get the job. */
function maxCallbackSeconds(chain: readonly ProviderName[]): number | undefined {
	const limits = chain.map((name) => providerOf(name).maxCallbackSeconds).filter((limit) => limit !== undefined);
	return limits.length === 0 ? undefined : Math.min(...limits);
}

/** What the second provider is asked: `additionalInput` is in the first one's words. */
function asSecond(form: VideoForm, name: ProviderName, first: ProviderName): VideoForm {
	const own = without(form, 'additionalInput');
	return providerOf(name).asSecond?.(own, first) ?? own;
}

function wantsEndImage(form: VideoForm): boolean {
	return !isUnset(form.endImageSource) && form.endImageSource !== 'none';
}

async function checkCandidate(
	session: Session,
	itemIndex: number,
	name: ProviderName,
	form: VideoForm,
	fields: FieldReader,
): Promise<Candidate | undefined> {
	const before = fields.problems.length;
	const provider = providerOf(name);
	const api = await session.api(name);
	if ('problem' in api) fields.refuse('Credential', api.problem);
	const isSecond = chosen(session)[0] !== name;
	if (wantsEndImage(form) && !takes(defaultModelOf(name), 'endImage')) {
		const problem = `cannot go to ${provider.label}, which comes first here. Choose Core.Today as the first provider, or take the end image away.`;
		return isSecond ? undefined : fields.refuse('End Image', problem);
	}
	// Without a credential nobody knows how near the API is: what would be wrong for a far one only is not named.
	const providerIsLocal = 'problem' in api || api.isLocal;
	const asked = name === 'coreToday' && 'modelId' in form ? { ...form, model: 'other' } : form;
	const parsed = parseForm(name, asked, { providerIsLocal, waits: completionOf(session) === 'wait' });
	if (parsed.kind === 'problems') fields.problems.push(...parsed.problems);
	const request = parsed.kind === 'request' ? parsed.request : undefined;
	const wanted = parsed.kind === 'request' ? parsed.request.pictures : parsed.pictures;
	const pictures = await checkPictures(
		session,
		itemIndex,
		{ provider, providerIsLocal, isSecond, request, wanted },
		fields,
	);
	const isGood = fields.problems.length === before;
	if (!isGood || request === undefined || 'problem' in api) return undefined;
	return { api, request, pictures, fingerprint: fingerprintOf(request, pictures) };
}

function readCallbackUrl(
	{ context }: Session,
	itemIndex: number,
	fields: FieldReader,
	candidates: readonly Candidate[],
): string | undefined {
	const url: unknown = context.getNodeParameter('callbackUrl', itemIndex, '');
	if (isUnset(url)) return undefined;
	const isLocal = candidates.length > 0 && candidates.every(({ api }) => api.isLocal);
	const problem = urlProblem(url, { providerIsLocal: isLocal });
	return problem === undefined ? String(url).trim() : fields.refuse('Callback URL', problem);
}

/** The request as it would be sent, less how, with its pictures' contents by hash. */
function fingerprintOf({ provider, model, input }: VideoRequest, pictures: readonly CheckedPicture[]): string {
	const essence = [
		provider,
		model,
		Object.entries(input).sort(([one], [other]) => (one < other ? -1 : 1)),
		pictures.map(({ picture, sha256 }) => [picture.inputKey, sha256]),
	];
	return sha256Of(JSON.stringify(essence)).slice(0, 32);
}
