// Started by npm run bench: the peak memory that downloads add to a real n8n server.
import { measureMemory } from './memory.cts';

void measureMemory().then(
	() => process.exit(0),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);
