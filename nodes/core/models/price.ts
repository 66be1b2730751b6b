import type { Cost } from '../job';
import { asNumber, present, type JsonObject } from '../json';
import type { VideoRequest } from '../providers/provider';
import { modelOf } from './index';
import type { Model } from './model';

/** What a video is known to cost before it is made. */
export interface EstimatedCost {
	/** What the item says: a `minimum` where it may be more. */
	readonly least: Cost;
	/** The documented most, in the same unit, which limits count. Absent where none is documented. */
	readonly most?: number;
}

/** Without the noise of binary fractions, of which 0.112 USD a second has some. */
const rounded = (amount: number): number => Number(amount.toFixed(6));

/** How long the video becomes: as asked for, or by the default. */
function secondsOf({ fields }: Model, input: JsonObject): number | undefined {
	const duration = fields.find(({ name }) => name === 'duration');
	if (duration === undefined || !('default' in duration)) return undefined;
	return asNumber(input[duration.key] ?? duration.default);
}

/** What the documents say a request costs; undefined for a model that is not listed. */
export function estimateCost({ provider, model: id, input }: VideoRequest): EstimatedCost | undefined {
	const model = modelOf(provider, id);
	if (model?.price === undefined) return undefined;
	const { unit, least, most, isPerSecond } = model.price;
	const times = isPerSecond === true ? secondsOf(model, input) : 1;
	if (times === undefined) return undefined;
	const source = least === most ? 'estimated' : 'minimum';
	return {
		least: { amount: rounded(least * times), unit, source },
		...present({ most: most === undefined ? undefined : rounded(most * times) }),
	};
}

/** What one video of a model costs, for people; undefined where no price is documented. */
export function priceText({ price, fields }: Model): string | undefined {
	if (price === undefined) return undefined;
	const { unit, least, most, isPerSecond } = price;
	if (isPerSecond !== true) return rangeText(least, most, unit);
	const duration = fields.find(({ name }) => name === 'duration');
	if (duration?.kind !== 'choice') return `${rangeText(least, most, unit)} a second`;
	const perChoice = duration.choices.map((seconds) => {
		const times = Number(seconds);
		return `${rangeText(least * times, most && most * times, unit)} for ${seconds} seconds`;
	});
	return perChoice.join(', ');
}

function rangeText(least: number, most: number | undefined, unit: Cost['unit']): string {
	if (most === undefined) return `at least ${rounded(least)} ${unit}`;
	return least === most ? `${rounded(least)} ${unit}` : `${rounded(least)} to ${rounded(most)} ${unit}`;
}
