import type { INodeParameters, NodeParameterValueType } from 'n8n-workflow';
import type { VideoForm } from '../../nodes/core/form';
import { without, type JsonObject } from '../../nodes/core/json';
import type { Model } from '../../nodes/core/models/model';
import { documented } from '../core/models/documented';

/** A model's documented request, with the emulator's picture and clip in the place of the documents' own. */
export interface DocumentedVideo {
	readonly id: string;
	readonly model: Model;
	readonly path: string;
	readonly body: JsonObject;
	/** The `input` of that body. */
	readonly input: unknown;
	/** The node's parameters that have to become it. */
	readonly parameters: INodeParameters;
	/** The same sent by the call that every completion can use. */
	readonly submitted: INodeParameters;
	/** Parameters in which every field is wrong, with all that is to be said of them. */
	readonly wrong: INodeParameters;
	readonly problems: readonly string[];
}

/** The form as the node has it: some of its values are options there. */
function parametersOf({ provider, id, fields }: Model, form: VideoForm): INodeParameters {
	const optional = fields.flatMap((field) => ('isOption' in field && field.isOption ? (field.name ?? []) : []));
	const isOption = (name: string) => [...optional, 'additionalInput', 'submitWith'].includes(name);
	// It comes from JSON.
	const entries = Object.entries(form) as Array<[string, NodeParameterValueType]>;
	return {
		provider,
		model: id,
		...Object.fromEntries(entries.filter(([name]) => !isOption(name))),
		options: Object.fromEntries(entries.filter(([name]) => isOption(name))),
	};
}

/** Every model's documented request for an emulator. */
export function documentedVideos(emulator: { imageUrl: string; clipUrl: string }): DocumentedVideo[] {
	return documented.map(({ id, model, fixture }) => {
		if (fixture === undefined) throw new Error(`${id} has no documented request`);
		const text = JSON.stringify(fixture)
			.replaceAll(/https:[^"\\]+\.png/g, emulator.imageUrl)
			.replaceAll(/https:[^"\\]+\.mp4/g, emulator.clipUrl);
		// It is the fixture still.
		const { path, body, form, wrong } = JSON.parse(text) as typeof fixture;
		return {
			id,
			model,
			path,
			body,
			input: body.input,
			parameters: parametersOf(model, form),
			submitted: parametersOf(model, without(form, 'submitWith')),
			wrong: parametersOf(model, wrong.form),
			problems: wrong.problems,
		};
	});
}
