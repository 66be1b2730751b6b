// The schedule's table alone: node --require tsx/cjs test/bench/schedule-main.cts [first seed]
import { argv } from '../support/node.cts';
import { runScheduleBench } from './scheduleTable';

async function main(): Promise<void> {
	const rows = await runScheduleBench({ firstSeed: Number(argv[0] ?? 1) });
	for (const { name, values, goal, isMet } of rows) {
		const cells = Object.entries(values).map(([label, value]) => `${label} ${value}`);
		const verdict = goal === undefined ? '' : `  ${isMet ? 'met' : 'MISSED'}: ${goal}`;
		console.log(`${name.padEnd(36)} ${cells.join(' · ')}${verdict}`);
	}
}

void main();
