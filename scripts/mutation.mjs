// npm run test:mutation [-- --only <group>] [--mutate <file>,<file>] [--incremental] [--concurrency <n>]
// Changes the code that guards money in small ways, one at a time, and tells which changes no test notices. Those that
// are left, and why, stand in docs/mutation.md. The reports of the groups are written to mutation-report/.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { groups } from '../test/mutation/groups.mjs';
import { install, root, temporaryFolder } from './steps.mjs';

/** Of all mutants, in percent, those without coverage among them. */
const LOWEST_SCORE = 92;
const JEST_CONFIG = 'test/jest.config.cjs';

const { values: wanted } = parseArgs({
	options: {
		only: { type: 'string' },
		mutate: { type: 'string' },
		incremental: { type: 'boolean', default: false },
		concurrency: { type: 'string' },
	},
});
if (wanted.only !== undefined && !(wanted.only in groups)) {
	console.error(`--only takes one of ${Object.keys(groups).join(', ')}`);
	process.exit(2);
}

/** What a group's tests are for Jest: one file that loads them all, or each as it is. */
const testsOf = ({ tests, isApart }) =>
	isApart
		? { testMatch: tests.map((file) => `<rootDir>/test/${file}`) }
		: { testMatch: ['<rootDir>/test/mutation/together.cjs'], globals: { testFiles: tests } };

async function runGroup(name, { mutate, timeoutMs, runners, ...group }) {
	console.log(`\n▶ ${name}`);
	const sandboxes = temporaryFolder();
	symlinkSync(join(root, 'node_modules'), join(sandboxes, 'node_modules'));
	return await new Stryker({
		mutate: wanted.mutate === undefined ? mutate : wanted.mutate.split(','),
		testRunner: 'jest',
		jest: {
			configFile: JEST_CONFIG,
			config: { ...testsOf(group), testEnvironment: './test/mutation/environment.cjs', testTimeout: timeoutMs },
			// The tests of a group are named one by one.
			enableFindRelatedTests: false,
		},
		coverageAnalysis: 'perTest',
		// A mutant may make its tests wait for what never comes. A busy machine must not look like that.
		timeoutMS: timeoutMs,
		disableTypeChecks: false,
		tempDirName: sandboxes,
		cleanTempDir: 'always',
		symlinkNodeModules: false,
		concurrency: Number(wanted.concurrency ?? runners),
		incremental: wanted.incremental,
		incrementalFile: `mutation-report/${name}.incremental.json`,
		reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
		clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: true },
		htmlReporter: { fileName: `mutation-report/${name}.html` },
		jsonReporter: { fileName: `mutation-report/${name}.json` },
	}).runMutationTest();
}

await install();
// Not before: on a fresh clone it has just been installed.
const { Stryker } = await import('@stryker-mutator/core');
const results = [];
for (const [name, group] of Object.entries(groups)) {
	if (wanted.only === undefined || wanted.only === name) results.push(...(await runGroup(name, group)));
}
const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
const score = (100 * count('Killed', 'Timeout')) / (results.length - count('Ignored', 'CompileError', 'RuntimeError'));
console.log(
	`\n${score.toFixed(1)} % of ${results.length} mutants were noticed; ${count('NoCoverage')} ran in no test.`,
);
if (score < LOWEST_SCORE || count('NoCoverage') > 0) process.exitCode = 1;
