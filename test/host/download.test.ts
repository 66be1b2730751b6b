import type { IExecuteFunctions } from 'n8n-workflow';
import { NEVER_STOPPED } from '../../nodes/core/clock';
import { createDownloads } from '../../nodes/host/download';
import { createGate } from '../../nodes/host/gate';
import { asObject } from '../../nodes/core/json';
import type { Misbehaviour } from '../emulator/index';
import { setProbeStage, type ProbeStage } from './probeStage';

let stage: ProbeStage;
beforeAll(async () => (stage = await setProbeStage({ factor: 60 })));
afterEach(() => stage.emulator.reset());
afterAll(async () => await stage.close());

const GIB = 1024 ** 3;
const chunksOf = (stream: unknown): AsyncIterable<Uint8Array> => {
	if (typeof stream === 'object' && stream !== null && Symbol.asyncIterator in stream)
		return stream as AsyncIterable<Uint8Array>;
	throw new Error('The video did not come as a stream');
};

/** The node's own context over a store that keeps nothing, so that a gigabyte takes no room; tells how much came. */
function withoutRoom(context: IExecuteFunctions, store: { bytes: number }): IExecuteFunctions {
	const prepareBinaryData = async (stream: unknown) => {
		for await (const chunk of chunksOf(stream)) store.bytes += chunk.length;
		return { data: 'nowhere', mimeType: 'video/mp4' };
	};
	return Object.create(context, { helpers: { value: { ...context.helpers, prepareBinaryData } } });
}

/** A video of a job that has ended, downloaded under the misbehaviour. */
async function download(misbehaviour: Misbehaviour, how: { mayBeLocal?: boolean; isStopped?: () => boolean } = {}) {
	const { mayBeLocal = true, isStopped } = how;
	stage.emulator.script({ job: { queueMs: 0, runMs: 1, videoBytes: 100_000 } });
	await stage.run({ provider: 'runpod', completion: 'jobId' });
	stage.emulator.misbehave({ when: { call: 'video' }, do: misbehaviour });
	const [job] = stage.emulator.jobs();
	const store = { bytes: 0 };
	const stop = {
		...NEVER_STOPPED,
		get requested() {
			return isStopped?.() === true;
		},
	};
	const result = await stage.inNode(async (context) => {
		const downloads = createDownloads(withoutRoom(context, store), stage.clock, stop, createGate(1));
		return await downloads.fetch({ url: job?.videoUrl ?? '', fileName: 'a.mp4', mayBeLocal });
	});
	const tries = stage.emulator.requests().filter(({ call }) => call === 'video').length;
	return { message: asObject(result)?.message, tries, bytes: store.bytes, size: job?.videoBytes };
}

test('a video without end is given up at 1 GiB, and not begun again', async () => {
	const { message, tries, bytes } = await download({ endless: true });
	expect(message).toContain('it is larger than 1 GiB');
	expect(tries).toBe(1);
	expect(bytes).toBeGreaterThan(GIB - 10_000_000);
	expect(bytes).toBeLessThanOrEqual(GIB);
}, 120_000);

test('a video without end that trickles is given up as too slow', async () => {
	const { message, tries } = await download({ endless: true, slow: { bytesPerSecond: 1_000 } });
	expect(message).toContain('it came too slowly');
	expect(tries).toBe(3);
});

test('Stop ends a download and its tries within seconds of the clock', async () => {
	const startMs = stage.clock.now();
	const { tries } = await download(
		{ slow: { bytesPerSecond: 1_000 } },
		{ isStopped: () => stage.clock.now() - startMs > 10_000 },
	);
	expect(tries).toBe(1);
	expect(stage.clock.now() - startMs).toBeLessThan(40_000);
});

test('a link to a private host is not opened where the provider is a public one', async () => {
	const { message, tries } = await download({}, { mayBeLocal: false });
	expect(message).toContain('its link is on the host 127.0.0.1');
	expect(tries).toBe(0);
});

test('a whole video arrives whole', async () => {
	const { bytes, size, message } = await download({});
	expect([bytes, message]).toEqual([size, undefined]);
});
