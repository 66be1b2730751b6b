import { providers } from '../../../nodes/core/providers';
import { thrown } from '../results';
import { createStage, type Stage } from '../stage';

const credentials = Object.fromEntries(providers.map(({ name }) => [name, { apiKey: `${name}_a_wrong_key_5551` }]));

let stage: Stage;
beforeAll(async () => (stage = await createStage({ factor: 100, credentials })));
afterAll(async () => await stage.close());

describe.each(providers)('with a wrong key, $label', ({ name: provider, label }) => {
	test.each([
		{ operation: 'generate' },
		{ operation: 'getStatus', jobId: 'abc' },
		{ operation: 'wait', jobId: 'abc' },
		{ operation: 'cancel', jobId: 'abc' },
	])('$operation says which credential to open, and not the key', async (parameters) => {
		const { text } = thrown(await stage.run({ provider, ...parameters }));
		expect(text).toMatch(new RegExp(`${label}: (unauthorized|invalid.*key)`, 'i'));
		expect(text).toContain(`Open this node's ${label} credential and check that the API key is complete, valid`);
		expect(stage.jobs()).toEqual([]);
	});
});
