// npm run demo: a workflow (picture + prompt → video) in n8n's own engine.
import { argv } from '../support/node.cts';

// Imported at run time: tsx does not take a static import of .ts by a .cts that it was started with.
void import('./demo').then(async ({ runDemo }) => {
	process.exit(await runDemo(argv, (line) => console.log(line)));
});
