// npm run emulator: both APIs on 127.0.0.1, until Ctrl-C. EMULATOR_PORT, EMULATOR_QUEUE_MS and EMULATOR_RUN_MS set it up.
import { createRequire } from 'node:module';
import { install } from './steps.mjs';

await install();
// It runs in this very process, so a signal reaches it whoever sends it, and no process stays behind.
const require = createRequire(import.meta.url);
require('tsx/cjs');
require('../test/emulator/main.cts');
