import { Container } from '@n8n/di';
import { BinaryDataConfig } from 'n8n-core';
import type { Misbehaviour } from '../../emulator/index';
import { existsSync, join, readdirSync } from '../../support/node.cts';
import { itemsOf } from '../harness/index';
import { CONTINUE } from '../items';
import { itemOf } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ callbacks: true, emulator: { jobTimes: { queueMs: 0, runMs: 10_000 } } })),
);
beforeEach(() => stage.emulator.script({ job: { videoBytes: 300_000 } }));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

function filesIn(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? filesIn(path) : [path];
	});
}
/** The files in n8n's binary store, those of executions and those of webhooks. */
const stored = () => filesIn(Container.get(BinaryDataConfig).localStoragePath);

const WRONG: ReadonlyArray<{ name: string; misbehaviour: Misbehaviour }> = [
	{ name: 'ended halfway without an error', misbehaviour: { truncated: true } },
	{ name: 'cut', misbehaviour: { cut: 'during' } },
	{ name: 'too slow', misbehaviour: { slow: { bytesPerSecond: 500 } } },
	{ name: 'empty', misbehaviour: { reply: { status: 200, body: '', contentType: 'video/mp4' } } },
];

test.each(WRONG)(
	"a video that is always $name leaves nothing of its tries in n8n's binary store",
	async ({ misbehaviour }) => {
		await stage.submit({ provider: 'runpod' });
		await stage.jobsEnded();
		stage.emulator.misbehave({ when: { call: 'video' }, do: misbehaviour });
		const before = stored();
		const items = itemsOf({ videoUrl: stage.job().videoUrl });
		const execution = await stage.run({ operation: 'download' }, items, CONTINUE);
		expect(itemOf(execution).json).toMatchObject({ error: expect.anything() });
		expect(stored()).toEqual(before);
	},
);

test("a video that the trigger cannot fetch whole leaves nothing in n8n's folder for webhooks", async () => {
	stage.emulator.misbehave({ when: { call: 'video' }, do: { truncated: true } });
	const { url: callbackUrl } = stage.publish({ provider: 'runpod' });
	const before = stored();
	await stage.submit({ provider: 'runpod', callbackUrl });
	const [item] = (await stage.resumed()).items('Collect');
	expect(item?.json.downloadFailure).toEqual({ message: expect.stringContaining('the file ended in the middle') });
	expect(stored()).toEqual(before);
});

test("a video that comes whole at the third try is the one file in n8n's binary store", async () => {
	await stage.submit({ provider: 'runpod' });
	await stage.jobsEnded();
	stage.emulator.misbehave({ when: { call: 'video', first: 2 }, do: { truncated: true } });
	const before = stored();
	await stage.run({ operation: 'download' }, itemsOf({ videoUrl: stage.job().videoUrl }));
	const added = stored().filter((path) => !before.includes(path));
	expect(added.filter((path) => !path.endsWith('.metadata'))).toHaveLength(1);
});
