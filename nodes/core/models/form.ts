import { FieldReader, isUnset } from '../fields';
import type { FormContext, VideoForm } from '../form';
import type { ProviderName } from '../job';
import { asText, without, type JsonObject } from '../json';
import type { ParsedRequest, Picture } from '../providers/provider';
import { defaultModelOf, modelOf, takes } from './index';
import type { Model } from './model';
import { OTHER, others, readModelId } from './other';
import { readRequest } from './reader';

/** What a form is read with, and what is wrong with it. */
interface Asked {
	readonly provider: ProviderName;
	readonly form: VideoForm;
	readonly context: FormContext;
	readonly fields: FieldReader;
}

/** Any model by its ID: a listed ID is that model, with its checks and its price. */
function modelById(asked: Asked, label: string, named: unknown): Model {
	const { provider, fields } = asked;
	const id = readModelId(provider, label, named, fields);
	if (id === undefined) return others[provider];
	const listed = modelOf(provider, id);
	if (listed === undefined) return { ...others[provider], id };
	refuseOtherFields(listed, asked);
	return listed;
}

/** By its ID a listed model has the fields of any other in the form. One that it does not take must not be dropped. */
function refuseOtherFields(listed: Model, { provider, form, context, fields }: Asked): void {
	const values = without(form, 'additionalInput', 'submitWith');
	for (const field of others[provider].fields) {
		if (field.name === undefined || takes(listed, field.name)) continue;
		const read = readRequest({ ...others[provider], fields: [field] }, values, context, new FieldReader());
		const isLeft =
			read.kind === 'request' && read.request.pictures.length + Object.keys(read.request.input).length === 0;
		const start = 'default' in field ? field.default : 'None';
		if (!isLeft) fields.refuse(field.label, `is no field of ${listed.label}. Set it to ${start}.`);
	}
}

function chosenModel(asked: Asked): Model | undefined {
	const { provider, form, fields } = asked;
	if (isUnset(form.model)) {
		const hasEndpoint = provider === 'runpod' && form.endpointId !== undefined;
		return hasEndpoint ? modelById(asked, 'Endpoint ID', form.endpointId) : defaultModelOf(provider);
	}
	const id = asText(form.model);
	if (id === OTHER) return modelById(asked, 'Model ID', form.modelId);
	const model = id === undefined ? undefined : modelOf(provider, id);
	return model ?? fields.refuse('Model', 'is not one of the chosen provider. Choose a model from the list.');
}

/** The form as a request in one provider's words, or all that is wrong with it. Sends nothing. */
export function parseForm(provider: ProviderName, form: VideoForm, context: FormContext): ParsedRequest {
	const fields = new FieldReader();
	const model = chosenModel({ provider, form, context, fields });
	// The fields of a form made for another model say nothing.
	if (model === undefined) return { kind: 'problems', problems: fields.problems, pictures: [] };
	return readRequest(model, form, context, fields);
}

/** Puts the link of a delivered picture under its input key. The pictures of one list are to be put in their order. */
export function putLink(input: JsonObject, { inputKey, isInList }: Picture, link: string): void {
	const before = input[inputKey];
	input[inputKey] = isInList === true ? [...(Array.isArray(before) ? before : []), link] : link;
}
