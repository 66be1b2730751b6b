// The APIs as a program of their own; started by npm run emulator.
import { providers } from '../../nodes/core/providers';
import { dialects } from '../support/apis';
import { env } from '../support/node.cts';
import { startEmulator } from './index';

const DEFAULT_PORT = 4010;

async function main(): Promise<void> {
	const { EMULATOR_PORT, EMULATOR_QUEUE_MS = '500', EMULATOR_RUN_MS = '2500' } = env;
	const jobTimes = { queueMs: Number(EMULATOR_QUEUE_MS), runMs: Number(EMULATOR_RUN_MS) };
	const emulator = await startEmulator({ port: Number(EMULATOR_PORT ?? DEFAULT_PORT), jobTimes });
	const stop = (): void => void emulator.stop().then(() => process.exit(0));
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
	for (const { name, label } of providers) {
		const [header] = Object.entries(dialects[name].keyHeaders(emulator.keys[name]));
		console.log(`${label.padEnd(12)}${emulator[`${name}Url`]}  ${header?.join(': ')}`);
	}
	console.log(`A picture   ${emulator.imageUrl}`);
}

void main();
