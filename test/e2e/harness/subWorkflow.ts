import type { INode } from 'n8n-workflow';
import type { Host } from './host.cts';
import { manualTrigger, node, row } from './workflow.ts';

/** Stores a workflow of these nodes that others call, and one that calls it; the IDs of both. */
export async function storeCaller(host: Host, nodes: readonly INode[]): Promise<{ child: string; parent: string }> {
	const called = node('Called', 'executeWorkflowTrigger', { inputSource: 'passthrough' }, { typeVersion: 1.1 });
	const child = await host.workflow(row('Child', [called, ...nodes]), { publish: true });
	const call = node(
		'Call',
		'executeWorkflow',
		{ workflowId: { __rl: true, mode: 'id', value: child }, mode: 'once', options: { waitForSubWorkflow: true } },
		{ typeVersion: 1.2 },
	);
	const parent = await host.workflow(row('Parent', [manualTrigger(), call, node('Done', 'noOp')]));
	return { child, parent };
}
