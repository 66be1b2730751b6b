// The poller's table alone: node --require tsx/cjs test/bench/poll-main.cts [first seed]
import { argv } from '../support/node.cts';
import { runPollBench } from './pollTable';

async function main(): Promise<void> {
	const rows = await runPollBench({ firstSeed: Number(argv[0] ?? 1) });
	for (const { name, values, goal, isMet } of rows) {
		const cells = Object.entries(values).map(([label, value]) => `${label} ${value}`);
		console.log(`${name.padEnd(36)} ${cells.join(' · ')}  ${isMet ? 'met' : 'MISSED'}: ${goal}`);
	}
}

void main();
