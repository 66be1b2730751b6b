import { Container } from '@n8n/di';
import { BinaryDataConfig } from 'n8n-core';
import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import type { Misbehaviour } from '../../emulator/index';
import { credentialNames } from '../../support/apis';
import { existsSync, join, readdirSync } from '../../support/node.cts';
import { itemsOf, node, workflow } from '../harness/index';
import { setCalledStage, type CalledStage } from '../pause/parking';

let stage: CalledStage;
const trigger = new KlingVideoTrigger();
beforeAll(async () => {
	const engine = { nodeTypes: { klingVideoTrigger: trigger } };
	stage = await setCalledStage({ engine, emulator: { jobTimes: { queueMs: 0, runMs: 10_000 } } });
	Object.assign(trigger, new KlingVideoTrigger(stage.clock));
});
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
	{ name: 'ended halfway without a word', misbehaviour: { truncated: true } },
	{ name: 'cut', misbehaviour: { cut: 'during' } },
	{ name: 'a trickle', misbehaviour: { slow: { bytesPerSecond: 500 } } },
	{ name: 'empty', misbehaviour: { reply: { status: 200, body: '', contentType: 'video/mp4' } } },
];

test.each(WRONG)(
	"a video that is always $name leaves nothing of its tries in n8n's binary store",
	async ({ misbehaviour }) => {
		await stage.run({ provider: 'runpod', completion: 'jobId' });
		await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'completed'));
		stage.emulator.misbehave({ when: { call: 'video' }, do: misbehaviour });
		const before = stored();
		const items = itemsOf({ videoUrl: stage.emulator.jobs()[0]?.videoUrl });
		const execution = await stage.run({ operation: 'download' }, items, { onError: 'continueRegularOutput' });
		expect(execution.items('Kling')[0]?.json).toMatchObject({ error: expect.anything() });
		expect(stored()).toEqual(before);
	},
);

test("a video that the trigger cannot fetch whole leaves nothing in n8n's folder for webhooks", async () => {
	stage.emulator.misbehave({ when: { call: 'video' }, do: { truncated: true } });
	const ended = node('Ended', 'klingVideoTrigger', { provider: 'runpod' }, { credentials: credentialNames });
	const flow = { ...workflow([ended, node('Collect', 'collect')], [{ from: 'Ended', to: 'Collect' }]), id: 'left' };
	const before = stored();
	await stage.run({ provider: 'runpod', completion: 'jobId', callbackUrl: stage.engine.activate(flow) });
	const [item] = (await stage.resumed()).items('Collect');
	expect(item?.json.downloadFailure).toEqual({ message: expect.stringContaining('the file ended in the middle') });
	expect(stored()).toEqual(before);
});

test("a video that comes whole at the third try is the one file in n8n's binary store", async () => {
	await stage.run({ provider: 'runpod', completion: 'jobId' });
	await stage.until(() => stage.emulator.jobs().every(({ phase }) => phase === 'completed'));
	stage.emulator.misbehave({ when: { call: 'video', first: 2 }, do: { truncated: true } });
	const before = stored();
	await stage.run({ operation: 'download' }, itemsOf({ videoUrl: stage.emulator.jobs()[0]?.videoUrl }));
	const added = stored().filter((path) => !before.includes(path));
	expect(added.filter((path) => !path.endsWith('.metadata'))).toHaveLength(1);
});
