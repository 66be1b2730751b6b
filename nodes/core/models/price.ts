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
