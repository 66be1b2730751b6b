import { isUnset, type FieldReader } from '../../fields';
import type { FormContext, VideoForm } from '../../form';
import type { Cost } from '../../job';
import { asText } from '../../json';
import type { ParsedRequest, VideoRequest } from '../provider';
import {
	checkNegativePrompt,
	checkPromptAndPictures,
	draftInput,
	DURATIONS_SECONDS,
	finishRequest,
	settle,
	startImage,
	unlessDefault,
	type InputDraft,
} from '../form';

/** The seed's endpoint. */
export const DEFAULT_ENDPOINT_ID = 'kling-v2-1-i2v-pro';
/** Defaults and range of the seed. */
const DEFAULTS = { duration: 5, guidance_scale: 0.5, enable_safety_checker: true };

function checkDefaultEndpoint(draft: InputDraft): void {
	const { fields, input } = draft;
	settle(input, 'duration', fields.choice('Duration', input.duration, DURATIONS_SECONDS));
	settle(input, 'guidance_scale', fields.number('Guidance Scale', input.guidance_scale, { min: 0, max: 1 }));
	settle(input, 'enable_safety_checker', fields.boolean('Enable Safety Checker', input.enable_safety_checker));
	checkNegativePrompt(draft);
}

/** See `Provider.parse`. Another endpoint than the default gets only what differs from the form's defaults. */
export function parse(form: VideoForm, context: FormContext): ParsedRequest {
	const { options } = form;
	const { endpointId: wanted = DEFAULT_ENDPOINT_ID } = options;
	const endpointId = asText(wanted) ?? wanted;
	const isDefault = endpointId === DEFAULT_ENDPOINT_ID;
	const wished = (value: unknown, defaultValue: number | boolean) =>
		isDefault ? value : unlessDefault(value, defaultValue);
	const values = {
		prompt: form.prompt,
		duration: wished(isUnset(form.duration) ? DEFAULTS.duration : form.duration, DEFAULTS.duration),
		negative_prompt: options.negativePrompt,
		guidance_scale: wished(options.guidanceScale, DEFAULTS.guidance_scale),
		enable_safety_checker: wished(options.enableSafetyChecker, DEFAULTS.enable_safety_checker),
	};
	const pictureFields = [startImage(form, 'image')];
	const draft = draftInput(form, values, pictureFields);
	const model = readEndpointId(endpointId, draft.fields) ?? DEFAULT_ENDPOINT_ID;
	checkPromptAndPictures(draft, pictureFields, context);
	if (isDefault) checkDefaultEndpoint(draft);
	const submitWith = context.waits
		? draft.fields.choice('Submit With', options.submitWith, ['run', 'runsync'] as const)
		: undefined;
	return finishRequest(draft, { provider: 'runpod', model, submitWith: submitWith ?? 'run', hasEndImage: false });
}

/** The endpoint a form or an item names, the default if it names none. Anything that could bend a path is refused. */
export function readEndpointId(named: unknown, fields: FieldReader): string | undefined {
	if (named === undefined) return DEFAULT_ENDPOINT_ID;
	const id = fields.text('Endpoint ID', named, { required: true })?.trim();
	if (id === undefined || /^[A-Za-z0-9_-]{1,100}$/.test(id)) return id;
	return fields.refuse('Endpoint ID', `has to be an ID like ${DEFAULT_ENDPOINT_ID}.`);
}

/** $0.45 per 5 s, $0.90 per 10 s (seed; the same on the vendor's page since 2026-02). The sample reply's 0.36 is stale. */
const PRICE_USD_PER_5_SECONDS = 0.45;

/** An estimate for the documented endpoint, nothing for any other. */
export function estimateCost({ model, input }: VideoRequest): Cost | undefined {
	const duration = input.duration ?? DEFAULTS.duration;
	if (model !== DEFAULT_ENDPOINT_ID || typeof duration !== 'number') return undefined;
	return { amount: (duration / 5) * PRICE_USD_PER_5_SECONDS, unit: 'USD', source: 'estimated' };
}
