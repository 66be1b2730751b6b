import { type Execution, itemsOf } from './harness/index';
import { errorOf, itemOf, thrown } from './results';
import type { Stage } from './stage';

/** What the person is told, under Stop and under Continue. */
export interface Refusal {
	readonly thrown: string;
	readonly message: string;
}

/** What takes no expression; `options` has its own; and with an expression here n8n itself demands an End Image URL. */
const AS_THEY_ARE = ['operation', 'provider', 'model', 'completion', 'routeByStatus', 'options', 'endImageSource'];

/**
 * The parameters with each value moved into the item and read by an expression, as a sheet gives them: n8n checks
 * nothing that an expression returns.
 */
function byExpression(parameters: Readonly<Record<string, unknown>>, path: string): Record<string, unknown> {
	const entries = Object.entries(parameters).map(([name, value]) => [
		name,
		AS_THEY_ARE.includes(name) ? value : `={{ $json${path}.${name} }}`,
	]);
	return Object.fromEntries(entries);
}

/**
 * Runs one item with these parameters under Stop and under Continue. Fails unless both refuse it and not a single
 * request was sent.
 */
export async function refusal(
	stage: Stage,
	parameters: Readonly<Record<string, unknown>>,
	settings: Record<string, unknown> = {},
): Promise<Refusal> {
	const options = Object.fromEntries(Object.entries(parameters.options ?? {}));
	const asked = { ...byExpression(parameters, ''), options: byExpression(options, '.options') };
	// What a test writes is JSON.
	const items = itemsOf(JSON.parse(JSON.stringify(parameters)));
	const run = async (onError: string): Promise<Execution> => await stage.run(asked, items, { ...settings, onError });
	const stopped = await run('stopWorkflow');
	const continued = await run('continueRegularOutput');
	expect(continued.items('Kling')).toHaveLength(1);
	const refused = { thrown: thrown(stopped).text, message: String(errorOf(itemOf(continued)).message) };
	expect(stage.requests()).toEqual([]);
	return refused;
}
