import { expect } from 'expect';
import { itemsOf, jsonOf, runsOf } from '../harness/execution.ts';
import { expectVideoOf, forBothProviders, providerLabels, providerNames, startBench } from '../harness/kling.cts';
import type { Bench } from '../harness/kling.cts';
import type { Scenario } from '../harness/scenario.cts';
import { itemsNode, manualTrigger, node, row, workflow } from '../harness/workflow.ts';
import type { WorkflowDefinition } from '../harness/workflow.ts';
import { realClock } from '../../support/node.cts';

const slow = { jobTimes: { queueMs: 0, runMs: 600_000 } };

// Submit, pause, look; back to the pause until the job has ended.
function waitLoop(bench: Bench): WorkflowDefinition {
	const nodes = [
		manualTrigger(),
		itemsNode('Rows', [{ text: 'good' }, { text: 'bad' }]),
		bench.generate({ prompt: '={{ $json.text }}', completion: 'jobId', options: { maxConcurrency: 1 } }),
		node('Pause', 'wait', { amount: 1, unit: 'seconds' }, { typeVersion: 1.1, webhookId: crypto.randomUUID() }),
		bench.kling('Status', { operation: 'getStatus', routeByStatus: true, downloadVideo: true }),
		node('Done', 'noOp'),
		node('Lost', 'noOp'),
	];
	return workflow('Wait loop', nodes, [
		['Start', 'Rows'],
		['Rows', 'Generate'],
		['Generate', 'Pause'],
		['Pause', 'Status'],
		[['Status', 0], 'Done'],
		[['Status', 1], 'Pause'],
		[['Status', 2], 'Lost'],
	]);
}

export const scenarios = [
	...providerNames.map(
		(provider): Scenario => ({
			name: `${providerLabels[provider]}: a returned job id is finished by Get Status in a Wait loop, routed by status`,
			async run(context) {
				const { host } = context;
				let passedMs = 0;
				const clock = { ...realClock, now: () => Date.now() + passedMs };
				const bench = await startBench(context, provider, { clock, jobTimes: { queueMs: 0, runMs: 600_000 } });
				bench.emulator.script({ when: { jobNumber: 2 }, job: { runMs: 0, endsAs: 'failed', error: 'no luck' } });
				const id = await host.runManually(await host.workflow(waitLoop(bench)));
				await host.until('the first look', () =>
					bench.emulator
						.requests()
						.some(({ call, jobId }) => call === 'status' && jobId === bench.emulator.jobs()[0]?.id),
				);
				passedMs = 600_000;
				const execution = await host.waitForExecution(id);
				expect(execution.status).toBe('success');
				const [good, bad, ...others] = bench.emulator.jobs();
				expect(others).toEqual([]);
				expect(jsonOf(execution, 'Generate')).toMatchObject([{ jobId: good?.id }, { jobId: bad?.id }]);
				expect(runsOf(execution, 'Status').length).toBeGreaterThan(1);
				await expectVideoOf(host, itemsOf(execution, 'Done')[0], good);
				expect(jsonOf(execution, 'Lost')).toMatchObject([{ jobId: bad?.id, status: 'failed' }]);
			},
		}),
	),

	...forBothProviders('a job is cancelled', slow, async (bench, { host }) => {
		const cancel = bench.kling('Cancel', { operation: 'cancel' });
		const execution = await host.run(row('Cancel', [manualTrigger(), bench.generate({ completion: 'jobId' }), cancel]));
		expect(execution.status).toBe('success');
		const [job] = bench.emulator.jobs();
		expect(job?.phase).toBe('cancelled');
		expect(jsonOf(execution, 'Cancel')).toMatchObject([{ jobId: job?.id, status: 'cancelled' }]);
	}),

	...forBothProviders('the Wait operation takes up a job of another execution', {}, async (bench, { host }) => {
		const submitted = await host.run(row('Submit', [manualTrigger(), bench.generate({ completion: 'jobId' })]));
		await host.until('the job to end', () => bench.emulator.jobs()[0]?.phase === 'completed');
		const wait = bench.kling('Wait', { operation: 'wait' });
		const rows = itemsNode('Rows', jsonOf(submitted, 'Generate'));
		const execution = await host.run(row('Finish', [manualTrigger(), rows, wait]));
		expect(execution.status).toBe('success');
		expect(bench.emulator.jobs()).toHaveLength(1);
		await expectVideoOf(host, itemsOf(execution, 'Wait')[0], bench.emulator.jobs()[0]);
	}),

	...forBothProviders(
		'Stop in the middle of a wait ends the execution and cancels the job',
		slow,
		async (bench, { host }) => {
			const id = await host.runManually(await host.workflow(row('Stop', [manualTrigger(), bench.generate()])));
			await host.until('the job', () => bench.emulator.jobs().length === 1);
			await host.stopExecution(id);
			const execution = await host.waitForExecution(id);
			expect(execution.status).toBe('canceled');
			await host.until('the cancel', () => bench.emulator.jobs()[0]?.phase === 'cancelled');
			expect(bench.emulator.jobs()).toHaveLength(1);
		},
	),

	...forBothProviders(
		'Retry of a timed-out execution ends with the video of the job already paid for',
		{ jobTimes: { queueMs: 0, runMs: 13_000 } },
		async (bench, { host }) => {
			const generate = bench.generate({ options: { timeoutSeconds: 10 } });
			const failed = await host.run(row('Retry', [manualTrigger(), generate]));
			expect(failed.status).toBe('error');
			await host.until('the job to end', () => bench.emulator.jobs()[0]?.phase === 'completed');
			const retried = await host.execution(await host.retryExecution(failed.id));
			expect(retried).toMatchObject({ status: 'success', retryOf: failed.id });
			expect(bench.emulator.jobs()).toHaveLength(1);
			await expectVideoOf(host, itemsOf(retried, 'Generate')[0], bench.emulator.jobs()[0]);
		},
	),
];
