import type { IExecuteFunctions } from 'n8n-workflow';
import { createEngine, itemsOf, node, probe, row } from './harness';

describe('the engine', () => {
	it('runs a workflow from items to items, paired', async () => {
		const double = probe('double', async function (this: IExecuteFunctions) {
			return [this.getInputData().map(({ json }, item) => ({ json: { n: Number(json.n) * 2 }, pairedItem: { item } }))];
		});
		const engine = await createEngine({ nodeTypes: { double } });
		const execution = await engine.run(row([node('Double', 'double')]), { items: itemsOf({ n: 1 }, { n: 2 }) });
		expect(execution.status).toBe('success');
		expect(execution.items('Collect').map(({ json }) => json)).toEqual([{ n: 2 }, { n: 4 }]);
		expect(execution.items('Double').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
	});
});
