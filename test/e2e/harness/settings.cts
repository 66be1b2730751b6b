import type { Installation } from './server.cts';

/** What every program gets that runs n8n servers; see runWithHosts in scripts/hosts.mjs. */
export interface HostSettings {
	readonly installations: readonly Installation[];
	/** The npm tarball of the package. */
	readonly tarball: string;
}

/** The settings that a script gave to this program. `command` is what starts that script, for whoever did not. */
export function readSettings<Settings>(command: string): Settings {
	const { KLING_SETTINGS } = process.env;
	if (!KLING_SETTINGS) throw new Error(`start this by: ${command}`);
	return JSON.parse(KLING_SETTINGS);
}

/** The one n8n that a program runs which compares no versions. */
export function onlyInstallation({ installations }: HostSettings): Installation {
	const [installation] = installations;
	if (installation === undefined) throw new Error('no n8n is installed');
	return installation;
}
