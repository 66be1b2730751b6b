/** The form's pictures that come alone: each is three parameters, ending in Source, Url and Field. */
export type PictureName = 'startImage' | 'endImage';

/** The names under which the Generate form and its options give what a request is read from. */
export type FormName =
	| 'model'
	| 'modelId'
	| 'endpointId'
	| 'prompt'
	| 'negativePrompt'
	| 'mode'
	| 'duration'
	| 'aspectRatio'
	| `${PictureName}${'Source' | 'Url' | 'Field'}`
	| 'referenceImagesSource'
	| 'referenceImageUrls'
	| 'referenceImageFields'
	| 'motionVideoUrl'
	| 'characterOrientation'
	| 'keepOriginalSound'
	| 'enablePromptExpansion'
	| 'enableSafetyChecker'
	| 'guidanceScale'
	| 'seed'
	| 'submitWith'
	| 'additionalInput';

/**
 * What the Generate form gave for one item, raw as n8n resolved it, its options beside its parameters. Whatever is not
 * shown is absent or empty.
 */
export type VideoForm = { readonly [Name in FormName]?: unknown };

/** What reading a form has to know beside the form. */
export interface FormContext {
	/** The credential's base URL is a loopback one, so the provider can reach local pictures. */
	readonly providerIsLocal: boolean;
	/** `/runsync` makes sense only where the node waits itself. */
	readonly waits: boolean;
	/** Nothing is sent, so the sample of another dry run is a link like any other. */
	readonly isDryRun?: boolean;
}
