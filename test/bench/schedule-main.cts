// The schedule's table alone: npx tsx test/bench/schedule-main.cts [first seed]
import { argv } from '../support/node.cts';

async function main(): Promise<void> {
	// Imported at run time: tsx does not take a static import of .ts by a .cts that it was started with.
	const { runScheduleBench } = await import('./scheduleTable');
	const rows = await runScheduleBench({ firstSeed: Number(argv[0] ?? 1) });
	for (const { name, values, goal, isMet } of rows) {
		const cells = Object.entries(values).map(([label, value]) => `${label} ${value}`);
		const verdict = goal === undefined ? '' : `  ${isMet ? 'met' : 'MISSED'}: ${goal}`;
		console.log(`${name.padEnd(36)} ${cells.join(' · ')}${verdict}`);
	}
}

void main();
