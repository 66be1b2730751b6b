import type { IExecuteFunctions } from 'n8n-workflow';
import { NEVER_STOPPED, type Stop } from '../../nodes/core/clock';
import { asObject } from '../../nodes/core/json';
import { stopOf } from '../../nodes/host/clock';
import { createDownloadLimit, createDownloads, type Download } from '../../nodes/host/download';
import type { Misbehaviour } from '../emulator/index';
import { VirtualClock } from '../support/virtualClock';
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
async function download(misbehaviour: Misbehaviour, how: { mayBeLocal?: boolean; stop?: Stop } = {}) {
	const { mayBeLocal = true, stop = NEVER_STOPPED } = how;
	stage.emulator.script({ job: { queueMs: 0, runMs: 1, videoBytes: 100_000 } });
	await stage.run({ provider: 'runpod', completion: 'jobId' });
	stage.emulator.misbehave({ when: { call: 'video' }, do: misbehaviour });
	const [job] = stage.emulator.jobs();
	const store = { bytes: 0 };
	const result = await stage.inNode(async (context) => {
		const downloads = createDownloads(withoutRoom(context, store), stage.clock, stop, createDownloadLimit(1));
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
	const controller = new AbortController();
	void stage.clock.sleep(10_000).then(() => controller.abort());
	const { tries } = await download({ slow: { bytesPerSecond: 1_000 } }, { stop: stopOf(controller.signal) });
	expect(tries).toBe(1);
	expect(stage.clock.now() - startMs).toBeLessThan(40_000);
});

test('a link to a private host is not opened where the provider is a public one', async () => {
	const { message, tries } = await download({}, { mayBeLocal: false });
	expect(message).toBe(
		`The video could not be downloaded: its link leads to the host 127.0.0.1, which is not on the internet. Its link is ${stage.emulator.jobs()[0]?.videoUrl}`,
	);
	expect(tries).toBe(0);
});

async function lengthOf(stream: unknown): Promise<number> {
	let bytes = 0;
	for await (const chunk of chunksOf(stream)) bytes += chunk.length;
	return bytes;
}

describe('a download that fails is judged', () => {
	/** What is said of a download whose request, or whose file in the store, fails so. */
	async function saidOf(helper: 'httpRequest' | 'prepareBinaryData', error: Error): Promise<string> {
		stage.emulator.script({ job: { queueMs: 0, runMs: 1 } });
		await stage.run({ provider: 'runpod', completion: 'jobId' });
		const url = stage.emulator.jobs()[0]?.videoUrl ?? '';
		const result = await stage.inNode(async (context) => {
			const failing = async (stream: unknown) => {
				if (helper === 'prepareBinaryData') await lengthOf(stream);
				throw error;
			};
			const helpers = { value: { ...context.helpers, [helper]: failing } };
			const failingContext: IExecuteFunctions = Object.create(context, { helpers });
			const downloads = createDownloads(failingContext, stage.clock, NEVER_STOPPED, createDownloadLimit(1));
			return await downloads.fetch({ url, fileName: 'a.mp4', mayBeLocal: true });
		});
		return result.kind === 'failed' ? result.message : 'stored';
	}

	test('by the code of the fault, whatever its host is called', async () => {
		const notFound = Object.assign(new Error('getaddrinfo ENOTFOUND cdn.limitless.com'), { code: 'ENOTFOUND' });
		expect(await saidOf('httpRequest', notFound)).toContain('downloaded: the host name was not found.');
	});

	test.each([
		['File too large: 600 MB is above the limit of 512 MB', undefined],
		['EFBIG: file too large, write', 'EFBIG'],
		['ENOSPC: no space left on device, write', 'ENOSPC'],
	])('as the fault of the store: %s', async (text, code) => {
		const said = await saidOf('prepareBinaryData', Object.assign(new Error(text), code === undefined ? {} : { code }));
		expect(said).toContain(`downloaded: n8n could not store it (${text}).`);
	});
});

test('a whole video arrives whole', async () => {
	const { bytes, size, message } = await download({});
	expect([bytes, message]).toEqual([size, undefined]);
});

test('a server that asks to be left alone is left alone, and given up if that is longer than a minute', async () => {
	const busy = (seconds: number) => ({ reply: { status: 503, headers: { 'retry-after': String(seconds) } } });
	const startMs = stage.clock.now();
	expect((await download(busy(20))).tries).toBe(3);
	expect(stage.clock.now() - startMs).toBeGreaterThanOrEqual(40_000);
	stage.emulator.reset();
	const { tries, message } = await download(busy(120));
	expect(tries).toBe(1);
	expect(message).toContain('the server answered with HTTP status 503');
});

describe('the limit that downloads share', () => {
	/** When each of five downloads of ten seconds began, in seconds, if n8n keeps the videos in this store. */
	async function starts(id: string | undefined): Promise<number[]> {
		const clock = new VirtualClock(0);
		const limit = createDownloadLimit(3);
		const binary = { data: '', mimeType: 'video/mp4', ...(id === undefined ? {} : { id }) };
		const begun: number[] = [];
		const download = async (): Promise<Download> => {
			begun.push(clock.now() / 1000);
			await clock.sleep(10_000);
			return { kind: 'stored', binary };
		};
		await clock.until(Promise.all(Array.from({ length: 5 }, async () => await limit(download))));
		return begun;
	}

	test.each(['filesystem:a', 'filesystem-v2:a', 's3:a', 'azure:a'])(
		'lets more than one run once one was streamed to %s',
		async (id) => expect(await starts(id)).toEqual([0, 10, 10, 10, 20]),
	);

	test.each([undefined, 'database:a'])('lets one run at a time where the store is %s', async (id) => {
		expect(await starts(id)).toEqual([0, 10, 20, 30, 40]);
	});
});
