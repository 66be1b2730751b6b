// The APIs as a program of their own: npm run emulator
import { env } from '../support/node.cts';

const DEFAULT_PORT = 4010;

async function main(): Promise<void> {
	// Imported at run time: tsx does not take a static import of .ts by a .cts that it was started with.
	const { startEmulator } = await import('./index');
	const { providers } = await import('../../nodes/core/providers');
	const { dialects } = await import('../support/apis');
	const { EMULATOR_PORT, EMULATOR_QUEUE_MS = '500', EMULATOR_RUN_MS = '2500' } = env;
	const jobTimes = { queueMs: Number(EMULATOR_QUEUE_MS), runMs: Number(EMULATOR_RUN_MS) };
	const emulator = await startEmulator({ port: Number(EMULATOR_PORT ?? DEFAULT_PORT), jobTimes });
	for (const { name, label } of providers) {
		const [header] = Object.entries(dialects[name].keyHeaders(emulator.keys[name]));
		console.log(`${label.padEnd(12)}${emulator[`${name}Url`]}  ${header?.join(': ')}`);
	}
	console.log(`A picture   ${emulator.imageUrl}`);
	const stop = (): void => void emulator.stop().then(() => process.exit(0));
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
}

void main();
