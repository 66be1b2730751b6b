// Runs every scenario of ./scenarios on every installed host; started by scripts/e2e.mjs, which says where they are.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runOn, summary } from './harness/runner.cts';
import type { Scenario } from './harness/scenario.cts';
import { readSettings } from './harness/settings.cts';
import type { HostSettings } from './harness/settings.cts';

interface Settings extends HostSettings {
	/** Part of the names of the scenarios that are wanted; of all if empty. */
	readonly only: string;
	readonly updateImages: boolean;
}

function readScenarios(): Scenario[] {
	const folder = join(__dirname, 'scenarios');
	const files = readdirSync(folder)
		.filter((file) => file.endsWith('.ts'))
		.sort();
	// Every file there exports `scenarios`. By require, since tsx cannot import() a .cts file on Node 20.
	return files.flatMap((file): Scenario[] => require(join(folder, file)).scenarios);
}

async function main(): Promise<void> {
	const { installations, tarball, only, updateImages } = readSettings<Settings>('npm run test:e2e');
	const wanted = only.toLowerCase();
	const scenarios = readScenarios().filter(({ name }) => name.toLowerCase().includes(wanted));
	if (scenarios.length === 0) throw new Error(`no scenario's name contains "${wanted}"`);
	const settings = { tarball, imagesFolder: undefined, concurrency: 3 };
	// The README shows the newest n8n, which is the last.
	const imagesFolder = updateImages ? join(__dirname, '../../docs/images') : undefined;
	const results = await Promise.all(
		installations.map(async (installation, index) => {
			const isNewest = index === installations.length - 1;
			return await runOn(installation, scenarios, isNewest ? { ...settings, imagesFolder } : settings);
		}),
	);
	console.log(summary(results.flat()));
	process.exit(results.flat().some(({ outcome }) => outcome === 'failed') ? 1 : 0);
}

void main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
