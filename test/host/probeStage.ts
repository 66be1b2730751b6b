import type { IExecuteFunctions } from 'n8n-workflow';
import { node, probe, row } from '../engine/harness/index';
import type { StageOptions } from '../engine/stage';
import { setWatchedStage, type WatchedStage } from '../engine/watched';
import { credentialNames } from '../support/apis';

/** A stage on which a test is what a node does: it gets n8n's own context, with all credentials. */
export interface ProbeStage extends WatchedStage {
	inNode<T>(work: (context: IExecuteFunctions) => Promise<T>): Promise<T>;
}

export async function setProbeStage(options: StageOptions = {}): Promise<ProbeStage> {
	let work: (context: IExecuteFunctions) => Promise<unknown> = async () => undefined;
	const tested = probe(
		'tested',
		async function () {
			await work(this);
			return [[]];
		},
		{ credentials: credentialNames.map((name) => ({ name })) },
	);
	const stage = await setWatchedStage({ ...options, engine: { nodeTypes: { tested } } });
	const workflow = row([node('Tested', 'tested', {}, { credentials: credentialNames })]);
	return {
		...stage,
		inNode: async (asked) => {
			const results: Array<Awaited<ReturnType<typeof asked>>> = [];
			work = async (context) => results.push(await asked(context));
			const execution = await stage.engine.run(workflow);
			stage.expectNoKeyIn(execution);
			const [result] = results;
			if (result === undefined) throw execution.error() ?? new Error('The node gave nothing');
			return result;
		},
	};
}
