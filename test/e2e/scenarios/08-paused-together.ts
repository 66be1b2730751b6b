import { expect } from 'expect';
import { itemsOf } from '../harness/execution.ts';
import type { Host } from '../harness/host.cts';
import { createJumpingClock } from '../harness/jumpingClock.ts';
import type { ProviderName } from '../../../nodes/core/job';
import { expectVideoOf, providerNames, startBench } from '../harness/kling.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import { until } from '../harness/until.cts';
import { node, row, webhookTrigger } from '../harness/workflow.ts';

const RUN_MS = 600_000;
const COUNT = 50;

/** Of all executions of a workflow, without their data. */
async function statusesOf(host: Host, workflowId: string): Promise<string[]> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId }));
	const found = await host.rest<{ results: Array<{ status: string }> }>(
		'GET',
		`/executions?limit=100&filter=${filter}`,
	);
	return found.results.map(({ status }) => status).sort();
}

async function untilStatuses(host: Host, workflowId: string, wanted: string[]): Promise<void> {
	const areSeen = async () => (await statusesOf(host, workflowId)).join() === wanted.join() || undefined;
	await until(`the executions of workflow ${workflowId} to be ${[...new Set(wanted)].join()}`, areSeen, {
		timeoutMs: 60_000,
		everyMs: 300,
	});
}

/** n8n's limit is real: of four executions that wait within n8n, two are not started yet. */
async function expectLimitOfTwo(host: Host): Promise<void> {
	const path = crypto.randomUUID();
	const pause = node(
		'Pause',
		'wait',
		{ amount: 8, unit: 'seconds' },
		{ typeVersion: 1.1, webhookId: crypto.randomUUID() },
	);
	const id = await host.workflow(row('Held', [webhookTrigger(path, 'onReceived'), pause]), { publish: true });
	for (let started = 0; started < 4; started += 1) void host.webhook(path).catch(() => undefined);
	await untilStatuses(host, id, ['new', 'new', 'running', 'running']);
}

async function pauseTogether(
	context: Pick<ScenarioContext, 'host' | 'afterwards'>,
	provider: ProviderName,
): Promise<void> {
	const { host } = context;
	const clock = createJumpingClock();
	const bench = await startBench(context, provider, {
		clock,
		jobTimes: { queueMs: 0, runMs: RUN_MS },
		videoBytes: 20_000,
	});
	const path = crypto.randomUUID();
	const generate = bench.generate({ prompt: '={{ $json.body.prompt }}', completion: 'callback' });
	const id = await host.workflow(row('Paused', [webhookTrigger(path, 'onReceived'), generate]), { publish: true });
	const prompts = Array.from({ length: COUNT }, (_, index) => `shot ${index}`);
	await Promise.all(prompts.map(async (prompt) => await host.webhook(path, { prompt })));
	await untilStatuses(
		host,
		id,
		prompts.map(() => 'waiting'),
	);
	clock.jump(RUN_MS);
	await untilStatuses(
		host,
		id,
		prompts.map(() => 'success'),
	);

	const jobs = bench.emulator.jobs();
	expect(jobs).toHaveLength(COUNT);
	const lastStartMs = Math.max(...jobs.map(({ acceptedAtMs }) => acceptedAtMs));
	for (const { finishedAtMs = 0 } of jobs) expect(finishedAtMs).toBeGreaterThan(lastStartMs);
	const items = (await host.executionsOf(id)).flatMap((execution) => itemsOf(execution, 'Generate'));
	expect(items).toHaveLength(COUNT);
	for (const job of jobs)
		await expectVideoOf(
			host,
			items.find(({ json }) => json.jobId === job.id),
			job,
		);
}

export const scenarios: Scenario[] = [
	{
		name: `with a concurrency limit of 2, ${COUNT} executions are paused in flight at once, and all complete`,
		alone: true,
		async run({ startHost, afterwards }) {
			const host = await startHost({ env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '2' } });
			for (const provider of providerNames) await pauseTogether({ host, afterwards }, provider);
			await expectLimitOfTwo(host);
		},
	},
];
