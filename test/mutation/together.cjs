// The tests of one group as one test file: Jest loads every module anew for each file, n8n's engine among them, and
// would do so for every mutant. Each file keeps its own `describe`, so its hooks run with its own tests only.
for (const file of globalThis.testFiles) {
	describe(file, () => void require(`../${file}`));
}
