import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts';
import { credentialNames } from '../../support/apis';
import { node, workflow } from '../harness/index';
import { setCalledStage, type CalledStage } from '../pause/parking';
import { shots } from '../scenes';

const JOBS = 6;
/** Each download takes ten seconds: what starts sooner after another runs beside it. */
const VIDEO = { videoBytes: 100_000, bytesPerSecond: 10_000, leastMs: 8_000 };

let stage: CalledStage;
const trigger = new KlingVideoTrigger();
beforeAll(async () => {
	stage = await setCalledStage({
		factor: 30,
		engine: { binaryMode: 'default', nodeTypes: { klingVideoTrigger: trigger } },
		emulator: { jobTimes: { queueMs: 0, runMs: 10_000 } },
	});
	Object.assign(trigger, new KlingVideoTrigger(stage.clock));
});
afterAll(async () => await stage.close());

test('callbacks that come together download one after another where n8n holds each video in memory', async () => {
	const { videoBytes, bytesPerSecond, leastMs } = VIDEO;
	stage.emulator.script({ job: { queueMs: 0, runMs: 10_000, videoBytes } });
	stage.emulator.misbehave({ when: { call: 'video' }, do: { slow: { bytesPerSecond } } });
	const ended = node('Ended', 'klingVideoTrigger', { provider: 'runpod' }, { credentials: credentialNames });
	const flow = { ...workflow([ended, node('Collect', 'collect')], [{ from: 'Ended', to: 'Collect' }]), id: 'crowd' };
	const callbackUrl = stage.engine.activate(flow);
	const form = { provider: 'runpod', completion: 'jobId', callbackUrl, prompt: '={{ $json.prompt }}' };
	await stage.run(form, shots(JOBS));
	await stage.resumed(JOBS);
	const items = stage.allResumed().flatMap((execution) => execution.items('Collect'));
	expect(items.map(({ binary }) => binary?.data?.mimeType)).toEqual(Array.from({ length: JOBS }, () => 'video/mp4'));
	const calls = stage.emulator.requests().filter(({ call }) => call === 'video');
	const gapsMs = calls.slice(1).map(({ atMs }, index) => atMs - (calls[index]?.atMs ?? 0));
	expect(calls).toHaveLength(JOBS);
	expect(Math.min(...gapsMs)).toBeGreaterThan(leastMs);
});
