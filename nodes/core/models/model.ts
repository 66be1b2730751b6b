import type { NumberRules } from '../fields';
import type { FormName, PictureName } from '../form';
import type { Cost, ProviderName } from '../job';

/** The form's pictures that come together, which are `referenceImagesSource`, `referenceImageUrls`, `referenceImageFields`. */
type PicturesName = 'referenceImages';
/** What `modelsWith` can be asked for: a parameter or option, or a picture by what its parameters have in common. */
export type FieldName = FormName | PictureName | PicturesName;

interface Common<Name> {
	/** Its place in the form. A field without a name is given by Additional Input only. */
	readonly name?: Name;
	/** The key of the provider's input. */
	readonly key: string;
	/** What the form calls it. */
	readonly label: string;
	/** The provider refuses a request without it. */
	readonly required?: true;
}

/** A value with a default that the provider documents. The form's default is the same, and is sent as the form shows it. */
interface Plain<Value> extends Common<FormName> {
	readonly default: Value;
	/** It is one of the form's options: without it being added, the provider's default holds and nothing is sent. */
	readonly isOption?: true;
}

export interface TextField extends Common<FormName> {
	readonly kind: 'text';
	readonly maxLength: number;
}

export interface ChoiceField extends Plain<string | number> {
	readonly kind: 'choice';
	readonly choices: ReadonlyArray<string | number>;
	/** What the list of the form calls them, in their order; absent where a choice says it itself. */
	readonly labels?: readonly string[];
}

export interface NumberField extends Plain<number>, NumberRules {
	readonly kind: 'number';
}

export interface BooleanField extends Plain<boolean> {
	readonly kind: 'boolean';
}

export interface PictureField extends Common<PictureName> {
	readonly kind: 'picture';
	/** The source that the form starts with. */
	readonly defaultSource?: 'url' | 'none';
}

/** Several pictures for one input key, sent as a list of links in the order of the form. */
export interface PicturesField extends Common<PicturesName> {
	readonly kind: 'pictures';
	readonly max: number;
}

/** The link of a video that is put in. The provider opens it; this package never reads it. */
export interface VideoLinkField extends Common<FormName> {
	readonly kind: 'videoLink';
}

export type ValueField = TextField | ChoiceField | NumberField | BooleanField;
export type Field = ValueField | PictureField | PicturesField | VideoLinkField;

/** A documented price, per video or per second of it. */
export interface Price {
	readonly unit: Cost['unit'];
	readonly least: number;
	/** Absent where only a base price is documented. */
	readonly most?: number;
	readonly isPerSecond?: true;
}

/** A request that is put together, as a model's own rule sees it. */
export interface Draft {
	/** By the provider's keys, each value checked; one that was refused is here as it was given. */
	readonly input: Record<string, unknown>;
	/** Whether the input has this key, or a picture that is to be delivered for it. */
	has(key: string): boolean;
	refuse(label: string, message: string): void;
}

/** One Kling model of one provider, as its documents describe it. */
export interface Model {
	readonly provider: ProviderName;
	/** Core.Today's model ID, Runpod's endpoint ID. */
	readonly id: string;
	/** For people. */
	readonly label: string;
	/** What it makes a video from and what that costs, for the list of the form. */
	readonly description: string;
	/** In the order in which problems are named. */
	readonly fields: readonly Field[];
	/** Absent where no price is documented. */
	readonly price?: Price;
	/** What no field can say by itself. */
	readonly rule?: (draft: Draft) => void;
	/** Nothing is known of its limits: what the form's defaults say is not sent, and values are not checked for their range. */
	readonly isOther?: true;
}
