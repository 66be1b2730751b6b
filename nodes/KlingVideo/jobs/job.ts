import type { INodeExecutionData } from 'n8n-workflow';
import { FieldReader, isUnset } from '../../core/fields';
import { asJobId, type Cost, type Handle, type ProviderName } from '../../core/job';
import { asNumber, asObject, asText, present } from '../../core/json';
import type { Extras } from '../../core/output';
import { findProvider, providerOf, providers } from '../../core/providers';
import { zonedTime } from '../../core/providers/reply';
import { optionsAt } from '../../host/context';
import { apiWithoutCredential, type Api } from '../../kling/api';
import type { OutputOptions } from '../../kling/item';
import { checkAndDoItems, type Checked, type Result } from '../run/items';
import { readOutputOptions } from '../run/poll';
import type { Run } from '../run/run';
import { isDryRunId, sampleItem } from '../run/sample';
import { findEndpoint, listedEndpoints, withEndpointAdvice, type Sought } from './endpoint';

/** One checked item of an operation on a job that exists. */
export interface JobToAsk extends Sought {
	readonly itemIndex: number;
	readonly output: OutputOptions;
	/** What the input item already said of the job and no later reply will repeat. */
	readonly extras: Extras;
}

/** A whole operation on jobs. That of a dry run is a sample, and nobody is asked for it. */
export async function doJobs<Item extends JobToAsk>(
	run: Run,
	check: (run: Run, itemIndex: number) => Promise<Checked<Item>>,
	ask: (item: Item) => Promise<Result>,
): Promise<INodeExecutionData[]> {
	return await checkAndDoItems(run, check, async (_run, item) => {
		const { handle, output, extras } = item;
		if (isDryRunId(handle.jobId)) return await sampleItem(run, handle, output, extras);
		return withEndpointAdvice(await ask(await findEndpoint(run, item)), item);
	});
}

type Json = Readonly<Record<string, unknown>>;

/** Reads which job an item is about: from its parameters or, with "From Input", from the item itself. */
export async function checkJob(run: Run, itemIndex: number, fields = new FieldReader()): Promise<Checked<JobToAsk>> {
	const { context } = run;
	const choice: unknown = context.getNodeParameter('provider', 0, 'fromInput');
	// With a provider of its own the node reads nothing of the item but what its parameters name.
	const json: Json = choice === 'fromInput' ? (context.getInputData()[itemIndex]?.json ?? {}) : {};
	const jobId = readJobId(context.getNodeParameter('jobId', itemIndex, ''), fields);
	const name = readProvider(choice, json, fields);
	const api = name === undefined ? undefined : await readApi(run, name, jobId, fields);
	const place = name === undefined ? {} : readPlace(name, json, optionsAt(context, itemIndex), fields);
	const output = readOutputOptions(run, itemIndex, fields);
	if (fields.problems.length > 0 || name === undefined || jobId === undefined || api === undefined) {
		return { kind: 'problems', problems: fields.problems };
	}
	// The item may be another job's, and the ID may come from elsewhere.
	const own: Json = asJobId(json.jobId) === jobId ? json : {};
	const submittedAt = zonedTime(asObject(own.timing)?.submittedAt);
	const handle: Handle = { provider: name, jobId, ...present({ model: place.model, submittedAt }) };
	const { endpoints = [] } = place;
	return { kind: 'item', item: { itemIndex, api, handle, endpoints, output, extras: extrasOf(own) } };
}

function readProvider(choice: unknown, json: Json, fields: FieldReader): ProviderName | undefined {
	const name = findProvider(choice === 'fromInput' ? json.provider : choice)?.name;
	if (name !== undefined) return name;
	const names = providers.map((provider) => provider.name).join(' or ');
	if (choice !== 'fromInput') return fields.refuse('Provider', `has to be ${names}.`);
	return fields.refuse(
		'Provider',
		`is set to From Input, but the input item has no field "provider" with ${names}. Choose the provider in this node.`,
	);
}

/** The job of a dry run is nowhere, so it is asked for without a credential. */
async function readApi(
	run: Run,
	name: ProviderName,
	jobId: string | undefined,
	fields: FieldReader,
): Promise<Api | undefined> {
	if (jobId !== undefined && isDryRunId(jobId)) return apiWithoutCredential(name);
	const api = await run.api(name);
	return 'problem' in api ? fields.refuse(undefined, api.problem) : api;
}

function readJobId(value: unknown, fields: FieldReader): string | undefined {
	if (isUnset(value)) return fields.refuse('Job ID', 'is empty. Enter the jobId that Generate returned.');
	return asJobId(value) ?? fields.refuse('Job ID', 'is not a job ID: it has only letters, digits, "-" and "_".');
}

/** What says where the job is. */
interface Place {
	readonly model?: string;
	readonly endpoints?: readonly string[];
}

/** The item's own model, else the option's endpoint where the provider has endpoints. */
function readPlace(name: ProviderName, json: Json, { endpointId }: Json, fields: FieldReader): Place {
	const provider = providerOf(name);
	const option = provider.takesEndpointId && !isUnset(endpointId) ? endpointId : undefined;
	const named = asText(json.model) ?? option;
	const model = provider.readModel(named, fields);
	if (model === undefined || !provider.takesEndpointId) return present({ model });
	return { model, endpoints: named === undefined ? listedEndpoints(name) : [model] };
}

/** An estimate of the submit stays true for the job; a reported cost comes again with the next reply. */
function extrasOf(json: Json): Extras {
	const cost = asObject(json.cost);
	const fallback = asObject(json.fallbackFrom);
	const from = findProvider(fallback?.provider)?.name;
	return present({
		cost: cost === undefined ? undefined : readCost(cost),
		fallbackFrom: from === undefined ? undefined : { provider: from, reason: asText(fallback?.reason) ?? '' },
	});
}

function readCost(cost: Json): Cost | undefined {
	const amount = asNumber(cost.amount);
	const unit = (['USD', 'credits'] as const).find((each) => each === cost.unit);
	const source = (['estimated', 'minimum'] as const).find((each) => each === cost.source);
	return amount === undefined || unit === undefined || source === undefined ? undefined : { amount, unit, source };
}
