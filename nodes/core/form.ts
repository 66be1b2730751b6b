/** What the Generate form gave for one item: raw, as n8n resolved it. */
export interface VideoForm {
	readonly prompt: unknown;
	readonly startImageSource: unknown;
	readonly startImageUrl: unknown;
	readonly startImageField: unknown;
	readonly mode: unknown;
	readonly duration: unknown;
	readonly endImageSource: unknown;
	readonly endImageUrl: unknown;
	readonly endImageField: unknown;
	/** By the option's name in the node's `options` collection. */
	readonly options: Readonly<Record<string, unknown>>;
}

/** What parsing has to know beside the form. */
export interface FormContext {
	/** The credential's base URL is a loopback one, so the provider can reach local pictures. */
	readonly providerIsLocal: boolean;
	/** `/runsync` makes sense only where the node waits itself. */
	readonly waits: boolean;
}
