import type { FieldReader } from '../fields';
import type { ProviderName } from '../job';
import { without } from '../json';
import { coreTodayV21 } from './coreTodayV21';
import { aspectRatio } from './fields';
import type { Field, Model } from './model';
import { runpodV21 } from './runpodV21';

/** The value of the form's last model, "Other (by ID)". */
export const OTHER = 'other';

/** Nobody knows whether it needs a picture. */
const withPictureOptional = (field: Field): Field => (field.kind === 'picture' ? without(field, 'required') : field);

/**
 * Any model of a provider, by its ID: the form of v2.1, without its limits and its price. v2.1 has the shape of its
 * picture; another model may make a video without one, for which the form asks for the shape.
 */
const otherOf = ({ provider, fields }: Model): Model => ({
	provider,
	id: OTHER,
	label: 'Other (by ID)',
	description: 'Any other model of this provider. Its price is not known.',
	fields: [...fields.map(withPictureOptional), aspectRatio],
	isOther: true,
});

export const others: Readonly<Record<ProviderName, Model>> = {
	coreToday: otherOf(coreTodayV21),
	runpod: otherOf(runpodV21),
};

/** What an ID may look like, and one to show. Runpod's is a part of its paths, which it must not bend. */
const IDS: Readonly<Record<ProviderName, { readonly pattern: RegExp; readonly example: string }>> = {
	coreToday: { pattern: /^[\w.-]+(\/[\w.-]+)*(:[\w.-]+)?$/, example: `a model ID like ${coreTodayV21.id}` },
	runpod: { pattern: /^[A-Za-z0-9_-]{1,100}$/, example: `an ID like ${runpodV21.id}` },
};

/** A model's ID as the user named it; undefined, and refused, if it cannot be one. */
export function readModelId(
	provider: ProviderName,
	label: string,
	named: unknown,
	fields: FieldReader,
): string | undefined {
	const id = fields.text(label, named, { required: true })?.trim();
	const { pattern, example } = IDS[provider];
	return id === undefined || pattern.test(id) ? id : fields.refuse(label, `has to be ${example}.`);
}
