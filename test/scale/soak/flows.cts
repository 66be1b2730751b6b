// The workflows of the soak: all that users do with the node, some of it failing.
import type { INodeParameters } from 'n8n-workflow';
import type { Host } from '../../e2e/harness/host.cts';
import type { Providers } from '../../e2e/harness/providers.cts';
import { klingNode, node, row, webhookTrigger } from '../../e2e/harness/workflow.ts';

/** A published workflow: how to call it, and what its executions have to end as. */
export interface Flow {
	readonly id: string;
	readonly path: string;
	readonly name: string;
	readonly endsAs: 'success' | 'error';
}

const FROM_ITEM = { prompt: '={{ $json.prompt }}' };

/** Publishes them all. Each takes `{ shots: [{ prompt }, …] }`. */
export async function publishFlows(host: Host, { credentials, emulator }: Providers): Promise<Flow[]> {
	const kling = (name: string, parameters: INodeParameters, extras: { onError?: 'continueRegularOutput' } = {}) =>
		klingNode(name, { resource: 'video', ...parameters }, { credentials: { ...credentials }, ...extras });
	const generate = (parameters: INodeParameters, extras?: { onError?: 'continueRegularOutput' }) =>
		kling('Generate', { operation: 'generate', startImageUrl: emulator.imageUrl, ...FROM_ITEM, ...parameters }, extras);
	const follow = (operation: string, parameters: INodeParameters = {}) =>
		kling(operation, { operation, provider: 'fromInput', jobId: '={{ $json.jobId }}', ...parameters });
	const publish = async (
		name: string,
		nodes: Array<ReturnType<typeof node>>,
		endsAs: Flow['endsAs'] = 'success',
	): Promise<Flow> => {
		const path = `${name}-${crypto.randomUUID()}`;
		const shots = node('Shots', 'splitOut', { fieldToSplitOut: 'body.shots' });
		const id = await host.workflow(row(name, [webhookTrigger(path, 'onReceived'), shots, ...nodes]), { publish: true });
		return { id, path, name, endsAs };
	};
	return await Promise.all([
		publish('wait-core-today', [generate({ provider: 'coreToday' })]),
		publish('wait-runpod', [generate({ provider: 'runpod' })]),
		publish('callback-core-today', [
			generate({ provider: 'coreToday', completion: 'callback', options: { timeoutSeconds: 60 } }),
		]),
		publish('callback-runpod', [
			generate({ provider: 'runpod', completion: 'callback', options: { timeoutSeconds: 60 } }),
		]),
		publish('submit-then-follow', [
			generate({ provider: 'runpod', completion: 'jobId' }),
			follow('getStatus'),
			follow('wait', { downloadVideo: true }),
		]),
		publish('submit-then-cancel', [generate({ provider: 'coreToday', completion: 'jobId' }), follow('cancel')]),
		publish('some-refused', [generate({ provider: 'runpod', duration: 7 }, { onError: 'continueRegularOutput' })]),
		publish('refused', [generate({ provider: 'coreToday', startImageUrl: 'ftp://example.com/a.png' })], 'error'),
	]);
}
