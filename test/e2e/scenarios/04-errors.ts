import { expect } from 'expect';
import { errorOf, itemsOf, jsonOf } from '../harness/execution.ts';
import { expectVideoOf, forBothProviders } from '../harness/kling.cts';
import type { Bench } from '../harness/kling.cts';
import { itemsNode, manualTrigger, row } from '../harness/workflow.ts';
import type { WorkflowDefinition } from '../harness/workflow.ts';

type OnError = 'stopWorkflow' | 'continueRegularOutput' | 'continueErrorOutput';

// The second of three has no prompt.
function oneBadOfThree(bench: Bench, onError: OnError): WorkflowDefinition {
	const rows = itemsNode('Rows', [{ text: 'first' }, { text: '' }, { text: 'third' }]);
	return row(`On Error ${onError}`, [
		manualTrigger(),
		rows,
		bench.generate({ prompt: '={{ $json.text }}' }, { onError }),
	]);
}

const errorItem = { error: expect.objectContaining({ message: expect.stringMatching(/prompt/i) }) };

export const scenarios = [
	...forBothProviders('On Error "Stop" spends nothing when one item of three is bad', {}, async (bench, { host }) => {
		const execution = await host.run(oneBadOfThree(bench, 'stopWorkflow'));
		expect(execution.status).toBe('error');
		expect(errorOf(execution)).toMatch(/prompt/i);
		expect(bench.emulator.jobs()).toEqual([]);
	}),

	...forBothProviders('On Error "Continue" keeps the bad item in its place', {}, async (bench, { host }) => {
		const execution = await host.run(oneBadOfThree(bench, 'continueRegularOutput'));
		expect(execution.status).toBe('success');
		const items = itemsOf(execution, 'Generate');
		const jobs = bench.emulator.jobs();
		expect(jobs).toHaveLength(2);
		expect(items).toHaveLength(3);
		await expectVideoOf(
			host,
			items[0],
			jobs.find(({ input }) => input.prompt === 'first'),
		);
		expect(items[1]?.json).toEqual(errorItem);
		await expectVideoOf(
			host,
			items[2],
			jobs.find(({ input }) => input.prompt === 'third'),
		);
	}),

	...forBothProviders(
		'On Error "Continue (error output)" parts the bad item from the good',
		{},
		async (bench, { host }) => {
			const execution = await host.run(oneBadOfThree(bench, 'continueErrorOutput'));
			expect(execution.status).toBe('success');
			const [first, third, ...more] = itemsOf(execution, 'Generate');
			expect(more).toEqual([]);
			const jobs = bench.emulator.jobs();
			expect(jobs).toHaveLength(2);
			await expectVideoOf(
				host,
				first,
				jobs.find(({ input }) => input.prompt === 'first'),
			);
			await expectVideoOf(
				host,
				third,
				jobs.find(({ input }) => input.prompt === 'third'),
			);
			// n8n adds the input's JSON to what leaves by the error output.
			expect(jsonOf(execution, 'Generate', { output: 1 })).toEqual([{ text: '', ...errorItem }]);
		},
	),

	...forBothProviders('Retry On Fail sends again only what was refused', {}, async (bench, { host }) => {
		const refusal = { status: 402, body: { error: 'insufficient credits' } };
		bench.emulator.misbehave({ when: { call: 'submit', skip: 1, first: 1 }, do: { reply: refusal } });
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 };
		const rows = itemsNode('Rows', [{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
		const generate = bench.generate({ prompt: '={{ $json.text }}' }, retry);
		const execution = await host.run(row('Retry On Fail', [manualTrigger(), rows, generate]));
		expect(execution.status).toBe('success');
		const jobs = bench.emulator.jobs();
		expect(jobs.map(({ input }) => input.prompt).sort()).toEqual(['one', 'three', 'two']);
		const items = itemsOf(execution, 'Generate');
		for (const [index, text] of ['one', 'two', 'three'].entries()) {
			await expectVideoOf(
				host,
				items[index],
				jobs.find(({ input }) => input.prompt === text),
			);
		}
	}),
];
