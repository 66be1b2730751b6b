// The poller's table alone: npx tsx test/bench/poll-main.cts [first seed]
import { argv } from '../support/node.cts';

async function main(): Promise<void> {
	// Imported at run time: tsx does not take a static import of .ts by a .cts that it was started with.
	const { runPollBench } = await import('./pollTable');
	const rows = await runPollBench({ firstSeed: Number(argv[0] ?? 1) });
	for (const { name, values, goal, isMet } of rows) {
		const cells = Object.entries(values).map(([label, value]) => `${label} ${value}`);
		console.log(`${name.padEnd(36)} ${cells.join(' · ')}  ${isMet ? 'met' : 'MISSED'}: ${goal}`);
	}
}

void main();
