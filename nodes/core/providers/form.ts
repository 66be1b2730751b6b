import { FieldReader, isUnset, toNumber } from '../fields';
import type { FormContext, VideoForm } from '../form';
import { isJsonObject, present } from '../json';
import { readLink } from '../links';
import type { Link, ParsedRequest, Picture, VideoRequest } from './provider';

/** Kling's own limit on prompt and negative prompt (provider-apis, DOC). */
const MAX_PROMPT_CHARACTERS = 2500;
/** The two lengths Kling v2.1 makes, in seconds (both seeds). */
export const DURATIONS_SECONDS = [5, 10] as const;

type Source = 'none' | 'url' | 'binary';

/** Where one picture of the form comes from, and which input key takes it. */
export interface PictureField {
	readonly label: string;
	readonly inputKey: string;
	readonly source: unknown;
	readonly url: unknown;
	readonly field: unknown;
	readonly required: boolean;
}

/** The form's start image, which every video needs, for the input key that takes it. */
export const startImage = (form: VideoForm, inputKey: string): PictureField => ({
	label: 'Start Image',
	inputKey,
	source: isUnset(form.startImageSource) ? 'url' : form.startImageSource,
	url: form.startImageUrl,
	field: form.startImageField,
	required: true,
});

/** The form's end image, for the input key that takes it. */
export const endImage = (form: VideoForm, inputKey: string): PictureField => ({
	label: 'End Image',
	inputKey,
	source: isUnset(form.endImageSource) ? 'none' : form.endImageSource,
	url: form.endImageUrl,
	field: form.endImageField,
	required: false,
});

/** The provider's input as it is put together, with the reader that collects what is wrong with it. */
export interface InputDraft {
	readonly fields: FieldReader;
	readonly input: Record<string, unknown>;
	readonly pictures: readonly Picture[];
	readonly links: Link[];
}

function pictureOf(fields: FieldReader, picture: PictureField): Picture | undefined {
	const { label, inputKey } = picture;
	const field = fields.text(`${label}: Input Data Field Name`, picture.field, { required: true })?.trim();
	return field === undefined ? undefined : { inputKey, field, label };
}

/**
 * The form's values under the provider's keys, `additionalInput` laid over them. Unset values are left out. A picture
 * that `additionalInput` gives itself is not delivered; one that it only unsets is.
 */
export function draftInput(
	form: VideoForm,
	values: Readonly<Record<string, unknown>>,
	pictureFields: readonly PictureField[],
): InputDraft {
	const fields = new FieldReader();
	const additional = fields.jsonObject('Additional Input', form.options.additionalInput) ?? {};
	const set = Object.entries(values).filter(([, value]) => !isUnset(value));
	const input: Record<string, unknown> = Object.fromEntries(set);
	const pictures: Picture[] = [];
	for (const picture of pictureFields) {
		const source = fields.choice<Source>(picture.label, picture.source, ['none', 'url', 'binary']);
		if (source === undefined || source === 'none' || !isUnset(additional[picture.inputKey])) continue;
		if (source === 'url') input[picture.inputKey] = picture.url;
		const binary = source === 'binary' ? pictureOf(fields, picture) : undefined;
		if (binary !== undefined) pictures.push(binary);
	}
	return { fields, input: { ...input, ...additional }, pictures, links: [] };
}

/** Checks what every model needs: a prompt, and pictures whose links the provider can open. */
export function checkPromptAndPictures(
	draft: InputDraft,
	pictureFields: readonly PictureField[],
	context: FormContext,
): void {
	const { fields, input } = draft;
	fields.text('Prompt', input.prompt, { required: true, maxLength: MAX_PROMPT_CHARACTERS });
	for (const { label, inputKey, source, required } of pictureFields) {
		const url = input[inputKey];
		const field = `${label} URL`;
		if (isUnset(url)) {
			const isMissing = source === 'url' || (source === 'none' && required);
			if (isMissing) fields.refuse(field, 'is empty. Give the link of a JPEG or PNG picture.');
			settle(input, inputKey, undefined);
			continue;
		}
		const read = readLink(url, { providerIsLocal: context.providerIsLocal });
		if ('problem' in read) {
			fields.refuse(field, read.problem);
			continue;
		}
		settle(input, inputKey, read.url);
		draft.links.push({ url: read.url, label: field, holds: 'picture' });
	}
}

/** Checks the negative prompt's type and length in the merged input; an unset one is left out. */
export function checkNegativePrompt({ fields, input }: InputDraft): void {
	const text = fields.text('Negative Prompt', input.negative_prompt, { maxLength: MAX_PROMPT_CHARACTERS });
	// The seeds' own default: additional input may say it.
	if (input.negative_prompt !== '') settle(input, 'negative_prompt', text);
}

/** Replaces a value by its checked form, so that a sheet's "10" is sent as 10; what is unset is left out. */
export function settle(input: Record<string, unknown>, key: string, value: unknown): void {
	if (value === undefined) delete input[key];
	else input[key] = value;
}

/** The value in its default's own type, so that a sheet's "10" is 10; undefined where it is the default. */
export function unlessDefault(value: unknown, defaultValue: string | number | boolean): unknown {
	if (String(value) === String(defaultValue)) return undefined;
	if (typeof defaultValue === 'boolean') return value === String(!defaultValue) ? !defaultValue : value;
	const plain = typeof defaultValue === 'number' ? (toNumber(value) ?? value) : value;
	return plain === defaultValue ? undefined : plain;
}

/** The request, or every problem of it. */
export function finishRequest(
	draft: InputDraft,
	rest: Pick<VideoRequest, 'provider' | 'model' | 'submitWith' | 'hasEndImage'>,
): ParsedRequest {
	const { fields, pictures, links } = draft;
	const input = present(draft.input);
	if (fields.problems.length === 0 && isJsonObject(input)) {
		return { kind: 'request', request: { ...rest, input, pictures, links } };
	}
	return { kind: 'problems', problems: fields.problems, pictures };
}
