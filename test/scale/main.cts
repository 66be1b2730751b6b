// Runs the parts of the scale test and prints their figures; started by scripts/scale.mjs, which says where n8n is.
import type { Installation } from '../e2e/harness/server.cts';
import { measureQueue } from './queue/index.cts';
import { Report } from './report.ts';

export interface Settings {
	readonly parts: readonly string[];
	readonly quick: boolean;
	readonly tarball: string;
	readonly installation: Installation;
}

async function main(): Promise<void> {
	const { KLING_SCALE } = process.env;
	if (!KLING_SCALE) throw new Error('start this by: npm run test:scale');
	const settings: Settings = JSON.parse(KLING_SCALE);
	const reports: Report[] = [];
	const give = (report: Report): void => {
		reports.push(report);
		console.log(`\n${report.text()}`);
	};
	const parts: Record<string, () => Promise<void>> = {
		queue: async () => await measureQueue(settings, give),
	};
	for (const part of settings.parts) {
		const startMs = Date.now();
		await parts[part]();
		console.log(`\n${part} took ${Math.round((Date.now() - startMs) / 1000)} s`);
	}
	console.log(`\n${reports.map(({ title, outcome }) => `${outcome.padEnd(8)}${title}`).join('\n')}`);
	process.exit(reports.some(({ outcome }) => outcome === 'failed') ? 1 : 0);
}

void main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
