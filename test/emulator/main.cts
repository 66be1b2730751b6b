// The APIs as a program of their own; started by npm run emulator.
import { env } from '../support/node.cts';
import { startEmulator } from './index';
import { MODELS } from './models';

const DEFAULT_PORT = 4010;

async function main(): Promise<void> {
	const { EMULATOR_PORT, EMULATOR_QUEUE_MS = '500', EMULATOR_RUN_MS = '2500' } = env;
	const jobTimes = { queueMs: Number(EMULATOR_QUEUE_MS), runMs: Number(EMULATOR_RUN_MS) };
	const emulator = await startEmulator({ port: Number(EMULATOR_PORT ?? DEFAULT_PORT), jobTimes });
	const stop = (): void => void emulator.stop().then(() => process.exit(0));
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
	console.log(`Core.Today  ${emulator.coreTodayUrl}  X-API-Key: ${emulator.keys.coreToday}`);
	console.log(`Runpod      ${emulator.runpodUrl}  Authorization: Bearer ${emulator.keys.runpod}`);
	for (const models of Object.values(MODELS)) console.log(`            ${Object.keys(models).join(', ')}`);
	console.log(`A picture   ${emulator.imageUrl}`);
	console.log(`A clip      ${emulator.clipUrl}`);
}

void main();
