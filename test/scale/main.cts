// Runs the parts of the scale test and prints their figures; started by scripts/scale.mjs, which says where n8n is.
import { readSettings } from '../e2e/harness/settings.cts';
import type { HostSettings } from '../e2e/harness/settings.cts';
import { Report } from './report.ts';

/** Of the faults alone, which take no n8n, the settings have no installations and no tarball. */
export interface Settings extends HostSettings {
	readonly parts: ReadonlyArray<keyof typeof PARTS>;
	readonly quick: boolean;
	/** Wait mode gets the whole load of callback mode. */
	readonly sameLoad: boolean;
}

type Measure = (settings: Settings, give: (report: Report) => void) => Promise<void>;

const PARTS = { faults: './faults/main.cts', queue: './queue/main.cts', soak: './soak/main.cts' };

/** By require, when its turn has come: one of them loads n8n's engine into this process. */
function load(part: keyof typeof PARTS): Measure {
	return require(PARTS[part]).measure;
}

async function main(): Promise<void> {
	const settings = readSettings<Settings>('npm run test:scale');
	const reports: Report[] = [];
	const give = (report: Report): void => {
		reports.push(report);
		console.log(`\n${report.text()}`);
	};
	const measure = async (part: keyof typeof PARTS): Promise<void> => {
		const startMs = Date.now();
		await load(part)(settings, give);
		console.log(`\n${part} took ${Math.round((Date.now() - startMs) / 1000)} s`);
	};
	// Where time is short the parts wait beside each other; figures of time are the full run's.
	if (settings.quick) await Promise.all(settings.parts.map(measure));
	else for (const part of settings.parts) await measure(part);
	console.log(`\n${reports.map(({ title, outcome }) => `${outcome.padEnd(8)}${title}`).join('\n')}`);
	process.exit(reports.some(({ outcome }) => outcome === 'failed') ? 1 : 0);
}

void main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
