// npm run demo: a workflow (picture + prompt → video) in n8n's own engine.
import { argv } from '../support/node.cts';
import { runDemo } from './demo.ts';

void runDemo(argv, (line) => console.log(line)).then((exitCode) => process.exit(exitCode));
