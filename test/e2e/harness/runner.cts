import { Host } from './host.cts';
import { Skip } from './scenario.cts';
import type { Scenario } from './scenario.cts';
import type { Installation } from './server.cts';

export interface Result {
	scenario: string;
	version: string;
	outcome: 'passed' | 'failed' | 'skipped';
	seconds: number;
	/** Why it failed or was skipped. */
	reason?: string;
}

export interface RunSettings {
	tarball: string;
	imagesFolder: string | undefined;
	/** Scenarios run at a time on one server; they wait for the emulator and n8n most of the time. */
	concurrency: number;
}

const scenarioTimeoutMs = 180_000;

/** Runs the scenarios meant for this n8n on one server of it. */
export async function runOn(
	installation: Installation,
	scenarios: Scenario[],
	settings: RunSettings,
): Promise<Result[]> {
	const { version } = installation;
	const mine = scenarios.filter(({ hosts }) => !hosts || hosts.includes(version));
	if (mine.length === 0) return [];
	const shared = await Host.start(installation, settings);
	const results: Result[] = [];
	const runOne = async (scenario: Scenario): Promise<void> => {
		const result = await runScenario(scenario, shared.forScenario(), installation, settings);
		results.push(result);
		console.log(lineOf(result) + (result.reason ? `\n${indented(result.reason)}` : ''));
	};
	const queue = mine.filter(({ alone }) => !alone);
	const work = async (): Promise<void> => {
		for (let next = queue.shift(); next; next = queue.shift()) await runOne(next);
	};
	await Promise.all(Array.from({ length: settings.concurrency }, work));
	for (const scenario of mine.filter(({ alone }) => alone)) {
		await runOne(scenario);
		// The next one is not to suffer from what this one did to the server.
		if (!shared.server.isUp()) await shared.server.launch();
	}
	await tryAgain(results, mine, runOne, shared);
	await shared.server.end();
	return results;
}

/**
 * What failed is tried once more with nothing beside it: these are real servers with real timeouts, and a machine that
 * was busy is not a fault. What passes only then says so in the summary.
 */
async function tryAgain(
	results: Result[],
	scenarios: Scenario[],
	runOne: (scenario: Scenario) => Promise<void>,
	shared: Host,
): Promise<void> {
	for (const first of results.filter(({ outcome }) => outcome === 'failed')) {
		const scenario = scenarios.find(({ name }) => name === first.scenario);
		if (scenario === undefined) continue;
		if (!shared.server.isUp()) await shared.server.launch();
		results.splice(results.indexOf(first), 1);
		await runOne(scenario);
		const second = results.at(-1);
		if (second?.outcome === 'passed') second.scenario += ' (at the second try)';
	}
}

async function runScenario(
	scenario: Scenario,
	host: Host,
	installation: Installation,
	{ tarball, imagesFolder }: RunSettings,
): Promise<Result> {
	const startedAt = Date.now();
	const cleaners: Array<() => Promise<unknown>> = [];
	const hosts = [host];
	const logStart = host.server.log().length;
	const startHost = async (options = {}): Promise<Host> => {
		const own = await Host.start(installation, { ...options, tarball });
		hosts.push(own);
		cleaners.push(async () => await own.server.end());
		return own;
	};
	const result = (outcome: Result['outcome'], reason?: string): Result => ({
		scenario: scenario.name,
		version: installation.version,
		outcome,
		seconds: (Date.now() - startedAt) / 1000,
		...(reason !== undefined && { reason }),
	});
	const { version } = installation;
	const afterwards = (clean: () => Promise<unknown>): void => void cleaners.push(clean);
	try {
		const context = { host, version, startHost, afterwards, imagesFolder };
		await withinTime(scenario.run(context));
		return result('passed');
	} catch (error) {
		if (error instanceof Skip) return result('skipped', error.message);
		return result('failed', await explain(error, hosts, logStart));
	} finally {
		for (const clean of cleaners.reverse()) await clean();
	}
}

async function withinTime(running: Promise<void>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		const error = new Error(`the scenario did not end within ${scenarioTimeoutMs / 1000} s`);
		timer = setTimeout(() => reject(error), scenarioTimeoutMs);
	});
	await Promise.race([running, late]).finally(() => clearTimeout(timer));
}

async function explain(error: unknown, hosts: Host[], logStart: number): Promise<string> {
	const parts = [shortStack(error instanceof Error ? (error.stack ?? error.message) : String(error))];
	for (const host of hosts) {
		// The server may be what failed: then its log has to do.
		parts.push(await host.explain().catch((cause: unknown) => `n8n could not be asked: ${String(cause)}`));
		const log = host.server.log().slice(host === hosts[0] ? logStart : 0);
		const lines = shortStack(log).trim().split('\n');
		parts.push(`n8n's last words:\n${lines.slice(-20).join('\n')}`);
	}
	return parts.filter((part) => part !== '').join('\n');
}

/** Without the places in Node, n8n and this runner: what is left is the scenario's line. */
function shortStack(text: string): string {
	const lines = text.split('\n');
	return lines.filter((line) => !/^\s+at /.test(line) || line.includes('/scenarios/')).join('\n');
}

function lineOf({ outcome, version, seconds, scenario }: Result): string {
	return `${outcome.padEnd(7)} n8n ${version.padEnd(6)} ${seconds.toFixed(1).padStart(6)} s  ${scenario}`;
}

function indented(text: string): string {
	return text.replace(/^/gm, '\t');
}

/** Every scenario by host, then the counts, alone on the last line. */
export function summary(results: Result[]): string {
	const count = (wanted: Result['outcome']): number => results.filter(({ outcome }) => outcome === wanted).length;
	const counts = `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
	const inOrder = [...results].sort((left, right) => left.version.localeCompare(right.version));
	const reason = ({ outcome, reason: text }: Result): string => (outcome === 'skipped' ? ` (${text})` : '');
	return ['', ...inOrder.map((result) => lineOf(result) + reason(result)), '', counts].join('\n');
}
