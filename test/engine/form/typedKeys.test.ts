import { providers } from '../../../nodes/core/providers';
import { thrown } from '../results';
import { createStage, type Stage } from '../stage';

/** Runs on a stage whose keys were typed so, given the right ones. */
async function withKeys(typed: (key: string) => string, work: (stage: Stage) => Promise<void>): Promise<void> {
	const first = await createStage();
	const { keys } = first.emulator;
	await first.close();
	const stage = await createStage({
		credentials: { coreToday: { apiKey: typed(keys.coreToday) }, runpod: { apiKey: typed(keys.runpod) } },
	});
	await work(stage);
	await stage.close();
}

const AROUND: ReadonlyArray<[string, (key: string) => string]> = [
	['a blank before it', (key) => ` ${key}`],
	['a line break behind it', (key) => `${key}\n`],
	['quotes', (key) => `"${key}"`],
	['Bearer before it', (key) => `Bearer ${key}`],
	['all of them', (key) => ` "bearer '${key}'" `],
];

test.each(AROUND)('a key with %s makes a video at every provider', async (_name, typed) => {
	await withKeys(typed, async (stage) => {
		for (const { name: provider } of providers) {
			const execution = await stage.run({ provider, completion: 'jobId' });
			expect(execution.status).toBe('success');
		}
		expect(stage.jobs()).toHaveLength(providers.length);
	});
});

test('a key with a header’s name before it is said to be wrong, and nothing is sent', async () => {
	await withKeys(
		(key) => `Authorization: Bearer ${key}`,
		async (stage) => {
			for (const { name: provider, label } of providers) {
				const { text } = thrown(await stage.run({ provider }));
				expect(text).toContain(
					`The API key of the ${label} credential has a blank or a line break in it. Open it and paste the key alone.`,
				);
			}
			expect(stage.requests()).toEqual([]);
		},
	);
});
