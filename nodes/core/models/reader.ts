import { FieldReader, isUnset, toList, toSeconds } from '../fields';
import type { FormContext, VideoForm } from '../form';
import { isJson, isJsonObject, present, without, type JsonObject } from '../json';
import { linksIn, readLink } from '../links';
import type { Link, ParsedRequest, Picture } from '../providers/provider';
import type { Draft, Model, PictureField, PicturesField, ValueField, VideoLinkField } from './model';

/** One form while it is read against one model's table. */
class Reading implements Draft {
	/** Without a prototype: `__proto__` in Additional Input is a key like any other. */
	readonly input: Record<string, unknown> = Object.create(null);
	readonly pictures: Picture[] = [];
	readonly links: Link[] = [];
	/** Its values take the place of the form's; one that is unset there is left to the provider. */
	private readonly additional: JsonObject;

	constructor(
		private readonly model: Model,
		private readonly form: VideoForm,
		private readonly context: FormContext,
		private readonly fields: FieldReader,
	) {
		this.additional = this.fields.jsonObject('Additional Input', form.additionalInput) ?? {};
	}

	readAll(): void {
		for (const field of this.model.fields) {
			if (field.kind === 'picture') this.readPicture(field);
			else if (field.kind === 'pictures') this.readPictures(field);
			else if (field.kind === 'videoLink') this.readVideoLink(field);
			else if (this.model.isOther === true && field.kind !== 'text') this.readUnchecked(field);
			else this.readValue(field);
		}
		// What the table does not know goes as it is.
		const unknown = without(this.additional, ...this.model.fields.map(({ key }) => key));
		for (const [key, value] of Object.entries(unknown)) {
			this.input[key] = this.fields.json(`Additional Input: ${key}`, value);
		}
		this.model.rule?.(this);
	}

	has(key: string): boolean {
		return !isUnset(this.input[key]) || this.pictures.some(({ inputKey }) => inputKey === key);
	}

	refuse(label: string, message: string): undefined {
		return this.fields.refuse(label, message);
	}

	/** What Additional Input has, else the form, else the default that the form shows. */
	private valueOf(field: ValueField): unknown {
		if (Object.hasOwn(this.additional, field.key)) return this.additional[field.key];
		const value = field.name === undefined ? undefined : this.form[field.name];
		const isShown = field.kind !== 'text' && field.isOption !== true;
		return isShown && isUnset(value) ? field.default : value;
	}

	private readValue(field: ValueField): void {
		const value = this.valueOf(field);
		const before = this.fields.problems.length;
		const read = readPlain(this.fields, field, value);
		const isRefused = this.fields.problems.length > before;
		if (isRefused || read !== undefined) this.input[field.key] = read ?? value;
		else if (field.required === true) this.refuse(field.label, 'is empty. Fill it in.');
		else if (field.kind === 'text' && this.additional[field.key] === '') this.input[field.key] = '';
	}

	/** For a model whose limits nobody knows: only what differs from the form's default, in the default's own type. */
	private readUnchecked(field: Exclude<ValueField, { kind: 'text' }>): void {
		const value = this.valueOf(field);
		const isGiven = Object.hasOwn(this.additional, field.key);
		const seconds = typeof field.default === 'number' ? toSeconds(value) : undefined;
		const plain = isGiven ? value : (readPlain(new FieldReader(), field, value) ?? seconds ?? value);
		if (!isGiven && (isUnset(plain) || plain === field.default)) return;
		if (!isJson(plain)) this.refuse(field.label, 'has no value that can be sent. Check what its expression gives.');
		else this.input[field.key] = this.fields.json(field.label, plain);
	}

	/** A link in Additional Input takes the picture's place; one that is unset there leaves the form's picture. */
	private readPicture({ key, label, name, required, defaultSource }: PictureField): void {
		const given = this.additional[key];
		const urlLabel = name === undefined ? label : `${label} URL`;
		if (!isUnset(given)) this.input[key] = this.link(urlLabel, given, 'picture');
		if (!isUnset(given) || name === undefined) return;
		const source = this.form[`${name}Source`];
		const url = this.form[`${name}Url`];
		const sources = required === true ? (['url', 'binary'] as const) : (['none', 'url', 'binary'] as const);
		const from = this.fields.choice(label, isUnset(source) ? defaultSource : source, sources);
		if (from === 'url' && isUnset(url)) this.refuse(urlLabel, 'is empty. Give the link of a JPEG or PNG picture.');
		else if (from === 'url') this.input[key] = this.link(urlLabel, url, 'picture');
		else if (from === 'binary') this.addPicture({ inputKey: key, label }, this.form[`${name}Field`]);
	}

	private readPictures({ key, label, required, max }: PicturesField): void {
		const { referenceImagesSource: source, referenceImageUrls: urls, referenceImageFields: names } = this.form;
		const given = this.additional[key];
		const from = isUnset(given) && !isUnset(source) ? this.fields.choice(label, source, ['url', 'binary']) : 'url';
		if (from === undefined) return;
		const all = from === 'url' ? linksIn(isUnset(given) ? urls : given) : toList(names, /[,\r\n]+/);
		const links = 'links, one on each line or separated by commas';
		const what = from === 'url' ? links : 'names of input binary fields, separated by commas';
		if (all.length === 0 && required === true) this.refuse(label, `is empty. Give 1 to ${max} ${what}.`);
		if (all.length > max) this.refuse(label, `has ${all.length} pictures; at most ${max} are allowed. Remove some.`);
		const labels = all.map((_, index) => `${label.replace(/s$/, '')} ${index + 1}`);
		if (from === 'url') this.input[key] = labels.map((one, index) => this.link(one, all[index], 'picture'));
		else labels.forEach((one, index) => this.addPicture({ inputKey: key, label: one, isInList: true }, all[index]));
	}

	private readVideoLink({ key, label, name, required }: VideoLinkField): void {
		const value = Object.hasOwn(this.additional, key) || name === undefined ? this.additional[key] : this.form[name];
		if (!isUnset(value)) this.input[key] = this.link(label, value, 'video');
		else if (required === true) this.refuse(label, 'is empty. Give the link of a video.');
	}

	private addPicture(picture: Omit<Picture, 'field'>, named: unknown): void {
		const label = `${picture.label}: Input Data Field Name`;
		const field = this.fields.text(label, named, { required: true })?.trim();
		if (field !== undefined) this.pictures.push({ ...picture, field });
	}

	/** A link that the provider can open. Of a model that no document describes, nobody knows which pictures it takes. */
	private link(label: string, value: unknown, holds: 'picture' | 'video'): unknown {
		const read = readLink(value, { ...this.context, holds });
		if ('problem' in read) {
			this.refuse(label, read.problem);
			return value;
		}
		this.links.push({ url: read.url, label, holds: this.model.isOther === true ? 'unknown' : holds });
		return read.url;
	}
}

function readPlain(fields: FieldReader, field: ValueField, value: unknown): string | number | boolean | undefined {
	if (field.kind === 'text') return fields.text(field.label, value, field);
	if (field.kind === 'choice') return fields.choice(field.label, value, field.choices, field.labels);
	if (field.kind === 'number') return fields.number(field.label, value, field);
	return fields.boolean(field.label, value);
}

/**
 * The form against one model's table, Additional Input laid over it: a request, or every problem of it, after those that
 * `fields` has already.
 */
export function readRequest(model: Model, form: VideoForm, context: FormContext, fields: FieldReader): ParsedRequest {
	const reading = new Reading(model, form, context, fields);
	reading.readAll();
	const { pictures, links } = reading;
	// Only Runpod has a second way to submit; a form that is read for two providers may name it all the same.
	const mayHold = model.provider === 'runpod' && context.waits;
	const submitWith = mayHold ? fields.choice('Submit With', form.submitWith, ['run', 'runsync'] as const) : undefined;
	const input = present(reading.input);
	if (fields.problems.length > 0 || !isJsonObject(input))
		return { kind: 'problems', problems: fields.problems, pictures };
	const { provider, id } = model;
	const hasEndImage = model.fields.some(({ name, key }) => name === 'endImage' && reading.has(key));
	return {
		kind: 'request',
		request: { provider, model: id, input, pictures, links, submitWith: submitWith ?? 'run', hasEndImage },
	};
}
