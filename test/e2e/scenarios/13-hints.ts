import { openEditor } from '../harness/editor.cts';
import { startBench } from '../harness/kling.cts';
import { Panel } from '../harness/panel.cts';
import type { Scenario } from '../harness/scenario.cts';
import { manualTrigger, row } from '../harness/workflow.ts';

export const scenarios: Scenario[] = [
	{
		name: 'Editor: the output says before a run what an item costs, and after it what was submitted',
		alone: true,
		async run(context) {
			const { host } = context;
			const bench = await startBench(context, 'runpod');
			const id = await host.workflow(row('Hints', [manualTrigger(), bench.generate()]));
			const page = await openEditor(context);
			await page.goto(`${host.server.url}/workflow/${id}`);
			const panel = await Panel.open(page, 'Generate');
			await panel.outputSays('Each new video costs 0.45 USD for 5 seconds, 0.9 USD for 10 seconds.');
			await panel.execute();
			await panel.outputSays(
				'1 video made, 0.45 USD, as the provider reports. If you run this node once more, it makes the video anew, and you pay again',
			);
		},
	},
	{
		name: 'Editor: the output says before a run that Dry Run is on',
		alone: true,
		async run(context) {
			const { host } = context;
			const bench = await startBench(context, 'coreToday');
			const id = await host.workflow(row('Dry run', [manualTrigger(), bench.generate({ options: { dryRun: true } })]));
			const page = await openEditor(context);
			await page.goto(`${host.server.url}/workflow/${id}`);
			const panel = await Panel.open(page, 'Generate');
			await panel.outputSays('Dry Run is on: nothing is submitted, nothing is paid for, and the video is a sample.');
		},
	},
];
