import { createHash } from 'node:crypto';
import { expect } from 'expect';
import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import type { ProviderName } from '../../../nodes/core/job';
import { providers } from '../../../nodes/core/providers';
import type { EmulatedJob } from '../../emulator/index';
import type { Execution } from './execution.ts';
import type { Host } from './host.cts';
import { startProviders } from './providers.cts';
import type { Providers } from './providers.cts';
import type { Scenario, ScenarioContext } from './scenario.cts';
import { klingNode } from './workflow.ts';

export const providerNames = providers.map(({ name }) => name);
export const providerLabels = Object.fromEntries(providers.map(({ name, label }) => [name, label]));

type NodeExtras = Parameters<typeof klingNode>[2];

/** A scenario's workbench: one provider's nodes, ready to be put into workflows. */
export interface Bench extends Providers {
	provider: ProviderName;
	/** A node of this package with both credentials; `parameters` on top of provider and resource. */
	kling(name: string, parameters: INodeParameters, extras?: NodeExtras): INode;
	/** Generate, with a good prompt and picture unless `parameters` say otherwise. */
	generate(parameters?: INodeParameters, extras?: NodeExtras): INode;
}

export async function startBench(
	context: Pick<ScenarioContext, 'host' | 'afterwards'>,
	provider: ProviderName,
	options: Parameters<typeof startProviders>[1] = {},
): Promise<Bench> {
	const providers = await startProviders(context, options);
	const { credentials, emulator } = providers;
	const kling: Bench['kling'] = (name, parameters, extras = {}) =>
		klingNode(name, { resource: 'video', ...parameters }, { credentials: { ...credentials }, ...extras });
	const generate: Bench['generate'] = (parameters = {}, extras = {}) => {
		const good = { prompt: 'a woman points at the words', startImageUrl: emulator.imageUrl };
		return kling('Generate', { operation: 'generate', provider, ...good, ...parameters }, extras);
	};
	return { ...providers, provider, kling, generate };
}

/** A scenario at one provider. `options` are the emulator's. */
export function forProvider(
	provider: ProviderName,
	name: string,
	options: Parameters<typeof startProviders>[1],
	run: (bench: Bench, context: ScenarioContext) => Promise<void>,
): Scenario {
	return {
		name: `${providerLabels[provider]}: ${name}`,
		run: async (context) => await run(await startBench(context, provider, options), context),
	};
}

/** The same scenario for each provider. */
export function forBothProviders(
	name: string,
	options: Parameters<typeof startProviders>[1],
	run: (bench: Bench, context: ScenarioContext) => Promise<void>,
): Scenario[] {
	return providerNames.map((provider) => forProvider(provider, name, options, run));
}

/** The item is this job, done, and its binary field holds the bytes that the emulator serves. */
export async function expectVideoOf(
	host: Host,
	item: INodeExecutionData | undefined,
	job: EmulatedJob | undefined,
	field = 'data',
): Promise<void> {
	if (!item || !job) throw new Error(`there is no ${item ? 'job' : 'item'} to compare`);
	const { provider, id: jobId, videoUrl } = job;
	expect(item.json).toMatchObject({ provider, jobId, videoUrl, status: 'completed' });
	expect(item.json).not.toHaveProperty('downloadFailure');
	expect(item.binary?.[field]).toMatchObject({ mimeType: 'video/mp4', fileName: `kling-${jobId}.mp4` });
	const bytes = await host.binary(item, field);
	expect(bytes.length).toBe(job.videoBytes);
	expect(createHash('sha256').update(bytes).digest('hex')).toBe(job.videoSha256);
}

/** Neither key is anywhere in what n8n stores of the execution. */
export function expectNoKey(execution: Execution, { emulator }: Providers): void {
	const stored = JSON.stringify(execution);
	for (const key of Object.values(emulator.keys)) expect(stored).not.toContain(key);
}
