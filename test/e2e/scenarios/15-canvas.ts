import { expect } from 'expect';
import type { Page } from 'playwright-core';
import { overlaps } from '../../support/boxes';
import type { Box } from '../../support/boxes';
import { openEditor } from '../harness/editor.cts';
import { exampleNames, readExample } from '../harness/examples.ts';
import { startBench } from '../harness/kling.cts';
import type { Scenario } from '../harness/scenario.cts';

/** The example that the README shows on its canvas. */
const EXAMPLE_OF_README = 'table-to-videos';

/** What the editor draws: nodes with their names below, and notes. */
const DRAWN = '.vue-flow__node';

/** Opens a workflow and gives what the canvas shows of it, after n8n has fitted it into the window. */
async function openOnCanvas(page: Page, url: string, count: number): Promise<Box[]> {
	await page.goto(url);
	await page.waitForFunction(([selector, expected]) => document.querySelectorAll(selector).length === expected, [
		DRAWN,
		count,
	] as const);
	return await page.locator(DRAWN).evaluateAll((all) =>
		all.map((each) => {
			const { left, top, right, bottom } = each.getBoundingClientRect();
			return { name: (each.textContent ?? '').trim().slice(0, 30), left, top, right, bottom };
		}),
	);
}

export const scenarios: Scenario[] = [
	{
		name: 'Editor: every example is drawn as it was laid out, with nothing on top of something else',
		// One version is enough: what is looked at is the examples' layout.
		hosts: ['2.41.1'],
		alone: true,
		async run(context) {
			const { host, imagesFolder } = context;
			const { credentials, emulator } = await startBench(context, 'runpod');
			const page = await openEditor(context);
			await page.setViewportSize({ width: 1100, height: 700 });
			for (const name of exampleNames) {
				const definition = readExample(name, { credentials, pictureUrl: emulator.imageUrl });
				const id = await host.workflow(definition);
				const boxes = await openOnCanvas(page, `${host.server.url}/workflow/${id}`, definition.nodes.length);
				expect({ name, overlapping: overlaps(boxes) }).toEqual({ name, overlapping: [] });
				if (imagesFolder && name === EXAMPLE_OF_README) {
					await page.screenshot({ path: `${imagesFolder}/canvas.png` });
				}
			}
		},
	},
];
