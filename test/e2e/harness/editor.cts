import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { Skip } from './scenario.cts';
import type { ScenarioContext } from './scenario.cts';
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

/** Why there is no Chromium: empty if there is one, undefined before the first look. */
let unavailable: string | undefined;

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

/**
 * Opens n8n's editor in a headless Chromium and logs in as the owner, by the form; closed after the scenario.
 * Throws Skip where there is no Chromium and none can be installed.
 */
export async function openEditor({ host, afterwards }: Pick<ScenarioContext, 'host' | 'afterwards'>): Promise<Page> {
	unavailable ??= installChromium();
	if (unavailable !== '') throw new Skip(unavailable);
	const browser = await chromium.launch({ executablePath, args: flags, headless: true });
	afterwards(async () => await browser.close());
	const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
	// Without a graphics card, and with a second browser beside it, a click can take its time.
	page.setDefaultTimeout(60_000);
	await page.goto(`${host.server.url}/signin`);
	await page.locator('input[name="emailOrLdapLoginId"], input[name="email"]').fill(owner.email);
	await page.locator('input[name="password"]').fill(owner.password);
	await page.locator('button[data-test-id="form-submit-button"], form button').first().click();
	await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
	return page;
}
