import { FROM_ITEM, shots } from '../items';
import { createStage, type Stage } from '../stage';

const JOBS = 6;
/** Each download takes ten seconds: what starts sooner after another runs beside it. */
const VIDEO = { videoBytes: 100_000, bytesPerSecond: 10_000, leastMs: 8_000 };

let stage: Stage;
beforeAll(
	async () =>
		(stage = await createStage({
			callbacks: true,
			factor: 30,
			engine: { binaryMode: 'default' },
			emulator: { jobTimes: { queueMs: 0, runMs: 10_000 } },
		})),
);
afterAll(async () => await stage.close());

test('callbacks that come together download one after another where n8n holds each video in memory', async () => {
	const { videoBytes, bytesPerSecond, leastMs } = VIDEO;
	stage.emulator.script({ job: { queueMs: 0, runMs: 10_000, videoBytes } });
	stage.emulator.misbehave({ when: { call: 'video' }, do: { slow: { bytesPerSecond } } });
	const { url: callbackUrl } = stage.publish({ provider: 'runpod' });
	await stage.submit({ provider: 'runpod', callbackUrl, ...FROM_ITEM }, shots(JOBS));
	await stage.resumed(JOBS);
	const items = (await stage.allResumed()).flatMap((execution) => execution.items('Collect'));
	expect(items.map(({ binary }) => binary?.data?.mimeType)).toEqual(Array.from({ length: JOBS }, () => 'video/mp4'));
	const calls = stage.requests('video');
	const gapsMs = calls.slice(1).map(({ atMs }, index) => atMs - (calls[index]?.atMs ?? 0));
	expect(calls).toHaveLength(JOBS);
	expect(Math.min(...gapsMs)).toBeGreaterThan(leastMs);
});
