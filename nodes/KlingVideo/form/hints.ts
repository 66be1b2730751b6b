import type { NodeHint } from 'n8n-workflow';
import type { Cost, ProviderName } from '../../core/job';
import { defaultModelOf, models } from '../../core/models';
import type { Model } from '../../core/models/model';
import { priceText } from '../../core/models/price';
import { providerOf } from '../../core/providers';
import { choices } from '../../core/providers/choices';

/** n8n evaluates only the condition, which has to give `true`; the text is fixed. */
function beforeRun(message: string, conditions: readonly string[]): NodeHint {
	const displayCondition = `={{ ${["$parameter.operation === 'generate'", ...conditions].join(' && ')} }}`;
	return { message, type: 'info', location: 'outputPane', whenToDisplay: 'beforeExecution', displayCondition };
}

const IS_DRY_RUN = '$parameter.options?.dryRun === true';
/** An expression is shown as what it gives, and may give anything: no price is named then. */
const IS_PAID = '[undefined, false].includes($parameter.options?.dryRun)';

const unitText = (unit: Cost['unit'] | undefined): string =>
	unit === 'credits' ? ' 1,000 credits are about 1 USD.' : '';

function priceHints(model: Model): NodeHint[] {
	const text = priceText(model);
	if (text === undefined) return [];
	const { provider, id } = model;
	const conditions = [`$parameter.provider === '${provider}'`, `$parameter.model === '${id}'`, IS_PAID];
	const certainty = model.price?.most === undefined ? '; only the lowest price is published' : '';
	return [beforeRun(`Each new video costs ${text}${certainty}.${unitText(model.price?.unit)}`, conditions)];
}

/** Both providers make their default model then, unless an Endpoint ID names another one. */
function fallbackPriceHints(choice: string, [first, second]: readonly ProviderName[]): NodeHint[] {
	if (first === undefined || second === undefined) return [];
	const [price, other] = [first, second].map((name) => priceText(defaultModelOf(name)));
	if (price === undefined || other === undefined) return [];
	const [one, two] = [first, second].map((name) => providerOf(name).label);
	const conditions = [`$parameter.provider === '${choice}'`, IS_PAID, '$parameter.options?.endpointId === undefined'];
	const hasNoSecond =
		'($parameter.options?.maxCost !== undefined && $parameter.options?.fallbackMaxCost === undefined)';
	const costs = `Each new video costs ${price} at ${one}.`;
	return [
		beforeRun(`${costs} If ${one} does not start the job, ${two} makes it: ${other}.`, [
			...conditions,
			`!${hasNoSecond}`,
		]),
		beforeRun(`${costs} ${two} is not used, as Max Cost is set and Fallback Max Cost is not.`, [
			...conditions,
			hasNoSecond,
		]),
	];
}

/** What the output panel says before a run: that it will be a dry one, or what one item costs. */
export const hintsBeforeRun: NodeHint[] = [
	beforeRun('Dry Run is on: nothing is submitted, nothing is paid for, and the video is a sample.', [IS_DRY_RUN]),
	...models.flatMap(priceHints),
	...choices.filter(({ chain }) => chain.length > 1).flatMap(({ value, chain }) => fallbackPriceHints(value, chain)),
];
