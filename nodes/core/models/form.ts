import { FieldReader, isUnset } from '../fields';
import type { FormContext, VideoForm } from '../form';
import type { ProviderName } from '../job';
import { asText, type JsonObject } from '../json';
import type { ParsedRequest, Picture } from '../providers/provider';
import { defaultModelOf, modelOf } from './index';
import type { Model } from './model';
import { OTHER, others, readModelId } from './other';
import { readRequest } from './reader';

/** Any model by its ID: a listed ID is that model, with its checks and its price. */
function modelById(provider: ProviderName, label: string, named: unknown, fields: FieldReader): Model {
	const id = readModelId(provider, label, named, fields);
	if (id === undefined) return others[provider];
	return modelOf(provider, id) ?? { ...others[provider], id };
}

function chosenModel(provider: ProviderName, form: VideoForm, fields: FieldReader): Model | undefined {
	if (isUnset(form.model)) {
		const hasEndpoint = provider === 'runpod' && form.endpointId !== undefined;
		return hasEndpoint ? modelById(provider, 'Endpoint ID', form.endpointId, fields) : defaultModelOf(provider);
	}
	const id = asText(form.model);
	if (id === OTHER) return modelById(provider, 'Model ID', form.modelId, fields);
	const model = id === undefined ? undefined : modelOf(provider, id);
	return model ?? fields.refuse('Model', 'is not one of the chosen provider. Choose a model from the list.');
}

/** The form as a request in one provider's words, or all that is wrong with it. Sends nothing. */
export function parseForm(provider: ProviderName, form: VideoForm, context: FormContext): ParsedRequest {
	const fields = new FieldReader();
	const model = chosenModel(provider, form, fields);
	// The fields of a form made for another model say nothing.
	if (model === undefined) return { kind: 'problems', problems: fields.problems, pictures: [] };
	return readRequest(model, form, context, fields);
}

/** Puts the link of a delivered picture under its input key. The pictures of one list are to be put in their order. */
export function putLink(input: JsonObject, { inputKey, isInList }: Picture, link: string): void {
	const before = input[inputKey];
	input[inputKey] = isInList === true ? [...(Array.isArray(before) ? before : []), link] : link;
}
