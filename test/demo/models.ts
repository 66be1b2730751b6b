import type { VideoForm } from '../../nodes/core/form';
import { present } from '../../nodes/core/json';
import { models, takes } from '../../nodes/core/models';
import { parseForm } from '../../nodes/core/models/form';
import type { Model } from '../../nodes/core/models/model';
import { estimateCost } from '../../nodes/core/models/price';
import { amountText } from '../../nodes/core/money/limits';
import type { VideoRequest } from '../../nodes/core/providers/provider';
import { env } from '../support/node.cts';

const PROMPT = 'The camera moves slowly towards the product while the light changes from morning to evening';

/** What a video can be made from: the links of a picture and of a clip, and a text. */
export interface Material {
	readonly image: string | undefined;
	readonly video: string | undefined;
	readonly prompt: string | undefined;
}

/** The model of this ID. IDs differ between the providers. */
export function modelById(id: string): Model | undefined {
	return models.find((model) => model.id === id);
}

/** The parameters of Generate for a model: its own fields alone, for five seconds. */
export function formOf(model: Model, { image, video, prompt = PROMPT }: Material) {
	const startImage =
		image === undefined ? { startImageSource: 'none' } : { startImageSource: 'url', startImageUrl: image };
	return {
		model: model.id,
		prompt,
		...(takes(model, 'startImage') ? startImage : {}),
		...present({
			referenceImageUrls: takes(model, 'referenceImages') ? image : undefined,
			motionVideoUrl: takes(model, 'motionVideoUrl') ? video : undefined,
			duration: takes(model, 'duration') ? 5 : undefined,
		}),
	} satisfies VideoForm;
}

/** A request that the real API would take, or in words why there is none. */
export function requestOf(model: Model, material: Material, providerIsLocal = false): VideoRequest | string {
	const parsed = parseForm(model.provider, formOf(model, material), { providerIsLocal, waits: true });
	if (parsed.kind === 'request') return parsed.request;
	return parsed.problems.map(({ field, message }) => `${field} ${message}`).join('\n');
}

/** What the documents say that a request costs. */
export function priceText(request: VideoRequest): string {
	const cost = estimateCost(request);
	if (cost === undefined) return 'an unknown amount';
	const { amount, unit } = cost.least;
	if (cost.most === undefined) return `at least ${amountText(amount, unit)}`;
	return cost.most === amount ? amountText(amount, unit) : `${amount} to ${amountText(cost.most, unit)}`;
}

/** The key that the user has in the environment, e.g. as CORE_TODAY_API_KEY. */
export function keyOf({ provider }: Model): string | undefined {
	return env[keyNameOf(provider)];
}

/** The environment variable that has a provider's key. */
export function keyNameOf(provider: string): string {
	return `${provider.replace(/[A-Z]/g, '_$&').toUpperCase()}_API_KEY`;
}
