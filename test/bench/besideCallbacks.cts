// n8n's own Wait node, resumed by a webhook, beside Pause Until Callback, in one n8n: processor time of a callback.
//
// Neither fetches the file, and each execution has one job. The Wait node believes the callback's body; Pause Until
// Callback reads the stored job, asks the provider and makes an item (docs/decisions/03-pause-by-resume-url.md).
import type { INode } from 'n8n-workflow';
import { startEmulator } from '../emulator/index';
import type { Emulator } from '../emulator/index';
import type { Host } from '../e2e/harness/host.cts';
import { createJumpingClock } from '../e2e/harness/jumpingClock.ts';
import { storeCredentials } from '../e2e/harness/providers.cts';
import { until } from '../e2e/harness/until.cts';
import { klingNode, node, row, webhookTrigger } from '../e2e/harness/workflow.ts';
import { sleepMs } from '../support/node.cts';
import { klingForm, storeHeaderCredential, submitNode } from './besideLoop.cts';
import type { CallbackFigures } from './besideTable.ts';

/** Between two callbacks: so many that n8n keeps up. */
const PACE_MS = 350;
const STARTS_AT_ONCE = 4;
const WARM_UPS = 20;
const IDLE_MS = 10_000;
const TIMEOUT_MS = 120_000;

async function waitNode(host: Host, emulator: Emulator): Promise<INode[]> {
	const parameters = { resume: 'webhook', httpMethod: 'POST', options: {} };
	return [
		submitNode(emulator, await storeHeaderCredential(host, emulator), '$execution.resumeUrl'),
		node('Wait', 'wait', parameters, { typeVersion: 1.1, webhookId: crypto.randomUUID() }),
	];
}

async function pauseUntilCallback(host: Host, emulator: Emulator): Promise<INode[]> {
	const form = { ...klingForm(emulator), completion: 'callback', downloadVideo: false };
	return [klingNode('Generate', form, { credentials: await storeCredentials(host, emulator, 'bench') })];
}

const WAYS = { "n8n's Wait node": waitNode, 'Pause Until Callback': pauseUntilCallback };
type Way = keyof typeof WAYS;
/** What the first ones leave behind, such as a larger heap, falls on both ways alike. */
const ORDER: readonly Way[] = ["n8n's Wait node", 'Pause Until Callback', 'Pause Until Callback', "n8n's Wait node"];

async function countOf(host: Host, workflowId: string, status: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId, status: [status] }));
	return (await host.rest<{ count: number }>('GET', `/executions?limit=1&filter=${filter}`)).count;
}

async function startAll(host: Host, path: string, count: number): Promise<void> {
	let started = 0;
	const startSome = async (): Promise<void> => {
		while (started++ < count) await host.webhook(path);
	};
	await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startSome));
}

function processorMs({ server }: Host): number {
	const spentMs = server.processorMs();
	if (spentMs === undefined) throw new Error('this system does not tell the processor time of a process');
	return spentMs;
}

/** Executions that are all paused first, whose callbacks then come at an even pace. */
async function measureWay(host: Host, way: Way, count: number, idleShare: number): Promise<CallbackFigures> {
	// Time stands at the emulator until all executions are paused.
	const clock = createJumpingClock({ stands: true });
	const emulator = await startEmulator({ clock, jobTimes: ({ number }) => ({ queueMs: 0, runMs: number * PACE_MS }) });
	try {
		const path = crypto.randomUUID();
		const nodes = [webhookTrigger(path, 'onReceived'), ...(await WAYS[way](host, emulator))];
		const id = await host.workflow(row(way, nodes), { publish: true });
		await startAll(host, path, count);
		const areAll = async (status: string) => (await countOf(host, id, status)) === count || undefined;
		await until(`${count} paused executions`, async () => await areAll('waiting'), { timeoutMs: TIMEOUT_MS });
		const [startMs, startProcessorMs] = [Date.now(), processorMs(host)];
		for (let sent = 0; sent < count; sent += 1) {
			clock.jump(PACE_MS);
			await sleepMs(PACE_MS);
		}
		// What was lost does not come any more, so that the time may run out.
		const areOver = until('the executions to end', async () => await areAll('success'), { everyMs: 1_000 });
		await areOver.catch(() => undefined);
		const busyMs = processorMs(host) - startProcessorMs - idleShare * (Date.now() - startMs);
		const answered = emulator.deliveries().filter(({ status = 0 }) => status >= 200 && status < 300).length;
		const lost = count - (await countOf(host, id, 'success'));
		return { way, processorMs: busyMs / count, unanswered: count - answered, lost };
	} finally {
		await emulator.stop();
	}
}

/** The share of a processor that n8n uses while nothing happens. */
async function measureIdle(host: Host): Promise<number> {
	const beforeMs = processorMs(host);
	await sleepMs(IDLE_MS);
	return (processorMs(host) - beforeMs) / IDLE_MS;
}

/** Both ways with `count` executions each, in turns. */
export async function measureCallbacks(host: Host, count: number): Promise<CallbackFigures[]> {
	const ways = [...new Set(ORDER)];
	for (const way of ways) await measureWay(host, way, WARM_UPS, 0);
	const idleShare = await measureIdle(host);
	const turns: CallbackFigures[] = [];
	for (const way of ORDER) turns.push(await measureWay(host, way, Math.ceil(count / 2), idleShare));
	for (const { way, processorMs } of turns) console.log(`${way}: ${processorMs.toFixed(1)} ms`);
	console.log(`n8n idle: ${(idleShare * 100).toFixed(1)} % of a processor`);
	return ways.map((way) => {
		const own = turns.filter((turn) => turn.way === way);
		const sum = (of: (turn: CallbackFigures) => number) => own.reduce((total, turn) => total + of(turn), 0);
		return {
			way,
			processorMs: sum(({ processorMs }) => processorMs) / own.length,
			unanswered: sum(({ unanswered }) => unanswered),
			lost: sum(({ lost }) => lost),
		};
	});
}
