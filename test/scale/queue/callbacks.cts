// What n8n answered to the providers' callbacks, and what they cost its webhook processes.
import type { Emulator } from '../../emulator/index';
import type { WebhookDelivery } from '../../emulator/types';
import { until } from '../../e2e/harness/until.cts';
import type { Report } from '../report.ts';
import type { Cluster } from './cluster.cts';

/** A provider calls at most three times, 10 s apart, and waits 10 s for each answer. */
const LAST_CALLS_MS = 60_000;

/** By job, as a provider that repeats a call goes by its last answer. */
function lastAnswers(emulator: Emulator): Map<string, WebhookDelivery['status']> {
	return new Map(emulator.deliveries().map(({ jobId, status }) => [jobId, status]));
}

const isTaken = (status = 0): boolean => status >= 200 && status < 300;
/** n8n's own answers to a call that comes while the execution goes on by an earlier one, or after that. */
const isRefusedByN8n = (status = 0): boolean => status === 409 || status === 500;

function countTaken(emulator: Emulator): number {
	return [...lastAnswers(emulator).values()].filter(isTaken).length;
}

/** Resolves once every job's callback was taken, or no provider would call any more. */
export async function untilCalledBack(emulator: Emulator): Promise<void> {
	const areTaken = () => countTaken(emulator) === emulator.jobs().length || undefined;
	await until('all callbacks', areTaken, { timeoutMs: LAST_CALLS_MS }).catch(() => undefined);
}

/** Callbacks and processor time of each webhook process so far. */
interface Taken {
	readonly callbacks: readonly number[];
	/** Undefined where the system does not tell it. */
	readonly processorMs: number | undefined;
}

/** What the webhook processes have done so far. */
export function takenBy({ webhooks, balancer }: Cluster): Taken {
	const times = webhooks.map((server) => server.processorMs());
	const isTold = times.every((ms) => ms !== undefined);
	return { callbacks: balancer.callbacks(), processorMs: isTold ? times.reduce((sum, ms) => sum + ms, 0) : undefined };
}

/** Writes down the answers; `before` is what the webhook processes had done before the load. */
export function noteCallbacks(cluster: Cluster, emulator: Emulator, before: Taken, report: Report): void {
	const jobs = emulator.jobs().length;
	const deliveries = emulator.deliveries();
	const taken = countTaken(emulator);
	const refused = [...lastAnswers(emulator).values()].filter(isRefusedByN8n).length;
	report.promise(
		'Jobs whose last callback was answered 2xx',
		taken,
		`${jobs}, less the next line`,
		taken + refused === jobs,
	);
	report.figure(
		'Jobs whose last callback n8n refused with 409 or 500, as their execution had gone on already',
		refused,
	);
	const answers = deliveries.map(({ status }) => String(status ?? 'none'));
	for (const wanted of new Set(['200', '409', '500', ...answers])) {
		report.figure(`Callbacks answered ${wanted}`, answers.filter((answer) => answer === wanted).length);
	}
	report.figure('Callbacks that were repeats', deliveries.filter(({ attempt }) => attempt > 1).length);
	const downloads = emulator.requests().filter(({ call }) => call === 'video').length;
	report.figure('Videos downloaded, more than once where both processes found the end at the same time', downloads);
	noteWebhookProcesses(takenBy(cluster), before, report);
}

function noteWebhookProcesses(after: Taken, before: Taken, report: Report): void {
	const callbacks = after.callbacks.map((count, index) => count - (before.callbacks[index] ?? 0));
	const all = callbacks.reduce((sum, count) => sum + count, 0);
	report.figure('Callbacks that each webhook process got', callbacks.join(', '));
	const { processorMs } = after;
	const isTold = processorMs !== undefined && before.processorMs !== undefined;
	report.figure(
		'Their processor time per callback, with what they did for starts and for the unrelated workflow',
		isTold ? `${Math.round((processorMs - before.processorMs) / all)} ms` : '',
	);
}
