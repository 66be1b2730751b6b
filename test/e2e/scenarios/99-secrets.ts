import { expect } from 'expect';
import { providerNames, startBench } from '../harness/kling.cts';
import type { Scenario } from '../harness/scenario.cts';
import { manualTrigger, row } from '../harness/workflow.ts';

export const scenarios: Scenario[] = [
	{
		// Last and alone: it looks at what every scenario before it has left behind, too.
		name: 'No key stands in the clear in the log, the database or any file of n8n',
		alone: true,
		async run(context) {
			const { host } = context;
			for (const provider of providerNames) {
				const bench = await startBench(context, provider);
				const { keys } = bench.emulator;
				const good = await host.run(row('Good', [manualTrigger(), bench.generate()]));
				expect(good.status).toBe('success');
				// A provider that repeats the key in its refusal.
				const reply = { status: 401, body: { error: `the key ${keys[provider]} is not known` } };
				bench.emulator.misbehave({ when: { call: 'submit' }, do: { reply } });
				const refused = await host.run(row('Refused', [manualTrigger(), bench.generate()]));
				expect(refused.status).toBe('error');
				const logged = host.server.log().split('\n');
				expect(logged.filter((line) => line.includes(keys[provider]))).toEqual([]);
				expect(host.server.filesContaining(keys[provider])).toEqual([]);
			}
		},
	},
];
