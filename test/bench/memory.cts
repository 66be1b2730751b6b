import { createHash } from 'node:crypto';
import { startEmulator } from '../emulator/index';
import { itemsOf } from '../e2e/harness/execution.ts';
import { Host } from '../e2e/harness/host.cts';
import type { Installation } from '../e2e/harness/server.cts';
import { readSettings } from '../e2e/harness/settings.cts';
import type { HostSettings } from '../e2e/harness/settings.cts';
import { itemsNode, klingNode, manualTrigger, node, row } from '../e2e/harness/workflow.ts';

const VIDEOS = 10;
const VIDEO_BYTES = 50 * 1000 * 1000;
const ROUNDS = 3;
const TIMEOUT_MS = 300_000;
const WAYS = ['Kling Video: Download', 'HTTP Request'] as const;

type Way = (typeof WAYS)[number];

/** One server per way, as what one leaves in memory is not the other's. Figures in MB. */
async function measureWay(
	installation: Installation,
	tarball: string,
	way: Way,
): Promise<Record<string, string | number>> {
	const emulator = await startEmulator({ jobTimes: { queueMs: 0, runMs: 0 }, videoBytes: VIDEO_BYTES });
	const host = await Host.start(installation, { tarball, env: { N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem' } });
	try {
		const urls = await makeVideos(host, emulator);
		const added: number[] = [];
		for (let round = 0; round <= ROUNDS; round++) added.push(await addedMegabytes(host, way, urls));
		const [cold = NaN, ...warm] = added;
		const median = [...warm].sort((one, other) => one - other)[Math.floor(ROUNDS / 2)];
		return {
			n8n: installation.version,
			way,
			'added MB, warm, median': median ?? NaN,
			'rounds MB': warm.join(' '),
			'cold MB': cold,
		};
	} finally {
		await host.server.end();
		await emulator.stop();
	}
}

interface Video {
	readonly videoUrl: string;
	readonly sha256: string;
}

/** Ten finished jobs at the emulator, made by the node itself. */
async function makeVideos(host: Host, emulator: Awaited<ReturnType<typeof startEmulator>>): Promise<Video[]> {
	const coreTodayApi = await host.credential('coreTodayApi', {
		apiKey: emulator.keys.coreToday,
		baseUrl: emulator.coreTodayUrl,
	});
	const parameters = {
		resource: 'video',
		operation: 'generate',
		provider: 'coreToday',
		prompt: 'x',
		startImageUrl: emulator.imageUrl,
		completion: 'jobId',
	};
	const rows = itemsNode(
		'Rows',
		Array.from({ length: VIDEOS }, (_, number) => ({ number })),
	);
	const execution = await host.run(
		row('Make', [manualTrigger(), rows, klingNode('Generate', parameters, { credentials: { coreTodayApi } })]),
	);
	if (execution.status !== 'success') throw new Error(`making the videos ended as ${execution.status}`);
	return emulator.jobs().map(({ videoUrl, videoSha256 }) => ({ videoUrl, sha256: videoSha256 }));
}

function downloadNode(way: Way) {
	const url = '={{ $json.videoUrl }}';
	if (way === 'HTTP Request') {
		return node(
			'Download',
			'httpRequest',
			{ url, options: { response: { response: { responseFormat: 'file' } } } },
			{ typeVersion: 4.2 },
		);
	}
	return klingNode('Download', { resource: 'video', operation: 'download', videoUrl: url });
}

/** Peak resident memory during one batch, less what the server held before it. Checks every stored file. */
async function addedMegabytes(host: Host, way: Way, videos: readonly Video[]): Promise<number> {
	const definition = row('Download', [
		manualTrigger(),
		itemsNode(
			'Links',
			videos.map(({ videoUrl }) => ({ videoUrl })),
		),
		downloadNode(way),
	]);
	host.server.resetPeakMemory();
	const before = host.server.peakMemoryBytes();
	const execution = await host.run(definition, TIMEOUT_MS);
	const added = host.server.peakMemoryBytes() - before;
	if (execution.status !== 'success') throw new Error(`${way} ended as ${execution.status}`);
	for (const [index, item] of itemsOf(execution, 'Download').entries()) {
		const sha256 = createHash('sha256')
			.update(await host.binary(item))
			.digest('hex');
		if (sha256 !== videos[index]?.sha256) throw new Error(`${way}: file ${index} is not the emulator's`);
	}
	return Math.round(added / 1e6);
}

/** Prints the table: both ways on every installed n8n, one after the other. */
export async function measureMemory(): Promise<void> {
	const { installations, tarball } = readSettings<HostSettings>('npm run bench');
	const rows = [];
	for (const installation of installations) {
		for (const way of WAYS) {
			const measured = await measureWay(installation, tarball, way);
			console.log(Object.values(measured).join('  '));
			rows.push(measured);
		}
	}
	console.table(rows);
	console.log(
		`Goal: ${VIDEOS} videos of ${VIDEO_BYTES / 1e6} MB add less than 100 MB to a warm server, median of ${ROUNDS}.`,
	);
}
