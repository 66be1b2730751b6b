import type { Locator, Page } from 'playwright-core';
import { until } from './until.cts';

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

	/** What a field of text or numbers shows; empty where only its placeholder is seen. */
	async shownIn(name: string): Promise<string> {
		return await this.field(name).locator('input, textarea').first().inputValue();
	}

	/** Whether a field is switched on. */
	async isOn(name: string): Promise<boolean> {
		return await this.field(name).getByRole('switch').isChecked();
	}

	/** Adds an option by its label. */
	async addOption(label: string): Promise<void> {
		await this.page.locator(`${byTestId('node-parameters')} input[placeholder="Add option"]`).click();
		await this.page.locator('.el-select-dropdown__item').filter({ visible: true, hasText: label }).first().click();
	}

	/** The choices of a list, by their labels. */
	async choices(name: string): Promise<string[]> {
		await this.field(name).click();
		const labels = this.page.locator('.option-headline').filter({ visible: true });
		await labels.first().waitFor();
		const texts = await labels.allInnerTexts();
		await this.page.keyboard.press('Escape');
		return texts.map((text) => text.trim());
	}

	/** How many fields an AI Agent's model can be let fill in. */
	async countModelButtons(): Promise<number> {
		return await this.page.locator(`${byTestId('node-parameters')} ${byTestId('from-ai-override-button')}`).count();
	}

	/** Waits until the form says this. */
	async formSays(text: string): Promise<void> {
		await this.page.locator(byTestId('node-parameters')).getByText(text, { exact: true }).first().waitFor();
	}

	/** Runs the workflow up to this node. */
	async press(): Promise<void> {
		await this.page.locator(byTestId('node-execute-button')).first().click();
	}

	/** Runs the workflow up to this node and waits for the green mark. */
	async execute(): Promise<void> {
		await this.press();
		await this.page.locator(byTestId('node-run-status-success')).waitFor({ timeout: 60_000 });
	}

	/** Waits until the output says this. */
	async outputSays(text: string | RegExp): Promise<void> {
		await this.page.locator(byTestId('output-panel')).getByText(text, { exact: true }).first().waitFor();
	}

	/** The lines of the output, as they are seen. */
	async outputLines(): Promise<string[]> {
		const text = await this.page.locator(byTestId('output-panel')).innerText();
		return text.split('\n').map((line) => line.trim());
	}

	/** Saves a picture of the editor, without the messages that pop up over it. */
	async photograph(path: string): Promise<void> {
		await this.page.locator(byTestId('node-execute-button')).getByText('Execute step').first().waitFor();
		await this.page.addStyleTag({ content: '.el-notification { display: none !important; }' });
		await this.page.screenshot({ path });
	}

	/** Shows the files of the output. */
	async showBinary(): Promise<void> {
		await this.page.locator(byTestId('radio-button-binary')).filter({ visible: true }).click();
		await this.page.locator(byTestId('ndv-view-binary-data')).first().waitFor();
	}

	/** Opens the first file of the output; the video element's URL. */
	async viewVideo(): Promise<string> {
		await this.page.locator(byTestId('ndv-view-binary-data')).first().click();
		const source = this.page.locator(
			`${byTestId('output-panel')} video source, ${byTestId('output-panel')} video[src]`,
		);
		await source.first().waitFor({ state: 'attached' });
		return (await source.first().getAttribute('src')) ?? '';
	}
}

/** The list from which nodes are added. */
export class NodesPanel {
	private constructor(private readonly page: Page) {}

	/** Opens it by a plus of a node on the canvas: the first one, or an agent's last one, which is for its tools. */
	static async open(page: Page, nodeName: string, plus: 'first' | 'last' = 'first'): Promise<NodesPanel> {
		const all = page
			.locator(byTestId('canvas-node'))
			.filter({ hasText: nodeName })
			.locator(byTestId('canvas-handle-plus'));
		await all[plus]().click();
		return new NodesPanel(page);
	}

	private get items(): Locator {
		return this.page.locator(byTestId('node-creator-item-name')).filter({ visible: true });
	}

	async search(text: string): Promise<void> {
		const bar = byTestId('node-creator-search-bar');
		await this.page.locator(`${bar} input, input${bar}`).first().fill(text);
	}

	/** Chooses an entry by its whole name. */
	async choose(name: string): Promise<void> {
		await this.items
			.filter({ hasText: new RegExp(`^\\s*${name}\\s*$`) })
			.first()
			.click();
	}

	/** The entries, once there are so many of them: one list slides away while the next one comes. */
	async names(count: number): Promise<string[]> {
		const read = async (): Promise<string[]> => (await this.items.allInnerTexts()).map((text) => text.trim());
		const isComplete = async (): Promise<true | undefined> => (await read()).length === count || undefined;
		// If it never is, the caller's comparison says more than a timeout.
		await until(`${count} entries`, isComplete).catch(() => undefined);
		return await read();
	}

	/** Waits until the panel says this. */
	async says(text: string): Promise<void> {
		await this.page.locator(byTestId('node-creator')).getByText(text, { exact: true }).first().waitFor();
	}

	/** Opens a section that is folded. */
	async unfold(title: RegExp): Promise<void> {
		await this.page.locator(byTestId('node-creator')).getByText(title).first().click();
	}
}

/** Adds a node behind another one by the editor's search, choosing one of its actions, and gives its open panel. */
export async function addNode(page: Page, after: string, name: string, action: string): Promise<Panel> {
	const nodes = await NodesPanel.open(page, after);
	await nodes.search(name);
	await nodes.choose(name);
	await nodes.choose(action);
	return await new Panel(page).ready();
}
