// The APIs as a program of their own: npm run emulator
import { env } from '../support/node.cts';

const DEFAULT_PORT = 4010;

async function main(): Promise<void> {
	// Imported at run time: tsx does not take a static import of .ts by a .cts that it was started with.
	const { startEmulator } = await import('./index');
	const { MODELS } = await import('./models');
	const { EMULATOR_PORT, EMULATOR_QUEUE_MS = '500', EMULATOR_RUN_MS = '2500' } = env;
	const jobTimes = { queueMs: Number(EMULATOR_QUEUE_MS), runMs: Number(EMULATOR_RUN_MS) };
	const emulator = await startEmulator({ port: Number(EMULATOR_PORT ?? DEFAULT_PORT), jobTimes });
	console.log(`Core.Today  ${emulator.coreTodayUrl}  X-API-Key: ${emulator.keys.coreToday}`);
	console.log(`Runpod      ${emulator.runpodUrl}  Authorization: Bearer ${emulator.keys.runpod}`);
	for (const models of Object.values(MODELS)) console.log(`            ${Object.keys(models).join(', ')}`);
	console.log(`A picture   ${emulator.imageUrl}`);
	console.log(`A clip      ${emulator.clipUrl}`);
	const stop = (): void => void emulator.stop().then(() => process.exit(0));
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
}

void main();
