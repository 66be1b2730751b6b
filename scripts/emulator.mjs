// npm run emulator: both APIs on 127.0.0.1, until Ctrl-C. EMULATOR_PORT, EMULATOR_QUEUE_MS and EMULATOR_RUN_MS set it up.
import { install, run, tool } from './steps.mjs';

install();
run('Emulator', tool('tsx'), ['test/emulator/main.cts'], { stdio: 'inherit' });
