import { expect } from 'expect';
import { itemsOf, jsonOf, runsOf } from '../harness/execution.ts';
import { expectVideoOf, forBothProviders } from '../harness/kling.cts';
import { itemsNode, manualTrigger, node, row, workflow } from '../harness/workflow.ts';

const slow = { jobTimes: { queueMs: 0, runMs: 600_000 } };

export const scenarios = [
	...forBothProviders(
		'a returned job id is finished by Get Status in a Wait loop, routed by status',
		{ jobTimes: { queueMs: 200, runMs: 3_000 } },
		async (bench, { host }) => {
			bench.emulator.script({ when: { jobNumber: 2 }, job: { runMs: 500, endsAs: 'failed', error: 'no luck' } });
			const nodes = [
				manualTrigger(),
				itemsNode('Rows', [{ text: 'good' }, { text: 'bad' }]),
				bench.generate({ prompt: '={{ $json.text }}', completion: 'jobId', options: { maxConcurrency: 1 } }),
				node('Pause', 'wait', { amount: 2, unit: 'seconds' }, { typeVersion: 1.1, webhookId: crypto.randomUUID() }),
				bench.kling('Status', { operation: 'getStatus', routeByStatus: true, downloadVideo: true }),
				node('Done', 'noOp'),
				node('Lost', 'noOp'),
			];
			const loop = workflow('Wait loop', nodes, [
				['Start', 'Rows'],
				['Rows', 'Generate'],
				['Generate', 'Pause'],
				['Pause', 'Status'],
				[['Status', 0], 'Done'],
				[['Status', 1], 'Pause'],
				[['Status', 2], 'Lost'],
			]);
			const execution = await host.run(loop);
			expect(execution.status).toBe('success');
			const [good, bad] = bench.emulator.jobs();
			expect(bench.emulator.jobs()).toHaveLength(2);
			expect(jsonOf(execution, 'Generate')).toMatchObject([{ jobId: good?.id }, { jobId: bad?.id }]);
			expect(runsOf(execution, 'Status').length).toBeGreaterThan(1);
			await expectVideoOf(host, itemsOf(execution, 'Done')[0], good);
			expect(jsonOf(execution, 'Lost')).toMatchObject([{ jobId: bad?.id, status: 'failed' }]);
		},
	),

	...forBothProviders('a job is cancelled', slow, async (bench, { host }) => {
		const cancel = bench.kling('Cancel', { operation: 'cancel' });
		const execution = await host.run(
			row('Cancel', [manualTrigger(), bench.generate({ completion: 'jobId' }), cancel]),
		);
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

	...forBothProviders('Stop in the middle of a wait ends the execution and cancels the job', slow, async (bench, { host }) => {
		const id = await host.runManually(await host.workflow(row('Stop', [manualTrigger(), bench.generate()])));
		await host.until('the job', () => bench.emulator.jobs().length === 1);
		await host.stopExecution(id);
		const execution = await host.waitForExecution(id);
		expect(execution.status).toBe('canceled');
		await host.until('the cancel', () => bench.emulator.jobs()[0]?.phase === 'cancelled');
		expect(bench.emulator.jobs()).toHaveLength(1);
	}),

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
