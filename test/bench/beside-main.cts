// Started by npm run bench -- --only beside: this package beside what people use instead, in one n8n.
import { Host } from '../e2e/harness/host.cts';
import { onlyInstallation, readSettings } from '../e2e/harness/settings.cts';
import type { HostSettings } from '../e2e/harness/settings.cts';
import { join, repositoryFolder, writeFileSync } from '../support/node.cts';
import { measureCallbacks } from './besideCallbacks.cts';
import { measureLoops } from './besideLoop.cts';
import { besideTable, callbacksChart, loopChart } from './besideTable';

interface Settings extends HostSettings {
	readonly parts: ReadonlyArray<'loop' | 'callbacks'>;
	/** Of each way to wait for a callback. */
	readonly executions: number;
	/** Whether the pictures of the documents are drawn anew. */
	readonly draws: boolean;
}

async function main(): Promise<void> {
	const settings = readSettings<Settings>('npm run bench -- --only beside');
	const { parts, executions, draws, tarball } = settings;
	const draw = (name: string, picture: string): void => {
		if (draws) writeFileSync(join(repositoryFolder, 'docs/images', name), picture);
	};
	const host = await Host.start(onlyInstallation(settings), { tarball });
	try {
		const loops = parts.includes('loop') ? await measureLoops(host) : [];
		const callbacks = parts.includes('callbacks') ? await measureCallbacks(host, executions) : [];
		console.log(besideTable(loops, callbacks));
		if (loops.length > 0) draw('beside-loop.svg', loopChart(loops));
		if (callbacks.length > 0) draw('beside-callbacks.svg', callbacksChart(callbacks));
	} finally {
		await host.server.end();
	}
}

void main().then(
	() => process.exit(0),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);
