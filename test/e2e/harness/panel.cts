import type { Locator, Page } from 'playwright-core';

const byTestId = (name: string): string => `[data-test-id="${name}"]`;

/** A node's panel in the editor, open. */
export class Panel {
	constructor(private readonly page: Page) {}

	/** Opens a node of the workflow on the canvas. */
	static async open(page: Page, nodeName: string): Promise<Panel> {
		await page.locator(byTestId('canvas-node')).filter({ hasText: nodeName }).first().dblclick();
		return await new Panel(page).ready();
	}

	/** Waits until the panel shows its fields. */
	async ready(): Promise<this> {
		await this.page.locator(byTestId('node-parameters')).waitFor();
		return this;
	}

	async close(): Promise<void> {
		await this.page.locator(byTestId('ndv-close-button')).filter({ visible: true }).first().click();
	}

	private field(name: string): Locator {
		return this.page.locator(byTestId(`parameter-input-${name}`)).filter({ visible: true });
	}

	/** The names of the fields that the panel shows, in order. */
	async fields(): Promise<string[]> {
		const inputs = this.page.locator(`${byTestId('node-parameters')} [data-test-id^="parameter-input-"]`);
		const names = await inputs
			.filter({ visible: true })
			.evaluateAll((all) => all.map((each) => each.getAttribute('data-test-id') ?? ''));
		return names.map((name) => name.replace('parameter-input-', '')).filter((name) => name !== 'field');
	}

	/** The labels of the credentials that the panel asks for. */
	async credentials(): Promise<string[]> {
		const selects = this.page.locator(`${byTestId('node-credentials-select')} input`).filter({ visible: true });
		return await selects.evaluateAll((all) => all.map((each) => ('value' in each ? String(each.value) : '')));
	}

	/** Chooses one of a field's options by its label. */
	async choose(name: string, label: string): Promise<void> {
		await this.field(name).click();
		await this.page
			.locator('.option-headline')
			.filter({ visible: true, hasText: new RegExp(`^\\s*${label.replace(/[.()]/g, '\\$&')}\\s*$`) })
			.click();
	}

	/** Chooses a stored credential in the panel's only credential field. */
	async chooseCredential(credentialId: string): Promise<void> {
		await this.page.locator(byTestId('node-credentials-select')).filter({ visible: true }).click();
		await this.page.locator(byTestId(`node-credentials-select-item-${credentialId}`)).click();
	}

	/** Types into a text field. */
	async fill(name: string, text: string): Promise<void> {
		await this.field(name).locator('input, textarea').first().fill(text);
	}

	/** Runs the workflow up to this node and waits for the green mark. */
	async execute(): Promise<void> {
		await this.page.locator(byTestId('node-execute-button')).first().click();
		await this.page.locator(byTestId('node-run-status-success')).waitFor({ timeout: 60_000 });
	}

	/** Waits until the output says this. */
	async outputSays(text: string): Promise<void> {
		await this.page.locator(byTestId('output-panel')).getByText(text, { exact: true }).first().waitFor();
	}

	/** Saves a picture of the editor, without the messages that pop up over it. */
	async photograph(path: string): Promise<void> {
		await this.page.addStyleTag({ content: '.el-notification { display: none !important; }' });
		await this.page.screenshot({ path });
	}

	/** Opens the first binary of the output; the video element's URL. */
	async viewVideo(): Promise<string> {
		await this.page.locator(byTestId('radio-button-binary')).filter({ visible: true }).click();
		await this.page.locator(byTestId('ndv-view-binary-data')).first().click();
		const source = this.page.locator(
			`${byTestId('output-panel')} video source, ${byTestId('output-panel')} video[src]`,
		);
		await source.first().waitFor({ state: 'attached' });
		return (await source.first().getAttribute('src')) ?? '';
	}
}

/** Adds a node behind another one by the editor's search, choosing one of its actions, and gives its open panel. */
export async function addNode(page: Page, after: string, name: string, action: string): Promise<Panel> {
	const node = page.locator(byTestId('canvas-node')).filter({ hasText: after });
	await node.locator(byTestId('canvas-handle-plus')).first().click();
	await page
		.locator(`${byTestId('node-creator-search-bar')} input, input${byTestId('node-creator-search-bar')}`)
		.first()
		.fill(name);
	await page
		.locator(byTestId('node-creator-item-name'))
		.filter({ hasText: new RegExp(`^\\s*${name}\\s*$`) })
		.first()
		.click();
	await page.locator(byTestId('node-creator-item-name')).filter({ hasText: action }).first().click();
	return await new Panel(page).ready();
}
