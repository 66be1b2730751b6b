import { expect } from 'expect';
import { hasEnded, itemsOf, jsonOf } from '../harness/execution.ts';
import { createJumpingClock } from '../harness/jumpingClock.ts';
import { expectVideoOf, providerLabels, providerNames, startBench } from '../harness/kling.cts';
import type { Scenario } from '../harness/scenario.cts';
import { until } from '../harness/until.cts';
import { itemsNode, manualTrigger, node, row } from '../harness/workflow.ts';

const RUN_MS = 600_000;
const numbers = [1, 2, 3, 4, 5];

export const scenarios: Scenario[] = providerNames.map((provider) => ({
	name: `${providerLabels[provider]}: the trigger starts one execution per ended job, five at once, each called back thrice`,
	async run(context) {
		const { host, version } = context;
		const clock = createJumpingClock();
		const bench = await startBench(context, provider, { clock, jobTimes: { queueMs: 0, runMs: RUN_MS } });
		const { emulator, credentials } = bench;
		emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { times: 3 } } });

		// n8n 2.8.4 loses the files of webhooks that come together: it keeps them in one folder, and its first execution removes that.
		const downloadVideo = version !== '2.8.4';
		const webhookId = crypto.randomUUID();
		const trigger = node(
			'Ended',
			'n8n-nodes-kling-video.klingVideoTrigger',
			{ provider, downloadVideo },
			{ credentials, webhookId },
		);
		const triggered = await host.workflow(row('Triggered', [trigger, node('Done', 'noOp')]), { publish: true });

		const callbackUrl = `=${host.server.url}/webhook/${webhookId}/kling?row={{ $json.number }}`;
		const rows = itemsNode(
			'Rows',
			numbers.map((number) => ({ number })),
		);
		const generate = bench.generate({ prompt: '=shot {{ $json.number }}', completion: 'jobId', callbackUrl });
		const submitted = await host.run(row('Submit', [manualTrigger(), rows, generate]));
		expect(submitted.status).toBe('success');

		clock.jump(RUN_MS);
		await host.until(
			'all callbacks',
			() => emulator.deliveries().filter(({ attempt }) => attempt === 1).length === numbers.length * 3,
		);
		const executions = await until('all executions to end', async () => {
			const all = await host.executionsOf(triggered);
			return all.length >= numbers.length && all.every(hasEnded) ? all : undefined;
		});
		expect(executions.map(({ status }) => status)).toEqual(numbers.map(() => 'success'));
		for (const number of numbers) {
			const job = emulator.jobs().find(({ input }) => input.prompt === `shot ${number}`);
			const [execution, ...others] = executions.filter((each) => jsonOf(each, 'Done')[0]?.jobId === job?.id);
			if (execution === undefined) throw new Error(`no execution was started for shot ${number}`);
			expect(others).toEqual([]);
			const [item] = itemsOf(execution, 'Done');
			expect(item?.json).toMatchObject({ provider, status: 'completed', query: { row: String(number) } });
			if (downloadVideo) await expectVideoOf(host, item, job);
		}
		expect(emulator.jobs()).toHaveLength(numbers.length);
	},
}));
