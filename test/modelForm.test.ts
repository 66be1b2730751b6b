import type { INodeProperties } from 'n8n-workflow';
import { generateFields } from '../nodes/KlingVideo/form/generate';
import { choicesOf } from '../nodes/core/models';
import { providers } from '../nodes/core/providers';

/** Every field of Generate and every option of it. */
const properties = generateFields.flatMap((field): INodeProperties[] => {
	const options = (field.options ?? []).flatMap((option) => ('type' in option ? [option] : []));
	return [field, ...options];
});

/** Whether a field can be shown with a value of another one, which an option names by its path. */
function mayShow({ displayOptions: { show, hide } = {} }: INodeProperties, field: string, value: string): boolean {
	const shown = show?.[field] ?? show?.[`/${field}`] ?? [value];
	const hidden = hide?.[field] ?? hide?.[`/${field}`] ?? [];
	return shown.includes(value) && !hidden.includes(value);
}

const allModels = providers.flatMap(({ name }) => choicesOf(name));
const namesIn = (models: typeof allModels): string[] =>
	models.flatMap(({ fields }) => fields.flatMap(({ name }) => name ?? []));
const inAnyTable = namesIn(allModels);

/** The name in the models' tables. A picture has one there, and several fields in the form. */
function tableName({ name }: INodeProperties): string | undefined {
	return [name, name.replace(/(Source|Urls?|Fields?)$/, '')].find((one) => inAnyTable.includes(one));
}

test.each(allModels.map((model) => [model.provider, model.id, model] as const))(
	'%s %s: the form shows exactly the fields that the model takes, so that none is dropped',
	(provider, id, model) => {
		const shown = properties.filter((field) => mayShow(field, 'provider', provider) && mayShow(field, 'model', id));
		const names = new Set(shown.flatMap((field) => tableName(field) ?? []));
		expect([...names].sort()).toEqual(namesIn([model]).sort());
	},
);
