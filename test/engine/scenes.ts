import type { INodeExecutionData } from 'n8n-workflow';
import type { EmulatedJob, RecordedRequest } from '../emulator/index';
import { itemsOf, type Execution } from './harness/index';
import { setStage, type Stage, type StageOptions } from './stage';

/**
 * A stage that has made its first call: for that, n8n loads all it needs for HTTP, which an accelerated clock would
 * take for a slow answer.
 */
export async function setWarmStage(options: StageOptions): Promise<Stage> {
	const stage = await setStage(options);
	await stage.engine.run(stage.workflow({ operation: 'cancel', provider: 'coreToday', jobId: 'none' }));
	stage.emulator.reset();
	return stage;
}

/** Takes each item's own prompt, so that jobs can be told apart. */
export const FROM_ITEM = { prompt: '={{ $json.prompt }}' };

/** So many items with prompts "Shot 0", "Shot 1", … */
export function shots(count: number): INodeExecutionData[] {
	return itemsOf(...Array.from({ length: count }, (_, index) => ({ prompt: `Shot ${index}` })));
}

/** What the Kling node put out, as JSON. */
export function kling(execution: Execution, outputIndex = 0, runIndex = 0): Array<INodeExecutionData['json']> {
	return execution.items('Kling', outputIndex, runIndex).map(({ json }) => json);
}

/** The error objects of error items, whole. */
export function errorsIn(items: ReadonlyArray<INodeExecutionData['json']>): Array<Record<string, unknown>> {
	const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
	return items.map(({ error }) => error).filter(isObject);
}

/** The error that ended the execution at the Kling node, as the editor shows it. */
export function thrown(execution: Execution): { message: string; description: string } {
	const error = execution.error('Kling');
	return { message: error?.message ?? '', description: error?.description ?? '' };
}

/** The prompts of accepted jobs, in accepted order. */
export function promptsOf({ emulator }: Stage): unknown[] {
	return emulator.jobs().map(({ input }) => input.prompt);
}

/** Requests of one kind, in order. */
export function requestsOf({ emulator }: Stage, ...calls: Array<RecordedRequest['call']>): RecordedRequest[] {
	return emulator.requests().filter(({ call }) => calls.includes(call));
}

/** The most jobs that were accepted and unfinished at once. */
export function mostAtOnce(jobs: readonly EmulatedJob[]): number {
	const isOpenAt = (atMs: number) => (job: EmulatedJob) =>
		job.acceptedAtMs <= atMs && atMs < (job.finishedAtMs ?? Infinity);
	return Math.max(0, ...jobs.map(({ acceptedAtMs }) => jobs.filter(isOpenAt(acceptedAtMs)).length));
}

/** Looks each tenth of a second of the stage's clock until it is so; throws after ten minutes of it. */
export async function until({ clock }: Stage, isSo: () => boolean): Promise<void> {
	const endMs = clock.now() + 600_000;
	while (!isSo()) {
		if (clock.now() > endMs) throw new Error('waited ten minutes in vain');
		await clock.sleep(100);
	}
}
