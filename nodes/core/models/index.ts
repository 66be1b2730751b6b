import type { ProviderName } from '../job';
import { coreTodayV21 } from './coreTodayV21';
import { coreTodayV25TurboPro } from './coreTodayV25TurboPro';
import type { Field, FieldName, Model } from './model';
import { others } from './other';
import { runpodO1 } from './runpodO1';
import { runpodV21 } from './runpodV21';
import { runpodV26MotionControl } from './runpodV26MotionControl';

/** Every documented Kling model, in the order of the form. The first of a provider is its default. */
export const models: readonly Model[] = [
	coreTodayV21,
	coreTodayV25TurboPro,
	runpodV21,
	runpodO1,
	runpodV26MotionControl,
];

/** A provider's model by its ID, or undefined if it is not listed. */
export function modelOf(provider: ProviderName, id: string): Model | undefined {
	return models.find((model) => model.provider === provider && model.id === id);
}

/** The model that a provider makes where none was chosen. */
export function defaultModelOf(provider: ProviderName): Model {
	return models.find((model) => model.provider === provider) ?? others[provider];
}

/** The choices of the form's Model with one provider, "Other (by ID)" last. */
export function choicesOf(provider: ProviderName): Model[] {
	return [...models.filter((model) => model.provider === provider), others[provider]];
}

/** Whether a model has this field. */
export function takes({ fields }: Model, name: FieldName): boolean {
	return fields.some((field) => field.name === name);
}

/**
 * The values of the form's Model for which a field is to be shown, each once, "other" among them.
 * @param suits narrows them down, e.g. to one provider or to where the field is required
 */
export function modelsWith(name: FieldName, suits: (field: Field, model: Model) => boolean = () => true): string[] {
	const all = [...models, ...Object.values(others)];
	const found = all.filter((model) => model.fields.some((field) => field.name === name && suits(field, model)));
	return [...new Set(found.map(({ id }) => id))];
}

/** The IDs of the models without a field, for which it is to be hidden. */
export function modelsWithout(name: FieldName, suits: (field: Field) => boolean = () => true): string[] {
	const having = modelsWith(name, suits);
	return models.map(({ id }) => id).filter((id) => !having.includes(id));
}
