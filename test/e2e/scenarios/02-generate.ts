import { expect } from 'expect';
import { itemsOf, jsonOf } from '../harness/execution.ts';
import { expectNoKey, expectVideoOf, forBothProviders } from '../harness/kling.cts';
import { itemsNode, manualTrigger, node, row, webhookTrigger, workflow } from '../harness/workflow.ts';

const rows = [1, 2, 3, 4, 5].map((number) => ({ number, text: `scene ${number}`, seconds: number % 2 ? '5' : 10 }));

export const scenarios = [
	...forBothProviders('a generated video lies in the binary store, byte for byte', {}, async (bench, { host }) => {
		const execution = await host.run(row('Generate', [manualTrigger(), bench.generate()]));
		expect(execution.status).toBe('success');
		const [item, ...others] = itemsOf(execution, 'Generate');
		expect(others).toEqual([]);
		expect(bench.emulator.jobs()).toHaveLength(1);
		await expectVideoOf(host, item, bench.emulator.jobs()[0]);
		expect(item?.pairedItem).toMatchObject({ item: 0 });
		expectNoKey(execution, bench);
	}),

	...forBothProviders('a workflow started by its webhook answers with the job', {}, async (bench, { host }) => {
		const path = crypto.randomUUID();
		const prompt = '={{ $json.body.prompt }}';
		const definition = row('By webhook', [webhookTrigger(path), bench.generate({ prompt, downloadVideo: false })]);
		const id = await host.workflow(definition, { publish: true });
		const reply = await host.webhook(path, { prompt: 'a lion yawns' });
		expect(reply.httpStatus).toBe(200);
		const [job] = bench.emulator.jobs();
		expect(reply.body).toMatchObject({ jobId: job?.id, status: 'completed', videoUrl: job?.videoUrl });
		expect(job?.input).toMatchObject({ prompt: 'a lion yawns' });
		const [execution] = await host.executionsOf(id);
		expect(execution).toMatchObject({ status: 'success', mode: 'webhook' });
	}),

	...forBothProviders('a picture from the item becomes the first frame', {}, async (bench, { host }) => {
		const { imageUrl } = bench.emulator;
		const options = { response: { response: { responseFormat: 'file' } } };
		const fetchPicture = node('Picture', 'httpRequest', { url: imageUrl, options }, { typeVersion: 4.2 });
		const generate = bench.generate({ startImageSource: 'binary', outputField: 'video' });
		const execution = await host.run(row('Binary picture', [manualTrigger(), fetchPicture, generate]));
		expect(execution.status).toBe('success');
		const [item] = itemsOf(execution, 'Generate');
		await expectVideoOf(host, item, bench.emulator.jobs()[0], 'video');
		expect(Object.keys(item?.binary ?? {})).toEqual(['video']);
	}),

	...forBothProviders(
		'a batch of 5 by expressions runs together and comes out in order',
		{},
		async (bench, { host }) => {
			const generate = bench.generate({ prompt: '={{ $json.text }}', duration: '={{ $json.seconds }}' });
			const execution = await host.run(row('Batch', [manualTrigger(), itemsNode('Rows', rows), generate]));
			expect(execution.status).toBe('success');
			const items = itemsOf(execution, 'Generate');
			const jobs = bench.emulator.jobs();
			expect(items).toHaveLength(rows.length);
			expect(jobs).toHaveLength(rows.length);
			for (const [index, { text, seconds }] of rows.entries()) {
				const job = jobs.find(({ input }) => input.prompt === text);
				expect(job?.input).toMatchObject({ duration: Number(seconds) });
				await expectVideoOf(host, items[index], job);
				expect(items[index]?.pairedItem).toMatchObject({ item: index });
			}
			const lastStart = Math.max(...jobs.map(({ acceptedAtMs }) => acceptedAtMs));
			for (const { finishedAtMs = Infinity } of jobs) expect(finishedAtMs).toBeGreaterThan(lastStart);
		},
	),

	...forBothProviders('a loop over items makes one video a round', {}, async (bench, { host }) => {
		const nodes = [
			manualTrigger(),
			itemsNode('Rows', rows.slice(0, 2)),
			node('Loop', 'splitInBatches', { options: {} }, { typeVersion: 3 }),
			bench.generate({ prompt: '={{ $json.text }}' }),
			node('Done', 'noOp'),
		];
		const links = workflow('Loop', nodes, [
			['Start', 'Rows'],
			['Rows', 'Loop'],
			[['Loop', 1], 'Generate'],
			['Generate', 'Loop'],
			[['Loop', 0], 'Done'],
		]);
		const execution = await host.run(links);
		expect(execution.status).toBe('success');
		const jobs = bench.emulator.jobs();
		expect(jobs.map(({ input }) => input.prompt)).toEqual(['scene 1', 'scene 2']);
		const done = itemsOf(execution, 'Done');
		expect(done).toHaveLength(2);
		for (const [index, job] of jobs.entries()) await expectVideoOf(host, done[index], job);
	}),

	...forBothProviders('a sub-workflow hands the video to its caller', {}, async (bench, { host }) => {
		const entry = node('Entry', 'executeWorkflowTrigger', { inputSource: 'passthrough' }, { typeVersion: 1.1 });
		const inner = await host.workflow(row('Inner', [entry, bench.generate()]), { publish: true });
		const workflowId = { __rl: true, mode: 'id', value: inner };
		const call = node('Call', 'executeWorkflow', { workflowId, options: {} }, { typeVersion: 1.2 });
		const execution = await host.run(row('Outer', [manualTrigger(), call]));
		expect(execution.status).toBe('success');
		const [item] = itemsOf(execution, 'Call');
		await expectVideoOf(host, item, bench.emulator.jobs()[0]);
		expect(jsonOf(execution, 'Call')).toHaveLength(1);
	}),
];
