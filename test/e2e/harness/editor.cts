import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import type { Host } from './host.cts';
import { Skip } from './scenario.cts';
import { owner } from './session.cts';

const executablePath = '/usr/bin/chromium';

const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

let availability: string | undefined;

// Once for all servers: they would fight for apt's lock.
function installChromium(): string {
	if (existsSync(executablePath)) return '';
	if (process.getuid?.() !== 0) return `there is no ${executablePath}, and installing it takes root`;
	if (!existsSync('/etc/debian_version')) return `there is no ${executablePath}, and this is not Debian`;
	try {
		execFileSync('apt-get', ['update', '-qq'], { stdio: 'pipe' });
		const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
		execFileSync('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: 'pipe', env });
		return '';
	} catch (error) {
		return `Chromium could not be installed: ${String(error)}`;
	}
}

export interface Editor {
	page: Page;
	close(): Promise<void>;
}

/**
 * Opens n8n's editor in a headless Chromium and logs in as the owner, by the form.
 * Throws Skip where there is no Chromium and none can be installed.
 */
export async function openEditor(host: Host): Promise<Editor> {
	availability ??= installChromium();
	if (availability !== '') throw new Skip(availability);
	const browser = await chromium.launch({ executablePath, args: flags, headless: true });
	try {
		const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
		await page.goto(`${host.server.url}/signin`);
		await page.locator('input[name="emailOrLdapLoginId"], input[name="email"]').fill(owner.email);
		await page.locator('input[name="password"]').fill(owner.password);
		await page.locator('button[data-test-id="form-submit-button"], form button').first().click();
		await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
		return { page, close: async () => await browser.close() };
	} catch (error) {
		await browser.close();
		throw error;
	}
}
