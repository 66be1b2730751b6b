// Started by npm run demo -- --n8n.
import { startEmulator } from '../emulator/index';
import { exampleNames, readExample } from '../e2e/harness/examples.ts';
import { Host } from '../e2e/harness/host.cts';
import { storeCredentials } from '../e2e/harness/providers.cts';
import { owner } from '../e2e/harness/session.cts';
import { onlyInstallation, readSettings } from '../e2e/harness/settings.cts';
import type { HostSettings } from '../e2e/harness/settings.cts';
import { join, mkdirSync } from '../support/node.cts';

/** Long enough to watch the node wait, short enough to see the end. */
const JOB_TIMES = { queueMs: 3_000, runMs: 20_000 };

async function main(): Promise<void> {
	const settings = readSettings<HostSettings>('npm run demo -- --n8n');
	const installation = onlyInstallation(settings);
	const emulator = await startEmulator({ jobTimes: JOB_TIMES });
	console.log(`Starting n8n ${installation.version} …`);
	const host = await Host.start(installation, { tarball: settings.tarball });
	const { imageUrl } = emulator;
	const credentials = await storeCredentials(host, emulator, '(emulated)');
	const finish = readExample('finish-by-trigger', { credentials, pictureUrl: imageUrl });
	const trigger = finish.nodes.find(({ webhookId }) => webhookId !== undefined);
	await host.workflow(finish, { publish: true });
	const folder = join(host.server.userFolder, '.n8n-files');
	mkdirSync(folder, { recursive: true });
	const callbackUrl = `${host.server.url}/webhook/${trigger?.webhookId}/kling`;
	const exampleSettings = { callbackUrl, folder, waitSeconds: 20 };
	for (const name of exampleNames.filter((each) => each !== 'finish-by-trigger')) {
		await host.workflow(readExample(name, { credentials, settings: exampleSettings, pictureUrl: imageUrl }));
	}
	console.log(`\nOpen      ${host.server.url}\nLog in    ${owner.email} / ${owner.password}\nA picture ${imageUrl}\n`);
	console.log(
		'The examples are in the list of workflows. The APIs are emulated here, so nothing is spent. Ctrl-C ends it all.',
	);
	const end = (): void => {
		void host.server
			.end()
			.then(async () => await emulator.stop())
			.then(() => process.exit(0));
	};
	process.removeAllListeners('SIGINT').on('SIGINT', end);
	process.removeAllListeners('SIGTERM').on('SIGTERM', end);
}

void main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
