import { expect } from 'expect';
import { errorOf, itemsOf, jsonOf } from '../harness/execution.ts';
import { expectVideoOf, forBothProviders, forProvider } from '../harness/kling.cts';
import type { Bench } from '../harness/kling.cts';
import { itemsNode, manualTrigger, node, row, workflow } from '../harness/workflow.ts';
import { storeCaller } from '../harness/subWorkflow.ts';
import type { WorkflowDefinition } from '../harness/workflow.ts';

// What Replicate says of a job that is worth another try, and of one that is not.
const passing = 'Prediction interrupted; please retry (code: PA)';
const refusedForContent =
	'The input or output was flagged as sensitive. Please try again with different inputs. (E005)';
const retryOnFail = { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 };
// The node looks first about 5 s after a submit: by then such a job has ended.
const quick = { jobTimes: { queueMs: 200, runMs: 800 } };
const endless = { jobTimes: { queueMs: 0, runMs: 600_000 } };

type Generate = Parameters<Bench['generate']>;

function shots(
	bench: Bench,
	count: number,
	parameters: Generate[0] = {},
	extras: Generate[1] = {},
): WorkflowDefinition {
	const rows = Array.from({ length: count }, (_, index) => ({ text: `Shot ${index}` }));
	const generate = bench.generate({ prompt: '={{ $json.text }}', ...parameters }, extras);
	return row('Shots', [manualTrigger(), itemsNode('Rows', rows), generate]);
}

/** How often each prompt was paid for, most often first. */
function timesPaid({ emulator }: Bench): number[] {
	const prompts = emulator.jobs().map(({ input }) => String(input.prompt));
	const times = [...new Set(prompts)].map((prompt) => prompts.filter((other) => other === prompt).length);
	return times.sort((one, other) => other - one);
}

function submitsOf({ emulator }: Bench): number {
	return emulator.requests().filter(({ call }) => call === 'submit').length;
}

function failJobs({ emulator }: Bench, error: string, ...numbers: number[]): void {
	for (const jobNumber of numbers) emulator.script({ when: { jobNumber }, job: { endsAs: 'failed', error } });
}

export const scenarios = [
	...forBothProviders(
		'money: Retry On Fail pays once more for the failed item on each try',
		quick,
		async (bench, { host }) => {
			failJobs(bench, passing, 3, 6, 7);
			const execution = await host.run(shots(bench, 5, {}, retryOnFail));
			expect(execution.status).toBe('error');
			expect(bench.emulator.jobs()).toHaveLength(7);
			expect(timesPaid(bench)).toEqual([3, 1, 1, 1, 1]);
		},
	),

	...forBothProviders('money: Retry On Fail does not pay again for refused content', quick, async (bench, { host }) => {
		failJobs(bench, refusedForContent, 3);
		const execution = await host.run(shots(bench, 5, {}, retryOnFail));
		expect(execution.status).toBe('error');
		expect(bench.emulator.jobs()).toHaveLength(5);
		expect(submitsOf(bench)).toBe(5);
	}),

	...forBothProviders(
		'money: Stop in the middle of 10 jobs cancels all within 5 s',
		endless,
		async (bench, { host }) => {
			const id = await host.runManually(await host.workflow(shots(bench, 10)));
			await host.until('ten jobs', () => bench.emulator.jobs().length === 10);
			const stoppedMs = Date.now();
			await host.stopExecution(id);
			const isCancelled = () => bench.emulator.jobs().every(({ phase }) => phase === 'cancelled');
			await host.until('ten cancels', isCancelled, 10_000);
			const cancelledMs = bench.emulator.jobs().map(({ cancelledAtMs = Infinity }) => cancelledAtMs - stoppedMs);
			expect(Math.max(...cancelledMs)).toBeLessThan(5_000);
			expect(cancelledMs).toHaveLength(10);
			expect(await host.waitForExecution(id)).toMatchObject({ status: 'canceled' });
			expect(submitsOf(bench)).toBe(10);
		},
	),

	...forBothProviders('money: Retry after Stop pays for nothing', endless, async (bench, { host }) => {
		const id = await host.runManually(await host.workflow(shots(bench, 2)));
		await host.until('two jobs', () => bench.emulator.jobs().length === 2);
		await host.stopExecution(id);
		await host.until('two cancels', () => bench.emulator.jobs().every(({ phase }) => phase === 'cancelled'));
		const stopped = await host.execution(id);
		if (stopped.data.executionData) {
			// 2.8 keeps the node's memory of its jobs, but strikes the stopped node off what is left to do.
			expect(JSON.stringify(stopped.data.executionData.contextData)).toContain(bench.emulator.jobs()[0]?.id);
			const retried = await host.execution(await host.retryExecution(id));
			expect(retried).toMatchObject({ status: 'success', retryOf: id });
			expect(itemsOf(retried, 'Generate')).toEqual([]);
		} else {
			// 2.41 overwrites what a stopped execution did by what it was at its start, and so refuses.
			await expect(host.retryExecution(id)).rejects.toThrow(/cannot be retried/);
		}
		expect(bench.emulator.jobs()).toHaveLength(2);
		expect(submitsOf(bench)).toBe(2);
	}),

	...forBothProviders(
		'money: a submit whose answer is cut is one job, whoever retries',
		quick,
		async (bench, { host }) => {
			bench.emulator.misbehave({ when: { call: 'submit' }, do: { cut: 'after' } });
			const failed = await host.run(shots(bench, 1, {}, retryOnFail));
			expect(failed.status).toBe('error');
			expect(errorOf(failed)).toMatch(/not known whether .+ accepted the job/);
			const retried = await host.execution(await host.retryExecution(failed.id));
			expect(retried).toMatchObject({ status: 'error', retryOf: failed.id });
			expect(errorOf(retried)).toMatch(/not known whether .+ accepted the job/);
			expect(bench.emulator.jobs()).toHaveLength(1);
			expect(submitsOf(bench)).toBe(1);
		},
	),

	...forBothProviders('money: Executions > Retry submits only what failed', quick, async (bench, { host }) => {
		failJobs(bench, passing, 2);
		const failed = await host.run(shots(bench, 3));
		expect(failed.status).toBe('error');
		const finished = bench.emulator.jobs().filter(({ phase }) => phase === 'completed');
		expect(finished).toHaveLength(2);
		const retried = await host.execution(await host.retryExecution(failed.id));
		expect(retried).toMatchObject({ status: 'success', retryOf: failed.id });
		expect(bench.emulator.jobs()).toHaveLength(4);
		expect(timesPaid(bench)).toEqual([2, 1, 1]);
		const made = [...finished, ...bench.emulator.jobs().slice(3)];
		for (const item of itemsOf(retried, 'Generate')) {
			await expectVideoOf(
				host,
				item,
				made.find(({ id }) => id === item.json.jobId),
			);
		}
		expect(new Set(jsonOf(retried, 'Generate').map(({ jobId }) => jobId))).toEqual(new Set(made.map(({ id }) => id)));
	}),

	...forBothProviders(
		'money: a second Executions > Retry of the same execution does not pay for what the first one made',
		quick,
		async (bench, { host }) => {
			failJobs(bench, passing, 2, 3, 5);
			const failed = await host.run(shots(bench, 3));
			expect((await host.execution(await host.retryExecution(failed.id))).status).toBe('error');
			expect(bench.emulator.jobs()).toHaveLength(5);
			const again = await host.execution(await host.retryExecution(failed.id));
			expect(again).toMatchObject({ status: 'success', retryOf: failed.id });
			expect(timesPaid(bench)).toEqual([3, 2, 1]);
		},
	),

	// What n8n does with a parent is pinned here because the README says it.
	forProvider(
		'runpod',
		'money: Executions > Retry of a sub-workflow keeps its videos; that of its parent makes all of them anew',
		quick,
		async (bench, { host }) => {
			failJobs(bench, passing, 2);
			const [, ...nodes] = shots(bench, 2).nodes;
			const { child, parent } = await storeCaller(host, nodes);
			const failed = await host.waitForExecution(await host.runManually(parent));
			expect([failed.status, bench.emulator.jobs().length]).toEqual(['error', 2]);
			const [called] = await host.executionsOf(child);
			const retried = await host.execution(await host.retryExecution(String(called?.id)));
			expect([retried.status, bench.emulator.jobs().length]).toEqual(['success', 3]);
			expect((await host.execution(await host.retryExecution(failed.id))).status).toBe('success');
			expect(bench.emulator.jobs()).toHaveLength(5);
		},
	),

	forProvider('runpod', 'money: the cost limit holds over all rounds of a loop', quick, async (bench, { host }) => {
		const nodes = [
			manualTrigger(),
			itemsNode(
				'Rows',
				[1, 2, 3, 4].map((number) => ({ text: `round ${number}` })),
			),
			node('Loop', 'splitInBatches', { options: {} }, { typeVersion: 3 }),
			bench.generate({ prompt: '={{ $json.text }}', options: { maxCost: 1 } }),
		];
		const loop = workflow('Limited loop', nodes, [
			['Start', 'Rows'],
			['Rows', 'Loop'],
			[['Loop', 1], 'Generate'],
			['Generate', 'Loop'],
		]);
		const execution = await host.run(loop);
		expect(execution.status).toBe('error');
		// At 0.45 USD each, the third would pass 1 USD.
		expect(errorOf(execution)).toMatch(/cost/i);
		expect(bench.emulator.jobs().map(({ input }) => input.prompt)).toEqual(['round 1', 'round 2']);
	}),
];
