import type { Page } from 'playwright-core';

/** What n8n shows beside the workflow. */
const BESIDE_IT = 'button, .el-notification, .vue-flow__panel, [data-test-id="canvas-handle-plus-wrapper"]';
/** Room for the names below the nodes. */
const MARGIN = 64;

/** A workflow as the editor draws it. */
export class Canvas {
	private constructor(private readonly page: Page) {}

	/** Opens a stored workflow, and shows all of it. */
	static async open(page: Page, url: string, workflowId: string): Promise<Canvas> {
		await page.goto(`${url}/workflow/${workflowId}`);
		await page.locator('[data-test-id="canvas-node"]').first().waitFor();
		await page.locator('[data-test-id="zoom-to-fit"]').click();
		return new Canvas(page);
	}

	/** The nodes that are drawn, without the notes. */
	async nodeNames(): Promise<string[]> {
		const nodes = this.page.locator('[data-test-id="canvas-node"]');
		const names = await nodes.evaluateAll((all) => all.map((each) => each.getAttribute('data-node-name') ?? ''));
		return names.filter((name) => !name.startsWith('Note'));
	}

	/** Saves a picture of the workflow alone. */
	async photograph(path: string): Promise<void> {
		await this.page.addStyleTag({ content: `${BESIDE_IT} { visibility: hidden !important; }` });
		const boxes = await this.page.locator('.vue-flow__node').evaluateAll((all) =>
			all.map((each) => {
				const { left, top, right, bottom } = each.getBoundingClientRect();
				return { left, top, right, bottom };
			}),
		);
		const x = Math.min(...boxes.map(({ left }) => left)) - MARGIN;
		const y = Math.min(...boxes.map(({ top }) => top)) - MARGIN;
		const width = Math.max(...boxes.map(({ right }) => right)) + MARGIN - x;
		const height = Math.max(...boxes.map(({ bottom }) => bottom)) + MARGIN - y;
		await this.page.screenshot({ path, animations: 'disabled', clip: { x, y, width, height } });
	}
}
