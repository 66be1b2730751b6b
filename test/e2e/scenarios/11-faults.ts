import { expect } from 'expect';
import type { INode } from 'n8n-workflow';
import { errorOf, itemsOf } from '../harness/execution.ts';
import { expectVideoOf, forProvider, startBench } from '../harness/kling.cts';
import type { Bench } from '../harness/kling.cts';
import type { Host } from '../harness/host.cts';
import type { Execution } from '../harness/execution.ts';
import type { Scenario } from '../harness/scenario.cts';
import { itemsNode, manualTrigger, row } from '../harness/workflow.ts';
import type { WorkflowDefinition } from '../harness/workflow.ts';

// The node looks first about 5 s after a submit: by then such a job has ended.
const quick = { jobTimes: { queueMs: 200, runMs: 800 } };
const badRows = [4, 11, 29];

function films(bench: Bench, texts: string[], onError: INode['onError'] = 'stopWorkflow'): WorkflowDefinition {
	const generate = bench.generate(
		{ prompt: '={{ $json.text }}', options: { maxConcurrency: texts.length } },
		{ onError },
	);
	return row('Films', [
		manualTrigger(),
		itemsNode(
			'Rows',
			texts.map((text) => ({ text })),
		),
		generate,
	]);
}

const shots = (count: number) => Array.from({ length: count }, (_, index) => `Shot ${index}`);

function thirtyRows(): string[] {
	return shots(30).map((text, index) => (badRows.includes(index) ? (index === 11 ? 'x'.repeat(2501) : '') : text));
}

/** Each text has its own job's video, in its place, and nothing else was paid for. */
async function expectVideos(
	host: Host,
	bench: Bench,
	execution: Execution,
	texts: Array<string | undefined>,
): Promise<void> {
	const items = itemsOf(execution, 'Generate');
	expect(items).toHaveLength(texts.length);
	expect(bench.emulator.jobs()).toHaveLength(texts.filter((text) => text !== undefined).length);
	for (const [index, text] of texts.entries()) {
		if (text === undefined) continue;
		await expectVideoOf(
			host,
			items[index],
			bench.emulator.jobs().find(({ input }) => input.prompt === text),
		);
	}
}

/** With a store of videos other than this version's usual one. */
function storedIn(mode: string, version: string, isInItem: boolean): Scenario {
	return {
		name: `videos arrive whole in n8n's binary mode "${mode}"`,
		hosts: [version],
		run: async (context) => {
			const host = await context.startHost({ env: { N8N_DEFAULT_BINARY_DATA_MODE: mode } });
			const bench = await startBench({ ...context, host }, 'coreToday', { ...quick, videoBytes: 3_000_000 });
			const execution = await host.run(films(bench, shots(3)));
			expect(execution.status).toBe('success');
			await expectVideos(host, bench, execution, shots(3));
			for (const { binary } of itemsOf(execution, 'Generate')) {
				expect(binary?.data?.id).toEqual(isInItem ? undefined : expect.stringMatching(new RegExp(`^${mode}:`)));
			}
		},
	};
}

export const scenarios = [
	forProvider('runpod', 'faults: status calls that fail for a minute lose no job', quick, async (bench, { host }) => {
		const reply = { status: 503, body: 'Service Unavailable' };
		// A minute from the first look on.
		bench.emulator.misbehave({ when: { call: 'status', untilMs: 65_000 }, do: { reply } });
		const execution = await host.run(films(bench, shots(3)), 150_000);
		expect(execution.status).toBe('success');
		await expectVideos(host, bench, execution, shots(3));
		const failed = bench.emulator.requests().filter(({ answeredStatus }) => answeredStatus === 503);
		expect(failed.length).toBeGreaterThan(6);
	}),

	forProvider(
		'coreToday',
		'faults: 429 on every third call costs time, not a second job',
		quick,
		async (bench, { host }) => {
			const reply = { status: 429, headers: { 'retry-after': '7' }, body: { detail: 'Too many requests' } };
			bench.emulator.misbehave({ when: { call: ['submit', 'status'], everyNth: 3 }, do: { reply } });
			const execution = await host.run(films(bench, shots(4)), 120_000);
			expect(execution.status).toBe('success');
			await expectVideos(host, bench, execution, shots(4));
			const submits = bench.emulator.requests().filter(({ call }) => call === 'submit');
			const refused = submits.filter(({ answeredStatus }) => answeredStatus === 429);
			expect(refused.length).toBeGreaterThan(0);
			expect(submits).toHaveLength(4 + refused.length);
			expect((submits.at(-1)?.atMs ?? 0) - (refused.at(-1)?.atMs ?? Infinity)).toBeGreaterThanOrEqual(7_000);
		},
	),

	forProvider(
		'runpod',
		'3 bad rows of 30 under "Stop" are all named and nothing is sent',
		quick,
		async (bench, { host }) => {
			const execution = await host.run(films(bench, thirtyRows()));
			expect(execution.status).toBe('error');
			// Items with the same problem share a line.
			const lines = [...(errorOf(execution) ?? '').matchAll(/^(\d.*) items?: Prompt/gm)];
			const named = lines.flatMap(([, places = '']) => places.split(' and ')).map((place) => parseInt(place, 10) - 1);
			expect(named.sort((one, other) => one - other)).toEqual(badRows);
			expect(bench.emulator.requests()).toEqual([]);
		},
	),

	forProvider(
		'coreToday',
		'3 bad rows of 30 under "Continue" are 27 videos and 3 errors',
		quick,
		async (bench, { host }) => {
			const execution = await host.run(films(bench, thirtyRows(), 'continueRegularOutput'), 120_000);
			expect(execution.status).toBe('success');
			const wanted = thirtyRows().map((text, index) => (badRows.includes(index) ? undefined : text));
			await expectVideos(host, bench, execution, wanted);
			for (const index of badRows) {
				const error = { error: expect.objectContaining({ message: expect.stringMatching(/prompt/i) }) };
				expect(itemsOf(execution, 'Generate')[index]?.json).toEqual(error);
			}
		},
	),

	storedIn('default', '2.8.4', true),
	storedIn('database', '2.41.1', false),
];
