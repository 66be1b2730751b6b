// The poller's table and chart: node --require tsx/cjs test/bench/poll-main.cts [first seed, which draws no chart]
import { argv, join, repositoryFolder, writeFileSync } from '../support/node.cts';
import { latenessChart, runPollBench } from './pollTable';

async function main(): Promise<void> {
	const [firstSeed] = argv;
	const rows = await runPollBench({ firstSeed: Number(firstSeed ?? 1) });
	for (const { name, values, goal, isMet } of rows) {
		const cells = Object.entries(values).map(([label, value]) => `${label} ${value}`);
		console.log(`${name.padEnd(36)} ${cells.join(' · ')}  ${isMet ? 'met' : 'MISSED'}: ${goal}`);
	}
	if (firstSeed === undefined) {
		writeFileSync(join(repositoryFolder, 'docs/images/lateness.svg'), latenessChart(rows));
	}
}

void main();
