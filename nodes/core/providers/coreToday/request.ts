import { isUnset } from '../../fields';
import type { FormContext, VideoForm } from '../../form';
import type { ParsedRequest, VideoRequest } from '../provider';
import type { Cost } from '../../job';
import { asText } from '../../json';
import {
	checkNegativePrompt,
	checkPromptAndPictures,
	draftInput,
	DURATIONS_SECONDS,
	endImage,
	finishRequest,
	settle,
	startImage,
	unlessDefault,
	type InputDraft,
} from '../form';

/** The seed's model id. */
export const DEFAULT_MODEL = 'kwaivgi/kling-v2.1';
const DEFAULT_MODE = 'standard';
const DEFAULT_DURATION_SECONDS = 5;
const MODES = ['standard', 'pro'] as const;

/** Additional Input may give one, too. */
function hasEndImage({ input, pictures }: InputDraft): boolean {
	return !isUnset(input.end_image) || pictures.some(({ inputKey }) => inputKey === 'end_image');
}

function checkDefaultModel(draft: InputDraft): void {
	const { fields, input } = draft;
	const mode = fields.choice('Mode', input.mode, MODES);
	const isStandard = mode === 'standard' || isUnset(input.mode);
	settle(input, 'mode', mode);
	settle(input, 'duration', fields.choice('Duration', input.duration, DURATIONS_SECONDS));
	checkNegativePrompt(draft);
	if (hasEndImage(draft) && isStandard) {
		fields.refuse('End Image', 'needs Mode set to Pro. Choose Pro, or take the end image away.');
	}
}

/** See `Provider.parse`. Another model than the default gets only what differs from its form's defaults. */
export function parse(form: VideoForm, context: FormContext): ParsedRequest {
	const { model: wanted = DEFAULT_MODEL } = form.options;
	const model = asText(wanted) ?? wanted;
	const isDefault = model === DEFAULT_MODEL;
	const values = {
		prompt: form.prompt,
		mode: isDefault ? orDefault(form.mode, DEFAULT_MODE) : unlessDefault(form.mode, DEFAULT_MODE),
		duration: isDefault
			? orDefault(form.duration, DEFAULT_DURATION_SECONDS)
			: unlessDefault(form.duration, DEFAULT_DURATION_SECONDS),
		negative_prompt: form.options.negativePrompt,
	};
	const pictureFields = [startImage(form, 'start_image'), endImage(form, 'end_image')];
	const draft = draftInput(form, values, pictureFields);
	const modelId = draft.fields.text('Model', model, { required: true });
	if (modelId !== undefined && !/^[\w.-]+(\/[\w.-]+)*(:[\w.-]+)?$/.test(modelId)) {
		draft.fields.refuse('Model', `has to be a model ID like ${DEFAULT_MODEL}.`);
	}
	checkPromptAndPictures(draft, pictureFields, context);
	if (isDefault) checkDefaultModel(draft);
	return finishRequest(draft, {
		provider: 'coreToday',
		model: modelId ?? DEFAULT_MODEL,
		submitWith: 'run',
		hasEndImage: hasEndImage(draft),
	});
}

function orDefault(value: unknown, defaultValue: string | number): unknown {
	return isUnset(value) ? defaultValue : value;
}

/** "375 credits per request", pricing "input_based": a base price (seed; what pro or 10 s cost is not documented). */
const BASE_PRICE_CREDITS = 375;

/** A minimum for the documented model, nothing for any other. */
export function estimateCost(request: VideoRequest): Cost | undefined {
	if (request.model !== DEFAULT_MODEL) return undefined;
	return { amount: BASE_PRICE_CREDITS, unit: 'credits', source: 'minimum' };
}
